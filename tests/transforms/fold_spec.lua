-- vise.transform(model, "fold"): smoothing factors inside the norms.

local core = require "vise.core"
local support = require "support"
local tiny = require "models.tiny"
local vise = require "vise"

local function run(ids)
  return function(model) assert(model:forward(ids)):close() end
end

describe("the transform fold", function()
  it("leaves the logits of real models as they were", function()
    for path, ids in pairs { ["recipes/quickstart/models/stories260K"] = { 1, 403, 407, 261, 378 },
      ["tests/data/chemts-gpt2-0.5m"] = { 13, 4, 5, 6, 7, 8, 20 } } do
      local model <close> = assert(vise.open(path))
      local before <close> = assert(model:forward(ids))
      assert(vise.transform(model, "fold", { alpha = 0.7, calibrate = run(ids) }))
      local after <close> = assert(model:forward(ids))
      local distance = support.rel_l2(after, before)
      assert.is_true(distance > 0 and distance <= 1e-5, tostring(distance))
      assert.same({ alpha = 0.7, dtype = "model" }, model.transforms[1].options)
    end
  end)

  it("has the factors of the paper", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local name = "model.layers.1."
    local norm = model[name .. "post_attention_layernorm.weight"]:totable()
    local gate, up = model[name .. "mlp.gate_proj.weight"]:totable(), model[name .. "mlp.up_proj.weight"]:totable()
    local largest = {}
    local undo = model:layer(name .. "mlp.up_proj"):hook(function(_, x)
      for i, v in ipairs(x:totable()) do
        local j = (i - 1) % 8 + 1
        largest[j] = math.max(largest[j] or 0, math.abs(v))
      end
    end)
    run { 1, 5, 7 }(model)
    undo()
    assert(vise.transform(model, "fold", { alpha = 0.8, calibrate = run { 1, 5, 7 } }))
    local is, up_is = model[name .. "post_attention_layernorm.weight"], model[name .. "mlp.up_proj.weight"]
    for j = 1, 8 do
      local w = 0
      for o = 0, 11 do w = math.max(w, math.abs(gate[o * 8 + j]), math.abs(up[o * 8 + j])) end
      local s = largest[j] ^ 0.8 / w ^ 0.2
      -- f32: one rounding of numbers of this size
      assert.near(norm[j] / s, is:get(j), 2 ^ -23 * math.abs(norm[j] / s))
      assert.near(up[16 + j] * s, up_is:get(16 + j), 2 ^ -23 * math.abs(up[16 + j] * s))
    end
  end)

  it("helps where a channel of the input is larger than the others", function()
    local t, errors = tiny.llama(), {}
    t.tensors["model.layers.0.input_layernorm.weight"] = core.tensor_of("f32", { 8 }, { 1, 1, 60, 1, 1, 1, 1, 1 })
    for i, folded in ipairs { false, true } do
      local model <close> = assert(tiny.open(t))
      local before <close> = assert(model:forward { 1, 5, 7, 9 })
      if folded then assert(vise.transform(model, "fold", { calibrate = run { 1, 5, 7, 9 } })) end
      assert(vise.quantize(model, { quant_type = "int8_per_row", regions = { "*.0.self_attn.*" } }))
      local after <close> = assert(model:forward { 1, 5, 7, 9 })
      errors[i] = support.rel_l2(after, before)
    end
    assert.is_true(errors[2] < errors[1], ("%g %g"):format(errors[1], errors[2]))
  end)

  it("refuses what it cannot work with, and leaves the model alone", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local function refuses(text, options)
      assert.error_matches(function() vise.transform(model, "fold", options) end, text, 1, true)
      assert.same({ 0, nil }, { #model:layers()[1].hooks, model.transforms })
    end
    refuses("E-TR-04: fold looks at what flows through the model: give calibrate = function(model) ... end", {})
    refuses("E-TR-04: fold: alpha is 2, expected a number from 0 to 1", { alpha = 2.0, calibrate = run { 1 } })
    refuses("out of ids", { calibrate = function() error "out of ids" end })
    local _, message, id = vise.transform(model, "fold", { calibrate = function() end })
    assert.equal("E-OB-10", id)
    assert.matches("layer model.layers.0.self_attn.q_proj: nothing flowed into it", message, 1, true)
    assert.error_matches(function() vise.transform(model, "rotate", { calibrate = print }) end,
      "E%-TR%-04: rotate has no option 'calibrate'")
    assert.equal(0, #model:layers()[1].hooks)
    local t = tiny.llama()
    t.tensors["model.layers.1.input_layernorm.weight"] = core.tensor_of("f32", { 8 }, { 1, 1, 0 / 0, 1, 1, 1, 1, 1 })
    local bad <close> = assert(tiny.open(t))
    _, message, id = vise.transform(bad, "fold", { calibrate = run { 1 } })
    assert.equal("E-OB-11", id)
    assert.matches("layer model.layers.1.self_attn", message, 1, true)
  end)
end)
