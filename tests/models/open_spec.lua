local core = require "vise.core"
local models = require "vise.models"
local support = require "support"
local tiny = require "models.tiny"

-- Opens a model after `change(config, tensors)`: it must be refused so.
local function refused(family, change, id, ...)
  local it = tiny[family]()
  change(it.config, it.tensors)
  local model, message, which = tiny.open(it)
  assert.is_nil(model)
  assert.equal(id, which)
  for _, part in ipairs { ... } do assert.matches(part, message, 1, true) end
end

describe("models.open", function()
  it("chooses the family by _class_name, architectures or model_type", function()
    local dit <close> = assert(tiny.open(tiny.dit()))
    assert.equal("dit", dit.family)
    for _, key in ipairs { "architectures", "model_type" } do
      local it = tiny.llama()
      it.config[key] = nil
      local llama <close> = assert(tiny.open(it))
      assert.equal("llama", llama.family)
    end
  end)

  -- A family that is not known opens as bare weights, and the note says why.
  local function bare(family, change, id, ...)
    local it = tiny[family]()
    change(it)
    local model <close> = assert(tiny.open(it))
    assert.equal("weights", model.family)
    for _, part in ipairs { id .. ": ", "bare weights", ... } do assert.matches(part, model.notes[1], 1, true) end
    local y, message, why = model:forward()
    assert.same({ nil, "E-MD-16" }, { y, why })
    assert.is_string(message)
    return #model:layers(), #model:default_layers()
  end

  it("lists the families it knows when the config names another, and opens bare weights", function()
    bare("dit", function(it) it.config._class_name = "UNet2DModel" end, "E-MD-02", '"UNet2DModel"',
      "DiTTransformer2DModel", "LlamaForCausalLM")
    bare("dit", function(it) it.config._class_name = "DiTTransformer2Dmodel" end, "E-MD-02",
      "did you mean 'DiTTransformer2DModel'")
    bare("dit", function(it) it.config._class_name = nil end, "E-MD-02", "names no model family", "LlamaForCausalLM")
    bare("dit", function(it) it.config._class_name = core.null end, "E-MD-02", "names no model family")
    bare("dit", function(it) it.config._class_name = 7 end, "E-MD-02", "names no model family")
    bare("llama", function(it) it.config.architectures, it.config.model_type = core.array {}, nil end, "E-MD-02")
  end)

  it("opens a folder without config.json as bare weights: matrices are layers, embeddings are not", function()
    -- Two blocks of seven linear layers, and the embedding.
    local layers, default = bare("llama", function(it) it.config = nil end, "E-MD-01", "no config.json")
    assert.same({ 15, 14 }, { layers, default })
  end)

  it("takes all matrices but embeddings for layers where no name has a number", function()
    local it = tiny.dit()
    it.config, it.tensors = nil, { ["embedder.weight"] = { 4, 4 }, ["a.weight"] = { 4, 8 }, ["a.bias"] = { 4 },
      ["b.weight"] = { 8, 4 }, ["b.bias"] = { 3 } }
    local model <close> = assert(tiny.open(it))
    local layers = model:layers()
    assert.same({ "a", "b" }, model:default_layers())
    assert.same({ "a", 4, 8 }, { layers[1].name, layers[1].outputs, layers[1].inputs })
    assert.is_truthy(layers[1].bias)
    assert.is_nil(layers[2].bias) -- three values for eight outputs belong to something else
  end)

  it("refuses bare weights without a matrix", function()
    local it = tiny.dit()
    it.config, it.tensors = nil, { ["a.weight"] = { 4 }, b = { 4, 4 }, ["c.weight"] = core.tensor("i32", { 2, 2 }) }
    local model, message, id = tiny.open(it)
    assert.is_nil(model)
    assert.equal("E-MD-19", id)
    assert.matches("no 2-D float tensor", message, 1, true)
  end)

  it("passes on what the checkpoint cannot open", function()
    local model, message, id = models.open "/nowhere/at/all"
    assert.is_nil(model)
    assert.is_string(message)
    assert.matches("^E%-%u%u%-%d%d$", id)
  end)

  it("names a missing field, and the one that it was meant to be", function()
    refused("dit", function(c) c.num_layers, c.num_layer = nil, 1 end, "E-MD-03", "config.json",
      '"num_layers" is missing', "did you mean 'num_layer'")
    refused("llama", function(c) c.hidden_size = nil end, "E-MD-03", '"hidden_size" is missing')
    refused("llama", function(c) c.hidden_size = core.null end, "E-MD-03")
  end)

  it("names a field of the wrong type or size", function()
    local bad = { 0, -1, 4096.5, "8", true, 1e18, core.array {}, {} }
    for _, value in ipairs(bad) do
      refused("llama", function(c) c.hidden_size = value end, "E-MD-04", '"hidden_size" is',
        "an integer from 1 to 1048576")
    end
    refused("llama", function(c) c.rms_norm_eps = "1e-5" end, "E-MD-04", "expected a number from 0 to 1")
    refused("llama", function(c) c.rms_norm_eps = -1 end, "E-MD-04")
    refused("llama", function(c) c.tie_word_embeddings = 1 end, "E-MD-04", "expected true or false")
    refused("llama", function(c) c.hidden_act = 3 end, "E-MD-04", "expected a string")
    refused("llama", function(c) c.eos_token_id = "2" end, "E-MD-04", "eos_token_id")
    refused("dit", function(c) c.norm_eps = 2 end, "E-MD-04")
  end)

  it("names what the family has, and this program does not compute", function()
    refused("llama", function(c) c.hidden_act = "gelu" end, "E-MD-05", '"gelu"', '"silu"')
    refused("llama", function(c) c.rope_scaling = { type = "linear", factor = 2 } end, "E-MD-05", '"linear"')
    refused("llama", function(c) c.rope_parameters = { rope_type = "yarn" } end, "E-MD-05", '"yarn"')
    refused("llama", function(c) c.rope_parameters = { rope_type = {} } end, "E-MD-05", "rotary")
    refused("llama", function(c) c.rope_parameters = { rope_type = "default", rope_theta = "1e4" } end, "E-MD-04",
      "rope_theta")
    refused("llama", function(c) c.rope_scaling = 2 end, "E-MD-05", '"2"')
    refused("dit", function(c) c.norm_type = "layer_norm" end, "E-MD-05", "ada_norm_zero")
    refused("dit", function(c) c.norm_elementwise_affine = true end, "E-MD-05")
    refused("dit", function(c) c.activation_fn = "geglu" end, "E-MD-05", "gelu-approximate")
  end)

  it("says which sizes do not divide each other", function()
    refused("llama", function(c) c.num_attention_heads = 3 end, "E-MD-10", "3 does not divide", "8")
    refused("llama", function(c) c.num_key_value_heads = 3 end, "E-MD-10", "3 does not divide", "4")
    refused("llama", function(c) c.num_key_value_heads = 8 end, "E-MD-10")
    refused("llama", function(c) c.num_attention_heads = 8 end, "E-MD-10", "heads of 1")
    refused("llama", function(c) c.num_attention_heads, c.head_dim = 1048576, 2 end, "E-MD-10", "2097152")
    refused("dit", function(c) c.patch_size = 3 end, "E-MD-10", "3 does not divide", "4")
    refused("dit", function(c) c.attention_head_dim = 3 end, "E-MD-10", "a width of 6")
    refused("dit", function(c) c.sample_size, c.patch_size, c.attention_head_dim = 4096, 1, 8 end, "E-MD-10",
      "16777216 patches of width 16")
  end)

  it("takes the base of the rotary positions from where newer configs have it", function()
    local it = tiny.llama()
    it.config.rope_parameters = { rope_type = "default", rope_theta = 500 }
    local model <close> = assert(tiny.open(it))
    assert.equal(500, model.settings.rope_theta)
    assert.equal(500, model.blocks[1].attention.theta)
  end)

  it("does not take a quantized model for a float one", function()
    refused("llama", function(c) c.quantization_config = { quant_method = "gptq" } end, "E-MD-14")
  end)

  it("names missing tensors and the nearest there is", function()
    refused("dit", function(_, t)
      t["proj_out_1.wieght"], t["proj_out_1.weight"] = t["proj_out_1.weight"], nil
    end, "E-MD-06", "tensor proj_out_1.weight is missing", "did you mean 'proj_out_1.wieght'")
    refused("llama", function(c) c.num_hidden_layers = 3 end, "E-MD-06", "9 tensors are missing",
      "model.layers.2.")
    refused("llama", function(c) c.tie_word_embeddings = false end, "E-MD-06", "lm_head.weight")
    refused("llama", function(c) c.mlp_bias = true end, "E-MD-06", "6 tensors", "mlp.gate_proj.bias")
  end)

  it("names a tensor of another shape, with both", function()
    refused("llama", function(c) c.vocab_size = 21 end, "E-MD-07", "model.embed_tokens.weight",
      "[20, 8]", "[21, 8]")
    refused("dit", function(_, t) t["proj_out_1.bias"] = { 16, 1 } end, "E-MD-07", "[16, 1]", "[16]")
    refused("dit", function(c) c.sample_size, c.patch_size = 4, 4 end, "E-MD-07", "pos_embed.proj.weight")
  end)

  it("names weights of a type that is not computed", function()
    refused("dit", function(_, t) t["proj_out_1.bias"] = core.tensor("i32", { 16 }) end, "E-MD-08", "i32")
  end)

  it("names blocks that the config does not count", function()
    refused("llama", function(c) c.num_hidden_layers = 1 end, "E-MD-09", "model.layers.1.", "block 1",
      "the config has 1")
  end)

  -- With the collector off: what is not closed shows.
  local function left_open(folder)
    collectgarbage()
    collectgarbage "stop"
    local before = core.memory().blocks
    local model = models.open(folder)
    if model then model:close() end
    local after = core.memory().blocks
    collectgarbage "restart"
    return after - before
  end

  it("closes everything again when it refuses", function()
    for _, change in ipairs {
      function(it) it.config.vocab_size = 21 end,
      function(it) it.config.num_hidden_layers, it.config.num_layers = 3, 2 end,
      function(it) it.tensors["proj_out_2.bias"] = { 9 } end,
      function(it) it.tensors["pos_embed.proj.weight"] = { 9 } end,
      function(it) it.config.model_type, it.config.architectures, it.config._class_name = nil, nil, nil end,
    } do
      for _, family in ipairs { "llama", "dit" } do
        local it = tiny[family]()
        change(it)
        local folder = tiny.write(it)
        assert.equal(0, left_open(folder))
        core.disk.remove_tree(folder)
      end
    end
  end)

  it("gives a model that holds nothing once it is closed", function()
    for _, family in ipairs { "dit", "llama" } do
      local folder = tiny.write(tiny[family]())
      assert.equal(0, left_open(folder))
      core.disk.remove_tree(folder)
    end
  end)

  it("leaks nothing, whichever allocation fails", function()
    for _, family in ipairs { "dit", "llama" } do
      local folder = tiny.write(tiny[family]())
      support.sweep(function()
        local model = models.open(folder)
        if model then model:close() end
        return model
      end)
      core.disk.remove_tree(folder)
    end
  end)
end)
