-- Single layers, and texts that break a model.

local core = require "vise.core"
local eval = require "vise.eval"
local samplers = require "vise.samplers"
local tiny = require "models.tiny"
local vise = require "vise"

local nan = 0 / 0

local function ids(list) return core.tensor_of("i64", { 1, #list }, list) end

local function run(model) return model:forward(ids { 1, 5, 7, 2, 9 }) end

-- 10 log10(sum of b^2 / sum of (a - b)^2) over lists.
local function ratio(a, b)
  local signal, noise = 0, 0
  for i, v in ipairs(b) do
    signal, noise = signal + v * v, noise + (a[i] - v) ^ 2
  end
  return 10 * math.log(signal / noise, 10)
end

describe("eval.layers", function()
  it("measures weights and outputs of every quantized layer as the definition says", function()
    local model <close> = tiny.open(tiny.llama())
    local inputs, float = {}, {}
    for _, layer in ipairs(model:layers()) do
      layer:hook(function(l, x) inputs[l.name] = inputs[l.name] or x:copy() end)
    end
    assert(run(model)):close()
    for _, layer in ipairs(model:layers()) do float[layer.name] = core.linear(inputs[layer.name], layer.weight) end
    assert(vise.quantize(model, { quant_type = "int8_per_row", exclude = { "*.down_proj" } }))
    local rows = assert(eval.layers(model, { run = run }))
    assert.equal(12, #rows)
    for _, row in ipairs(rows) do
      local layer = model:layer(row.name)
      assert.same({ "int8_per_row", 5 }, { row.type, row.rows })
      assert.near(ratio(layer.quantized:dequantize():totable(), layer.weight:totable()), row.weight_sqnr, 1e-6)
      local got = layer.quantized:forward(inputs[row.name]):totable()
      assert.near(ratio(got, float[row.name]:totable()), row.output_sqnr, 1e-4)
    end
  end)

  it("gives the layers the inputs of the quantized model where it is told to", function()
    local model <close> = tiny.open(tiny.llama())
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    local float = assert(eval.layers(model, { run = run }))
    local quantized = assert(eval.layers(model, { run = run, inputs = "quantized" }))
    assert.equal(float[1].output_sqnr, quantized[1].output_sqnr) -- nothing comes before the first
    assert.not_equal(float[#float].output_sqnr, quantized[#float].output_sqnr)
  end)

  it("runs every family, and adds up what flows in over several forwards", function()
    local model <close> = tiny.open(tiny.dit())
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    local x, labels = core.random(1):normal { 1, 2, 4, 4 }, core.tensor("i64", { 1 })
    local function forwards(count)
      return function(m)
        for _ = 1, count do m:forward(x, 500, labels):close() end
      end
    end
    local once = assert(eval.layers(model, { run = forwards(1) }))
    local twice = assert(eval.layers(model, { run = forwards(2) }))
    for i, row in ipairs(once) do
      assert.equal(2 * row.rows, twice[i].rows)
      assert.near(row.output_sqnr, twice[i].output_sqnr, 1e-9)
    end
  end)

  it("leaves the model quantized, also where the run fails", function()
    local model <close> = tiny.open(tiny.llama())
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    local rows, message = eval.layers(model, { run = function() return nil, "no data", "E-DT-02" end })
    assert.same({ nil, "no data" }, { rows, message })
    assert.error_matches(function() eval.layers(model, { run = function() error "stop" end }) end, "stop")
    for _, layer in ipairs(model:layers()) do
      assert.is_truthy(layer.quantized)
      assert.equal(0, #layer.hooks)
    end
  end)

  it("measures weights alone without a run, and says that nothing is quantized", function()
    local model <close> = tiny.open(tiny.llama())
    local rows, _, id = eval.layers(model)
    assert.same({ nil, "E-EV-05" }, { rows, id })
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    assert.is_nil(eval.layers(model)[1].output_sqnr)
    assert.error_matches(function() eval.layers(model, { inputs = "none" }) end, "E%-DT%-08: option inputs")
  end)
end)

describe("a model that is broken", function()
  local function broken(name, place)
    local bent = tiny.llama()
    bent.config.tie_word_embeddings = false
    bent.tensors["lm_head.weight"] = { 20, 8 }
    local shape = bent.tensors[name]
    local count = 1
    for _, d in ipairs(shape) do count = count * d end
    local values = {}
    for i = 1, count do values[i] = i == place and nan or (i % 7 - 3) / 10 end
    bent.tensors[name] = core.tensor_of("f32", shape, values)
    return tiny.open(bent)
  end

  it("is named with the text, the place and the first layer whose output is not finite", function()
    local model <close> = broken("model.layers.1.mlp.up_proj.weight", 1)
    local r, message, id = eval.perplexity(model, { { 1, 2, 3 }, { 1, 4 } })
    assert.is_nil(r)
    assert.equal("E-EV-02", id)
    assert.equal("text 1: the logits after id 1 of a window are not finite, first the output of layer "
      .. "model.layers.1.mlp.up_proj", message)
    for _, layer in ipairs(model:layers()) do assert.equal(0, #layer.hooks) end
  end)

  it("is named where the values come from what is no layer", function()
    -- Id 3 alone has a broken embedding.
    local model <close> = broken("model.embed_tokens.weight", 3 * 8 + 1)
    local _, message = eval.perplexity(model, { { 1, 2, 4 }, { 1, 2, 3, 4 } })
    assert.matches("^text 2: the logits after id %d of a window are not finite, first in front of layer "
      .. "model%.layers%.0%.self_attn%.q_proj$", message)
    local path = os.tmpname()
    local kept, _, id = eval.base(model, { { 1, 2, 3, 4 } }, { out = path .. ".base" })
    assert.same({ nil, "E-EV-02" }, { kept, id })
    assert.is_nil(core.disk.exists(path .. ".base"))
  end)

  it("is named by its images as well", function()
    local bent = tiny.dit()
    local values = {}
    for i = 1, 64 do values[i] = i == 1 and nan or 0.1 end
    bent.tensors["transformer_blocks.0.attn1.to_v.weight"] = core.tensor_of("f32", { 8, 8 }, values)
    local model <close> = tiny.open(bent)
    local images = core.random(1):normal { 2, 2, 4, 4 }
    local loss, message, id = samplers.flow_loss(model, images, core.tensor("i64", { 2 }))
    assert.same({ nil, "E-EV-02" }, { loss, id })
    assert.equal("image 1: the prediction is not finite, first the output of layer transformer_blocks.0.attn1.to_v",
      message)
  end)
end)
