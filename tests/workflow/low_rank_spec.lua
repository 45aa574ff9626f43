-- The low-rank branch as a step, and bias correction.

local core = require "vise.core"
local low_rank = require "vise.algorithms.low_rank_step"
local steps = require "workflow.support_steps"

local OUT, IN = 48, 64

-- The branch, and what codes make of the rest: f32 [out, in].
local function product(layer)
  return core.matmul(layer.parts.up:to "f32", layer.parts.down:to "f32")
end

describe("the low-rank step", function()
  it("leaves what a branch of the first singular triplets leaves, in 16 bits", function()
    local layer, weight = steps.case(OUT, IN)
    steps.prepare("low_rank", { rank = 8, rounds = 0 }, { layer })
    local u, s, vt = core.svd(weight, { rank = 8, method = "full" })
    local best = weight:sub(core.matmul(u:mul(s), vt))
    assert.is_true(core.compare(layer.weight, best).rel_l2 < 0.01) -- of 8 bits of bf16
    assert.is_true(core.compare(layer.weight:add(product(layer)), weight).rel_l2 < 1e-6)
  end)

  it("of full rank leaves nothing but the rounding of its factors", function()
    local layer, weight = steps.case(OUT, IN)
    steps.prepare("low_rank", { rank = OUT }, { layer })
    assert.is_true(layer.weight:norm() < 0.01 * weight:norm())
  end)

  it("takes the type's rank, and none of rank 0", function()
    local layer, weight = steps.case(OUT, IN, "svdq_int4_r4")
    steps.prepare("low_rank", nil, { layer })
    assert.same({ 4, IN }, { layer.parts.down:shape() })
    layer = steps.case(OUT, IN, "svdq_int4_r0")
    steps.prepare("low_rank", nil, { layer })
    assert.is_nil(layer.parts.up)
    assert.same(weight:totable(), layer.weight:totable())
  end)

  it("has factors no other of their rank are better than under its metric", function()
    local layer, weight = steps.case(OUT, IN)
    local metric = low_rank.metric(layer.moments)
    local up, down = low_rank.factors(weight, 6, metric)
    -- M + 0.01 mean(diag M) I, which the metric stands for.
    local moments, trace = layer.moments:copy(), 0
    for j = 1, IN do trace = trace + moments:get((j - 1) * IN + j) end
    for j = 1, IN do
      local at = (j - 1) * IN + j
      moments:set(at, moments:get(at) + 0.01 * trace / IN)
    end
    local square = core.matmul(metric.root, metric.root, { trans_b = true })
    assert.is_true(core.compare(square, moments).rel_l2 < 1e-5)
    assert.is_true(core.compare(core.matmul(metric.root, metric.inverse),
      core.matmul(metric.inverse, metric.root)).rel_l2 < 1e-3) -- both are the identity
    local function error(a, b) return core.quadratic(weight:sub(core.matmul(a, b)), moments) end
    local least = error(up, down)
    local plain_up, plain_down = low_rank.factors(weight, 6)
    assert.is_true(least < error(plain_up, plain_down))
    -- The derivative by either factor is 0: steps to any side make it worse.
    for seed = 1, 6 do
      local g = core.random(seed)
      local a, b = g:normal { OUT, 6 }, g:normal { 6, IN }
      for _, size in ipairs { 1e-2, -1e-2 } do
        assert.is_true(error(up:axpy(size, a), down) > least)
        assert.is_true(error(up, down:axpy(size * down:norm() / b:norm(), b)) > least)
      end
    end
  end)

  it("is better with turns of codes and branch than without, and with GPTQ than with rounding", function()
    local function loss(options, rounder)
      local layer = steps.case(OUT, IN)
      options.rank = 6
      steps.prepare("low_rank", options, { layer })
      return steps.loss(layer, steps.round(rounder, nil, layer))
    end
    local once = loss({ rounds = 0 }, "gptq")
    local turns = loss({}, "gptq")
    assert.is_true(turns < 0.9 * once, ("%g of %g"):format(turns, once))
    local rounded = loss({ rounder = "rounding", rounds = 4 }, "rounding")
    assert.is_true(rounded < loss({ rounder = "rounding", rounds = 0 }, "rounding"))
    local plain = loss({ rounder = "rounding", metric = "plain", rounds = 4 }, "rounding")
    assert.is_true(rounded < 0.8 * plain, ("%g of %g"):format(rounded, plain))
  end)

  it("keeps its best turn", function()
    local layer = steps.case(OUT, IN, "int8_weight_only")
    steps.prepare("low_rank", { rank = 4, rounder = "rounding" }, { layer })
    local coded = core.encode(layer.scheme, layer.weight, { search = true })
    assert.near(layer.notes.branch_error, layer:coded_error(coded), 1e-9)
    local least = math.huge
    for rounds = 0, 8 do
      layer = steps.case(OUT, IN)
      steps.prepare("low_rank", { rank = 6, rounds = rounds }, { layer })
      assert.is_true(layer.notes.branch_error <= least)
      least = layer.notes.branch_error
    end
    assert.is_true(layer.notes.turns < 8) -- or it says nothing
  end)

  it("asks for moments only where it looks at them", function()
    assert.same({}, steps.step("low_rank", { metric = "plain", rounder = "rounding" }).needs)
    assert.same({ "moments" }, steps.step("low_rank").needs)
  end)

  it("takes zeros and silent inputs", function()
    local layer = steps.layer { weight = core.tensor("f32", { 8, 32 }), x = core.tensor("f32", { 9, 32 }) }
    steps.prepare("low_rank", { rank = 2 }, { layer })
    assert.is_nil(layer.weight:nonfinite())
    assert.is_nil(layer.parts.down:nonfinite())
  end)
end)

-- The mean of each output's error over rows.
local function mean_error(layer, coded, x, bias)
  local seen = require("vise.algorithms.trial").as_coded(x, layer.type)
  local got = core.linear(seen, coded:decode(), bias)
  return got:sub(core.linear(x, layer.original, layer.bias)):fold "mean"
end

describe("bias correction", function()
  -- Rows with a mean, or there is nothing to correct.
  local function case(type, bias)
    local weight, x = core.random(1):normal { OUT, IN }, steps.rows(100, IN, 2)
    return steps.layer { weight = weight, x = x:add(0.5), type = type, bias = bias }
  end

  it("makes the mean error of every output 0, whatever the type codes", function()
    for _, type in ipairs { "int4_weight_only", "w4a8_g32", "svdq_int4_r0" } do
      for _, bias in ipairs { false, core.random(3):normal({ OUT }):to "f16" } do
        local layer = case(type, bias or nil)
        local coded = core.encode(layer.scheme, layer.weight)
        local before = mean_error(layer, coded, layer.samples, layer.bias):norm()
        local step = steps.step "bias_correction"
        step.finish(layer, coded, step.options)
        local after = mean_error(layer, coded, layer.samples, layer.parts.bias):norm()
        assert.is_true(before > 1e-2 and after < 1e-4 * before, ("%s: %g to %g"):format(type, before, after))
      end
    end
  end)

  it("leaves a bias alone when nothing was lost", function()
    local bias = core.random(3):normal { OUT }
    local layer = case("svdq_int4_r0_dq", bias)
    layer.type = { activation = nil }
    local grid = core.encode(layer.scheme, layer.weight)
    layer:replace(grid:decode())
    local step = steps.step "bias_correction"
    step.finish(layer, grid, step.options)
    assert.same(bias:totable(), layer.parts.bias:totable())
  end)
end)
