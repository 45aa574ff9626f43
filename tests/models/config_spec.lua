-- config.json as strangers write it: rows CF-01 to CF-12 of the reader tests, one each.

local checkpoint = require "vise.checkpoint"
local core = require "vise.core"
local models = require "vise.models"
local tiny = require "models.tiny"

-- Opens a tiny Llama whose config.json is `text`, or its own after `change`.
local function open(change)
  local it = tiny.llama()
  local text = change
  if type(change) == "function" then
    change(it.config, it.tensors)
    text = core.json_encode(it.config, 2)
  end
  local folder = tiny.write(it)
  assert(core.disk.write(folder .. "/config.json", text))
  local model, message, id = models.open(folder)
  assert(core.disk.remove_tree(folder))
  return model, message, id
end

local function refused(change, id, words)
  local model, message, got = open(change)
  assert.is_nil(model)
  assert.equal(id, got, message)
  assert.matches(words, message, 1, true)
end

-- The note with this id of a model that opens all the same.
local function noted(change, id)
  local model <close> = assert(open(change))
  for _, note in ipairs(model.notes) do
    if note:sub(1, #id) == id then return note, model.family end
  end
  error(id .. " is not among " .. table.concat(model.notes, "\n"))
end

describe("config.json", function()
  it("CF-01: is strict JSON: no comments, trailing commas or NaN, each with its line", function()
    refused('{\n  "hidden_size": 8, // wide\n}', "E-JS-01", "config.json line 2 column 21")
    refused('{\n  "a": 1,\n}', "E-JS-01", "line 3 column 1")
    refused('{ "rms_norm_eps": NaN }', "E-JS-01", "line 1 column 19")
    refused("", "E-JS-02", "config.json")
  end)

  it("CF-02: has each key once", function()
    refused('{ "hidden_size": 8,\n "hidden_size": 9 }', "E-JS-07", '"hidden_size" appears twice')
  end)

  it("CF-03: has sizes that are integers from 1 to 1,048,576", function()
    for _, bad in ipairs { 0, -1, 4096.5, "4096", 1e18 } do
      refused(function(c) c.hidden_size = bad end, "E-MD-04", "expected an integer from 1 to 1048576")
    end
  end)

  it("CF-04: has heads that divide the width", function()
    refused(function(c) c.num_attention_heads = 3 end, "E-MD-10",
      '"num_attention_heads" 3 does not divide "hidden_size" 8')
  end)

  it("CF-05: has no more heads of keys than of queries, and they divide those", function()
    refused(function(c) c.num_key_value_heads = 8 end, "E-MD-10", "8")
    refused(function(c) c.num_key_value_heads = 3 end, "E-MD-10", "3 does not divide")
  end)

  it("CF-06: agrees with the tensors' shapes", function()
    refused(function(_, t) t["model.layers.1.self_attn.q_proj.weight"] = { 8, 4 } end, "E-MD-07",
      "model.layers.1.self_attn.q_proj.weight is [8, 4], the config implies [8, 8]")
  end)

  it("CF-07: counts the blocks that are there", function()
    refused(function(c) c.num_hidden_layers = 3 end, "E-MD-06", "9 tensors are missing, first model.layers.2.")
    refused(function(c) c.num_hidden_layers = 1 end, "E-MD-09", "belongs to block 1, the config has 1 blocks")
  end)

  it("CF-08: of a family that is not known still opens, as bare weights that say so", function()
    local note, family = noted(function(c) c.architectures, c.model_type = core.array { "Foo" }, "foo" end, "E-MD-02")
    assert.equal("weights", family)
    assert.matches('no model family "Foo"', note, 1, true)
    assert.matches("types that need no calibration", note, 1, true)
  end)

  it("CF-09: may name code of its own, which is never executed", function()
    local note, family = noted(function(c) c.auto_map = { AutoModel = "modeling.Model" } end, "E-MD-17")
    assert.equal("llama", family)
    assert.matches("never executed", note, 1, true)
  end)

  it("CF-10: may name a type that is none: the tensors' own counts", function()
    local note = noted(function(c) c.torch_dtype = "float12" end, "E-MD-18")
    assert.matches('torch_dtype "float12" is unknown', note, 1, true)
    local model <close> = assert(open(function(c) c.torch_dtype = "torch.bfloat16" end))
    assert.same({}, model.notes)
    assert.equal("f32", model:layers()[1].weight:dtype())
  end)

  it("CF-11: of a quantized model is refused, with its method", function()
    refused(function(c) c.quantization_config = { quant_method = "gptq", bits = 4 } end, "E-MD-14",
      "the model is quantized already (gptq, 4 bit)")
    refused(function(c) c.quantization_config = { load_in_8bit = true } end, "E-MD-14", "(bitsandbytes, 8 bit)")
    refused(function(c) c.quantization_config = 3 end, "E-MD-14", "quantized already")
    -- Before its family is asked for: quantized weights would pass for bare ones.
    refused(function(c) c.architectures, c.model_type, c.quantization_config = nil, nil, {} end, "E-MD-14", "already")
  end)

  it("CF-12: of more than 64 MiB is not read", function()
    local folder = tiny.write(tiny.llama())
    local f = assert(io.open(folder .. "/config.json", "wb"))
    f:seek("set", 1 << 30) -- a sparse file
    f:write "x"
    f:close()
    local c, message, id = checkpoint.open(folder)
    assert(core.disk.remove_tree(folder))
    assert.is_nil(c)
    assert.equal("E-FS-18", id)
    assert.matches("1,073,741,825 bytes, expected 67,108,864 at most", message, 1, true)
  end)
end)
