-- Rounding with searched steps.

local core = require "vise.core"
local steps = require "workflow.support_steps"

local OUT, IN = 16, 64

-- sum over the weight of importance |error|^norm
local function objective(layer, coded, norm, importance)
  local size = coded:decode():sub(layer.weight):abs():power(norm)
  return (importance and size:mul(importance) or size):sum()
end

describe("rounding", function()
  it("takes the convention's steps if nothing else is said", function()
    local layer, weight = steps.case(OUT, IN)
    local plain = core.encode(layer.scheme, weight):tensors()
    assert.equal(core.xxh3(plain.codes), core.xxh3(steps.round("rounding", nil, layer):tensors().codes))
    -- A method that builds on it has options of its own.
    local made = steps.step("rounding").make(weight, { scheme = layer.scheme, options = { search = 3 } })
    assert.equal(core.xxh3(plain.codes), core.xxh3(made.weight:tensors().codes))
  end)

  it("makes what it searches by smaller than the convention does, and than the other searches do", function()
    local layer = steps.case(OUT, IN, "int3_weight_only")
    local importance = layer.importance
    local plain = steps.round("rounding", nil, layer)
    local range = { search = "mse", shrink = 0.8, grid = 100, norm = 3 }
    local mse = steps.round("rounding", range, layer)
    range.search = "importance"
    local weighed = steps.round("rounding", range, layer)
    assert.is_true(objective(layer, mse, 3) < objective(layer, plain, 3))
    assert.is_true(objective(layer, mse, 3) < objective(layer, weighed, 3))
    assert.is_true(objective(layer, weighed, 3, importance) < objective(layer, mse, 3, importance))
    layer = steps.case(OUT, IN, "svdq_int4_r0")
    local squares = objective(layer, steps.round("rounding", { search = "squares" }, layer), 2)
    assert.is_true(squares < objective(layer, steps.round("rounding", nil, layer), 2))
    assert.is_true(squares <= objective(layer, steps.round("rounding", { search = "mse", norm = 2 }, layer), 2))
  end)

  it("asks for importance only where it weighs by it, and refuses searches that are none", function()
    assert.same({}, steps.step("rounding", { search = "mse" }).needs)
    assert.same({ "importance" }, steps.step("rounding", { search = "importance" }).needs)
    assert.error_matches(function() steps.step("rounding", { search = "msr" }) end, "E%-CF%-05.*did you mean 'mse'")
  end)
end)
