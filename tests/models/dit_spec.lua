local core = require "vise.core"
local models = require "vise.models"
local samplers = require "vise.samplers"
local support = require "support"
local tiny = require "models.tiny"

local MODEL = "recipes/quickstart/models/dit-fashion-mnist"
local GOLDEN = "tests/data/dit-fashion-mnist/golden.fp16.safetensors"

describe("the DiT", function()
  local model, golden

  setup(function()
    model = assert(models.open(MODEL, { variant = "fp16" }))
    golden = assert(core.safetensors_open(GOLDEN))
  end)
  teardown(function() model:close() end)

  it("predicts what an independent implementation does", function()
    local y <close> = assert(model:forward(golden:tensor "hidden_states", golden:tensor "timestep",
      golden:tensor "class_labels"))
    -- Both sum in f32, in different orders: 1e-5 is asked for, 4e-7 is reached.
    assert.is_true(support.rel_l2(y, golden:tensor "sample") <= 1e-5)
  end)

  it("samples the images that an independent implementation does", function()
    local x <close> = assert(samplers.euler(model, {
      noise = golden:tensor "euler25_cfg1.5_noise", labels = golden:tensor "euler25_cfg1.5_labels",
      steps = 25, guidance = 1.5,
    }))
    assert.is_true(support.rel_l2(x, golden:tensor "euler25_cfg1.5_images") <= 1e-3)
  end)

  it("names its layers as the checkpoint does", function()
    local layers = model:layers()
    assert.equal(6 * 9 + 2, #layers)
    for _, layer in ipairs(layers) do
      assert.is_true(model.checkpoint:has(layer.name .. ".weight"))
      assert.equal(layer, model:layer(layer.name))
    end
    assert.is_nil(model:layer "transformer_blocks.6.attn1.to_q")
  end)

  it("quantizes attention and MLP of every block unless told otherwise", function()
    local names = model:default_layers()
    assert.equal(36, #names)
    assert.same({
      "transformer_blocks.0.attn1.to_q", "transformer_blocks.0.attn1.to_k", "transformer_blocks.0.attn1.to_v",
      "transformer_blocks.0.attn1.to_out.0", "transformer_blocks.0.ff.net.0.proj",
      "transformer_blocks.0.ff.net.2",
    }, table.move(names, 1, 6, 1, {}))
    assert.equal("transformer_blocks.5.ff.net.2", names[36])
  end)

  it("gives the same bits for any number of threads", function()
    local function answer()
      local y <close> = assert(model:forward(golden:tensor "hidden_states", 500, 3))
      return y:tobytes()
    end
    local threads, bytes = core.threads(), {}
    for n = 1, 3 do
      core.threads(n)
      bytes[n] = answer()
    end
    core.threads(threads)
    assert.is_true(bytes[1] == bytes[2] and bytes[2] == bytes[3])
  end)
end)

describe("a DiT", function()
  local function sample_of(n)
    return support.random({ n, 2, 4, 4 }, 7)
  end

  it("predicts each image of a batch as if it were alone", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local x = sample_of(3)
    local times, labels = core.tensor_of("f32", { 3 }, { 900, 20, 500 }), core.tensor_of("i64", { 3 }, { 3, 0, 1 })
    local all = assert(model:forward(x, times, labels)):totable()
    local each = {}
    for i = 1, 3 do
      local one = assert(model:forward(x:rows(i), times:get(i), labels:get(i))):totable()
      table.move(one, 1, #one, #each + 1, each)
    end
    -- Products may take another path for fewer rows: a few roundings of f32.
    assert.is_true(support.rel_l2(all, each) < 1e-5)
  end)

  it("takes one timestep and one class for all", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local x = sample_of(2)
    local a = assert(model:forward(x, core.tensor_of("f32", { 2 }, { 250, 250 }),
      core.tensor_of("i64", { 2 }, { 2, 2 })))
    local b = assert(model:forward(x, 250, 2))
    assert.equal(a:tobytes(), b:tobytes())
  end)

  it("depends on timestep and class", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local x = sample_of(1)
    local function answer(t, class) return assert(model:forward(x, t, class)):tobytes() end
    assert.not_equal(answer(250, 1), answer(260, 1))
    assert.not_equal(answer(250, 1), answer(250, 2))
  end)

  it("may have other channels at the output, and attention without biases", function()
    local it = tiny.dit()
    it.config.out_channels, it.config.attention_bias = 3, false
    it.tensors["proj_out_2.weight"], it.tensors["proj_out_2.bias"] = { 12, 8 }, { 12 }
    for _, which in ipairs { "q", "k", "v" } do
      it.tensors["transformer_blocks.0.attn1.to_" .. which .. ".bias"] = nil
    end
    local model <close> = assert(tiny.open(it))
    assert.same({ 2, 3, 4, 4 }, { assert(model:forward(sample_of(2), 1, 1)):shape() })
  end)

  it("raises for inputs that do not fit", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local function raises(text, ...)
      local given = table.pack(...)
      assert.error_matches(function() model:forward(table.unpack(given, 1, given.n)) end, text, 1, true)
    end
    raises("E-MD-12: sample is tensor f32 1x1x4x4, expected f32 Bx2x4x4", support.random { 1, 1, 4, 4 }, 1, 1)
    raises("E-MD-12: sample is tensor f32 2x4x4", support.random { 2, 4, 4 }, 1, 1)
    raises("E-MD-12: sample is a nil, expected a tensor")
    raises("E-MD-12: the class labels are a nil, expected a number or a tensor", sample_of(2), 1)
    raises("E-MD-12: 3 timesteps for 2 images", sample_of(2), core.tensor("f32", { 3 }), 1)
    raises("E-MD-12: 1 class labels for 2 images", sample_of(2), 1, core.tensor("i64", { 1 }))
    raises("E-TN-", sample_of(2), 1, 4) -- the classes go from 0 to 2, and 3 is the null class
  end)

  it("returns nil, message and id when memory runs out, and leaks nothing", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local x = sample_of(1)
    local failures = support.sweep(function()
      local y, _, id = model:forward(x, 500, 1)
      if not y then assert(id == "E-MM-01") end
      return y
    end)
    assert.is_true(failures > 50)
  end)

  it("adds the epsilons of the family and of its config", function()
    local it = tiny.dit()
    it.config.norm_eps = 0.25
    local model <close> = assert(tiny.open(it))
    assert.equal(1e-6, model.blocks[1].norm1.eps)
    assert.equal(0.25, model.blocks[1].norm3.eps)
    assert.equal(1e-6, model.norm_out.eps)
  end)

  it("needs no more memory for the second forward than for the first", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local x = sample_of(4)
    local function run()
      assert(model:forward(x, 500, 1)):close()
    end
    run()
    collectgarbage()
    collectgarbage "stop"
    local before = core.memory().bytes
    run()
    local after = core.memory().bytes
    collectgarbage "restart"
    assert.equal(before, after)
  end)
end)
