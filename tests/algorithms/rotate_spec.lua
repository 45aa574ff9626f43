-- The step "rotate" of a chain: the input of a layer is turned in every forward.

local core = require "vise.core"
local layer_inputs = require "vise.algorithms.inputs"
local layer_work = require "vise.algorithms.layer_work"
local support = require "support"
local vise = require "vise"

local MODEL = "recipes/quickstart/models/stories260K"
local IDS = { 1, 403, 407, 261, 378, 432, 7, 9, 100 }

local step = vise.algorithms.method "rotate"

local function open() return assert(vise.open(MODEL)) end

-- A float layer that the step has prepared: what a quantized one computes, without codes.
local function prepared(linear, options)
  local out, inputs = linear.weight:shape()
  local about = { name = linear.name, shape = { out, inputs }, type = {}, storage = "bf16" }
  local layer = layer_work.new(linear.weight, about, layer_inputs.new {})
  step.prepare({ layer }, options)
  return layer, { type = { name = "turned" }, forward = function(_, x)
    local turned <close> = core.hadamard(x, layer.parts.rotate)
    return core.linear(turned, layer.weight, linear.bias)
  end }
end

describe("the step rotate", function()
  for path, ids in pairs { [MODEL] = IDS, ["tests/data/chemts-gpt2-0.5m"] = { 13, 4, 5, 6, 7, 8, 20, 3, 2 } } do
    it("leaves the logits of a model as they were when nothing is rounded: " .. path, function()
      local model <close> = assert(vise.open(path))
      local before <close> = assert(model:forward(ids))
      for _, options in ipairs { { block = 0 }, { block = 4 } } do
        for _, linear in ipairs(model:layers()) do
          local layer
          layer, linear.quantized = prepared(linear, options)
          assert.equal(options.block == 0 and linear.inputs or 4, layer.parts.rotate) -- 64, 172, 96, 384
        end
        local after <close> = assert(model:forward(ids))
        local distance = support.rel_l2(after, before)
        assert.is_true(distance > 0 and distance <= 1e-5, tostring(distance)) -- R4 of every layer
        for _, linear in ipairs(model:layers()) do linear.quantized = nil end
      end
      assert(vise.transform(model, "rotate", { r3 = true })) -- and with R1 to R3
      for _, linear in ipairs(model:layers()) do linear.quantized = select(2, prepared(linear, { block = 0 })) end
      local all <close> = assert(model:forward(ids))
      assert.is_true(support.rel_l2(all, before) <= 1e-5)
    end)
  end

  it("spreads an input that is larger than the others, in W4A4", function()
    local errors = {}
    for i, method in ipairs { "rounding", "rotate" } do
      local model <close> = open()
      local layer = model:layer "model.layers.2.mlp.down_proj"
      local coded = vise.config { quant_type = "svdq_int4_r0_dq", regions = { layer.name }, method = i == 2 and method
        or nil }
      assert(vise.quantize(model, coded))
      local x = support.random({ 32, 172 }, 3)
      for row = 0, 31 do x:set(row * 172 + 9, 30) end -- in the first of three groups
      local float <close> = core.linear(x, layer.weight)
      errors[i] = core.compare(layer:forward(x), float).rel_l2
    end
    assert.is_true(errors[2] < 0.8 * errors[1], ("%g %g"):format(errors[1], errors[2]))
  end)

  it("is for the layers that the plan names, and is saved as a number", function()
    local folder = os.tmpname()
    os.remove(folder)
    local cfg = vise.config { quant_type = "int4_weight_only_g64", save_to = folder,
      plan = { { "*.down_proj", "int4_weight_only_g64", { name = "rotate", options = { block = 172 } } } } }
    local model <close> = open()
    local plan = assert(vise.plan(model, cfg))
    assert(vise.quantize(model, cfg))
    assert.equal(172, model:layer("model.layers.0.mlp.down_proj").quantized.rotate)
    assert.is_nil(model:layer("model.layers.0.mlp.up_proj").quantized.rotate)
    local file <close> = assert(io.open(folder .. "/int4_weight_only_g64.safetensors", "rb"))
    assert.equal(plan.file_bytes, file:seek "end")
    local again <close> = assert(vise.load(open(), folder))
    assert.equal(model:forward(IDS):tobytes(), again:forward(IDS):tobytes())
    local ids = core.tensor_of("i64", { 1, #IDS }, IDS)
    local fast <close> = assert(vise.compile(again, ids))
    assert.equal(model:forward(ids):tobytes(), fast:forward(ids):tobytes())
  end)

  it("stands for the float weight, turned back", function()
    local model <close> = open()
    local layer = model:layer "model.layers.2.mlp.down_proj"
    assert(vise.quantize(model, { quant_type = "int8_weight_only", method = "rotate", regions = { layer.name } }))
    local stands_for <close> = layer.quantized:dequantize()
    assert.is_true(support.rel_l2(stands_for, layer.weight) < 0.01)
    local x = support.random({ 5, 172 }, 1)
    assert.is_true(support.rel_l2(layer:forward(x), core.linear(x, stands_for)) <= 1e-5)
  end)

  it("refuses a block that there is no matrix for, or that does not divide", function()
    local function refuses(text, block)
      local model <close> = open()
      assert.error_matches(function()
        vise.quantize(model, { quant_type = "int4_weight_only_g64", method = { name = "rotate",
          options = { block = block } } })
      end, text, 1, true)
    end
    refuses("E-CF-05: method rotate: block is 6, expected 0 or the order of a Hadamard matrix", 6)
    refuses("E-CF-05: method rotate: block is -4", -4)
    refuses("E-CF-05: method rotate: block 172 does not divide the 64 inputs of a layer", 172)
  end)
end)
