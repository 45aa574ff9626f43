-- Sensitivity of layers, and plans within a bit budget.

local dit = require "workflow.support_dit"
local vise = require "vise"

local STORIES = "recipes/quickstart/models/stories260K"
local TEXTS = { { 1, 403, 407, 261, 378 }, { 1, 385, 328, 432, 261, 376 }, { 1, 310, 329 } }

local function ask(model)
  for _, ids in ipairs(TEXTS) do assert(model:forward(ids)) end
end

local function float_layers(model)
  for _, layer in ipairs(model:layers()) do
    if layer.quantized then return false end
  end
  return true
end

-- Mean divergence of p from q over the rows of two lists of logits, in plain double.
local function divergence(a, b, rows, words)
  local total = 0
  for r = 0, rows - 1 do
    local function log_sum(x)
      local most, sum = -math.huge, 0
      for i = 1, words do most = math.max(most, x[r * words + i]) end
      for i = 1, words do sum = sum + math.exp(x[r * words + i] - most) end
      return most + math.log(sum)
    end
    local za, zb = log_sum(a), log_sum(b)
    for i = 1, words do
      local la, lb = a[r * words + i] - za, b[r * words + i] - zb
      total = total + math.exp(la) * (la - lb)
    end
  end
  return total
end

describe("sensitivity", function()
  local scores

  it("is what a layer alone does to the answers", function()
    local model <close> = assert(vise.open(STORIES))
    scores = assert(vise.algorithms.sensitivity.scores(model, { calibrate = ask,
      choices = { "int4_weight_only", "int8_weight_only" } }))
    assert.is_true(float_layers(model))
    assert.equal(35, #scores)
    local name = "model.layers.0.mlp.down_proj"
    local sum, tokens = 0, 0
    local float <close> = assert(vise.open(STORIES))
    assert(vise.quantize(model, { quant_type = "int4_weight_only", regions = { name } }))
    for _, ids in ipairs(TEXTS) do
      local a, b = assert(float:forward(ids)), assert(model:forward(ids))
      sum, tokens = sum + divergence(a:totable(), b:totable(), #ids, 512), tokens + #ids
    end
    for _, layer in ipairs(scores) do
      if layer.name == name then
        assert.equal(64 * 172, layer.weights)
        assert.equal("int4_weight_only", layer.choices[1].type)
        -- 64 likeliest ids and the rest as one: never more, and nearly all of it.
        local got, want = layer.choices[1].score, sum / tokens
        assert.is_true(got <= want * 1.0001 and got > 0.7 * want, ("%g of %g"):format(got, want))
        assert.is_true(layer.choices[2].score < layer.choices[1].score)
        assert.is_true(layer.choices[2].bytes > layer.choices[1].bytes)
      end
    end
  end)

  it("finds a plan within the budget that is better than the small type", function()
    local model <close> = assert(vise.open(STORIES))
    local found = assert(vise.algorithms.sensitivity.search(model, { calibrate = ask, bits = 6.5,
      choices = { "int4_weight_only", "int8_weight_only" } }))
    assert.is_true(found.bits <= 6.5 and found.bits > 6)
    local plan = assert(vise.plan(model, { quant_type = "int8_weight_only", plan = found.plan }))
    assert.near(found.bits, plan.bits_per_weight, 1e-9)
    -- Better than the small type for all, on what was asked.
    local float <close> = assert(vise.open(STORIES))
    local function distance(cfg)
      assert(vise.quantize(model, cfg))
      local sum = 0
      for _, ids in ipairs(TEXTS) do
        local a, b = assert(float:forward(ids)), assert(model:forward(ids))
        sum = sum + divergence(a:totable(), b:totable(), #ids, 512)
      end
      vise.restore(model)
      return sum
    end
    local planned = distance { quant_type = "int4_weight_only", plan = found.plan }
    assert.is_true(planned < distance { quant_type = "int4_weight_only" })
    -- A budget of the small type's own bits gives that type, which is the best there is for it.
    local least = assert(vise.algorithms.sensitivity.search(model, { calibrate = ask, rounds = 1,
      bits = assert(vise.plan(model, { quant_type = "int4_weight_only" })).bits_per_weight,
      choices = { "int4_weight_only", "int8_weight_only" } }))
    for _, rule in ipairs(least.plan) do assert.equal("int4_weight_only", rule[2]) end
  end)

  it("of other models is the squared error of what they answer", function()
    local model = dit.open()
    local list = assert(vise.algorithms.sensitivity.scores(model, { calibrate = dit.calibrate, forwards = 2,
      regions = { "*.0.ff.*" }, choices = { "int4_weight_only", { "int8_weight_only", "rounding" } } }))
    assert.equal(2, #list)
    assert.is_true(list[1].choices[1].score > list[1].choices[2].score and list[1].choices[2].score > 0)
    assert.equal("rounding", list[1].choices[2].method)
  end)

  it("refuses options that are none, and budgets below the smallest types", function()
    local model <close> = assert(vise.open(STORIES))
    local function refused(options, text)
      assert.error_matches(function() vise.algorithms.sensitivity.search(model, options) end, text)
      assert.is_true(float_layers(model))
    end
    local types = { "int4_weight_only" }
    refused({ calibrate = ask, choice = types }, "E%-CF%-02: sensitivity has no option 'choice'; did you")
    refused({ calibrate = ask, choices = {} }, "E%-CF%-03: choices must be")
    refused({ choices = types }, "E%-CF%-03: calibrate must be")
    refused({ calibrate = ask, choices = types, bits = 2 }, "E%-PL%-10: the budget is")
    refused({ calibrate = ask, choices = types, bits = 0 / 0 }, "E%-CF%-03: bits must be")
    local none, message, id = vise.algorithms.sensitivity.scores(model, { calibrate = function() end, choices = types })
    assert.same({ nil, "E-OB-12" }, { none, id })
    assert.matches("the model was not run", message, 1, true)
  end)
end)
