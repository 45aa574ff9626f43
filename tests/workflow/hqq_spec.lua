-- HQQ to the bit against its formulas in plain loops, every step rounded to f32.

local core = require "vise.core"
local hqq = require "vise.algorithms.hqq"
local steps = require "workflow.support_steps"

-- The number that f32 has for a double.
local function f32(v) return (string.unpack("f", string.pack("f", v))) end

-- Half to even.
local function rint(v)
  local below = math.floor(v)
  local rest = v - below
  if rest == 0.5 then return below % 2 == 0 and below or below + 1 end
  return rest < 0.5 and below or below + 1
end

local function sign(v) return v > 0 and 1 or v < 0 and -1 or 0 end

-- One round: codes, what they miss, and the next zero point of a group.
local function turn(w, c, z, top, beta, p)
  local sum, missed = 0, 0
  for _, v in ipairs(w) do
    local q = math.max(0, math.min(top, rint(f32(f32(v * c) + z))))
    local r = f32(v - f32(f32(q - z) / c))
    local size = math.abs(r)
    local kept = math.max(0, f32(size - f32(f32(size ^ (p - 1)) / f32(beta))))
    sum = sum + f32(q - f32(f32(v - sign(r) * kept) * c))
    missed = missed + size
  end
  return f32(sum / #w), missed
end

-- All groups of a layer until the error of all together does not fall.
local function by_hand(groups, bits, options)
  local top, found, beta, smallest, rounds, size = 2 ^ bits - 1, {}, options.beta, math.huge, 0, #groups[1]
  for g, w in ipairs(groups) do
    local least, most = math.min(table.unpack(w)), math.max(table.unpack(w))
    local c = f32(top / f32(most - least))
    found[g] = { c = c, z = -f32(least * c) }
  end
  for _ = 1, options.iterations do
    rounds = rounds + 1
    local sum = 0
    for g, w in ipairs(groups) do
      local z, missed = turn(w, found[g].c, found[g].z, top, beta, options.p)
      found[g].z, sum = z, sum + missed
    end
    if options.routine == "v2" then beta = beta * options.kappa end
    local error = sum / (#groups * size)
    if options.early_stop and error >= smallest then break end
    smallest = error
  end
  return found, rounds
end

local function bf16(v) return core.tensor_of("bf16", { 1 }, { v }):to("f32"):get(1) end

local OUT, IN, GROUP = 3, 64, 32

local function options_with(given)
  local options = { p = 0.7, beta = 10, kappa = 1.01, iterations = 20, early_stop = true, routine = "legacy" }
  for name, value in pairs(given) do options[name] = value end
  return options
end

-- The groups of a weight, row by row.
local function groups_of(weight, size)
  local w, groups = weight:totable(), {}
  for first = 1, #w, size do groups[#groups + 1] = table.move(w, first, first + size - 1, 1, {}) end
  return groups
end

describe("HQQ", function()
  it("has the steps and the codes of its formulas to the bit, by both routines", function()
    for _, bits in ipairs { 2, 3, 4 } do
      for _, given in ipairs { {}, { routine = "v2", kappa = 3, early_stop = false },
        { early_stop = false, iterations = 7 },
        { p = 0.5, beta = 40 } } do
        local layer, weight = steps.case(OUT, IN, ("int%d_weight_only_g32"):format(bits))
        local options = options_with(given)
        local coded = steps.round("hqq", given, layer)
        local want, rounds = by_hand(groups_of(weight, GROUP), bits, options)
        assert.equal(rounds, layer.notes.iterations)
        local t, got, half = coded:tensors(), coded:decode():totable(), 2 ^ (bits - 1)
        for g, w in ipairs(groups_of(weight, GROUP)) do
          local scale = bf16(f32(1 / want[g].c))
          local zero = bf16(f32(f32(half - want[g].z) / want[g].c))
          assert.equal(scale, t.scale:get(g))
          assert.equal(zero, t.zero:get(g))
          for j, v in ipairs(w) do
            local q = math.max(-half, math.min(half - 1, rint(f32(f32(v - zero) / scale))))
            assert.equal(f32(f32(q * scale) + zero), got[(g - 1) * GROUP + j])
          end
        end
      end
    end
  end)

  it("makes the p-norm of the error smaller than rounding does", function()
    for _, bits in ipairs { 2, 3, 4 } do
      local layer, weight = steps.case(64, 128, ("int%d_weight_only"):format(bits))
      for k = 1, weight:count(), 97 do weight:set(k, 3 * weight:get(k)) end -- heavier tails than the normal's
      layer:replace(weight:copy())
      local function objective(coded)
        return coded:decode():sub(weight):abs():power(0.7):sum()
      end
      local plain, better = objective(core.encode(layer.scheme, weight)), objective(steps.round("hqq", nil, layer))
      assert.is_true(better < plain, ("%d bits: %g, rounding %g"):format(bits, better, plain))
    end
  end)

  it("does groups that end before the row does, and whole rows, each on its own", function()
    local layer = steps.case(OUT, 40) -- a group of 32 and one of 8
    local coded = steps.round("hqq", { iterations = 5, early_stop = false }, layer)
    local rows = core.tensor("f32", { OUT, 8 })
    for r = 1, OUT do
      for j = 1, 8 do rows:set((r - 1) * 8 + j, layer.weight:get((r - 1) * 40 + 32 + j)) end
    end
    local want = by_hand(groups_of(rows, 8), 4, options_with { iterations = 5, early_stop = false })
    for r = 1, OUT do assert.equal(bf16(f32(1 / want[r].c)), coded:tensors().scale:get((r - 1) * 2 + 2)) end
  end)

  it("rounds groups to nearest that are too narrow for steps of their own", function()
    assert.is_true(hqq.is_narrow(0, 15) and hqq.is_narrow(1e-4, 15) and hqq.is_narrow(7e-4, 15))
    assert.is_false(hqq.is_narrow(1e-3, 15))
    for _, size in ipairs { 0, 1e-5, 1e-30 } do
      local layer, weight = steps.case(4, 64)
      local small = weight:mul(size)
      layer:replace(small:copy())
      local coded = steps.round("hqq", nil, layer)
      local plain = core.encode(layer.scheme, small)
      assert.is_true(coded:decode():sub(small):norm() <= 1.01 * plain:decode():sub(small):norm() + 1e-37)
    end
    local constant = core.tensor("f32", { 3, 32 }):add(0.37)
    local layer = steps.layer { weight = constant }
    assert.is_true(core.compare(steps.round("hqq", nil, layer):decode(), constant).rel_l2 < 0.004) -- bf16
  end)

  it("refuses options that are none when the configuration is read", function()
    assert.error_matches(function() steps.step("hqq", { p = 2 }) end, "E%-CF%-05")
    assert.error_matches(function() steps.step("hqq", { routine = "v3" }) end, "E%-CF%-05")
    assert.error_matches(function() steps.step("hqq", { iterations = 0 }) end, "E%-CF%-05")
  end)
end)
