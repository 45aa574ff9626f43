-- GPTQ against the published steps in plain loops and double, and its identities.

local core = require "vise.core"
local steps = require "workflow.support_steps"

-- U with U'U = (H + damping mean(diag) I)^-1, by Gauss-Jordan and Cholesky in double.
local function factor_by_hand(h, n, damping)
  local a, inv, u, trace = {}, {}, {}, 0
  for i = 1, n do trace = trace + h[(i - 1) * n + i] end
  for i = 1, n do
    a[i], inv[i], u[i] = {}, {}, {}
    for j = 1, n do
      a[i][j] = h[(i - 1) * n + j] + (i == j and damping * trace / n or 0)
      inv[i][j] = i == j and 1 or 0
    end
  end
  for i = 1, n do
    local pivot = a[i][i]
    for j = 1, n do a[i][j], inv[i][j] = a[i][j] / pivot, inv[i][j] / pivot end
    for k = 1, n do
      local f = a[k][i]
      for j = 1, n do
        if k ~= i then a[k][j], inv[k][j] = a[k][j] - f * a[i][j], inv[k][j] - f * inv[i][j] end
      end
    end
  end
  for i = 1, n do
    for j = i, n do
      local sum = inv[i][j]
      for k = 1, i - 1 do sum = sum - u[k][i] * u[k][j] end
      u[i][j] = i == j and math.sqrt(sum) or sum / u[i][i]
    end
  end
  return u
end

-- One row, column by column, with steps that are given: values and the sum of e^2.
local function row_by_hand(w, u, n, step)
  local values, loss = {}, 0
  for j = 1, n do
    local scale, zero, low, high = step(j)
    local q = math.floor((w[j] - zero) / scale + 0.5)
    values[j] = math.max(low, math.min(high, q)) * scale + zero
    local e = (w[j] - values[j]) / u[j][j]
    for k = j + 1, n do w[k] = w[k] - e * u[j][k] end
    loss = loss + e * e
  end
  return values, loss
end

local OUT, IN = 24, 64

describe("GPTQ", function()
  it("chooses the codes that the published steps in double choose, and loses as much", function()
    for _, precision in ipairs { "f32", "f64" } do
      local layer, weight = steps.case(OUT, IN, "int4_weight_only_g64")
      local coded = steps.round("gptq", { search = "none", precision = precision }, layer)
      local u = factor_by_hand(layer.moments:totable(), IN, 0.01)
      local t, w = coded:tensors(), weight:totable()
      local scale, zero, got = t.scale:totable(), t.zero:totable(), coded:decode():totable()
      local other, loss = 0, 0
      for r = 1, OUT do
        local values, lost = row_by_hand(table.move(w, (r - 1) * IN + 1, r * IN, 1, {}), u, IN,
          function() return scale[r], zero[r], -8, 7 end)
        loss = loss + lost
        for j = 1, IN do
          if math.abs(values[j] - got[(r - 1) * IN + j]) > 0.01 * scale[r] then other = other + 1 end
        end
      end
      assert.equal(0, other)
      assert.near(1, layer.notes.loss / loss, 1e-6)
      assert.equal(0.01, layer.notes.damping)
    end
  end)

  it("leaves weights that are on the grid as they are", function()
    for _, order in ipairs { "none", "static", "gar" } do
      local layer, weight = steps.case(OUT, IN, "int4_weight_only")
      local grid = core.encode(layer.scheme, weight):decode()
      layer:replace(grid:copy())
      local coded = steps.round("gptq", { order = order, search = "none" }, layer)
      -- The range of values on the grid gives the grid's step but for the rounding of its ends to bf16.
      assert.is_true(core.compare(coded:decode(), grid).rel_l2 < 0.01, order)
    end
    local layer, weight = steps.case(OUT, IN, "svdq_int4_r0")
    local grid = core.encode(layer.scheme, weight):decode()
    layer:replace(grid:copy())
    assert.same(grid:totable(), steps.round("gptq", { search = "none" }, layer):decode():totable())
  end)

  it("is better on the outputs than rounding, in every order and for every kind of codes", function()
    for _, type in ipairs { "int4_weight_only", "svdq_int4_r0", "int8_weight_only", "nvfp4_weight_only", "w4a8_g32" } do
      for _, order in ipairs { "none", "static", "gar" } do
        local layer = steps.case(OUT, 128, type)
        local rounded = steps.loss(layer, core.encode(layer.scheme, layer.weight))
        local found = steps.loss(layer, steps.round("gptq", { order = order }, layer))
        assert.is_true(found < 0.9 * rounded, ("%s %s: %g, rounding %g"):format(type, order, found, rounded))
      end
    end
  end)

  it("does not care for an order when inputs are independent: it is rounding then", function()
    local _, weight = steps.case(OUT, IN)
    local eye = core.tensor("f32", { IN, IN })
    for j = 1, IN do eye:set((j - 1) * IN + j, 1) end
    local layer = steps.layer { weight = weight, inputs = { moments = eye, close = function() end } }
    local plain = core.encode(layer.scheme, weight):tensors()
    for _, order in ipairs { "none", "static", "gar" } do
      local coded = steps.round("gptq", { order = order, search = "none" }, layer):tensors()
      assert.equal(core.xxh3(plain.codes), core.xxh3(coded.codes), order)
    end
  end)

  it("searches steps, which lowers what it loses", function()
    for _, type in ipairs { "int3_weight_only", "svdq_int4_r0" } do
      local function lost(search)
        local layer = steps.case(OUT, 128, type)
        return steps.loss(layer, steps.round("gptq", { search = search }, layer))
      end
      local none = lost "none"
      for _, search in ipairs { "auto", "squares", "mse" } do
        assert.is_true(lost(search) < none, ("%s %s"):format(type, search))
      end
    end
  end)

  it("names the column where moments are singular, and what helps", function()
    local _, weight = steps.case(OUT, IN)
    local twice = core.tensor("f32", { IN, IN })
    for j = 1, IN do
      for k = 1, IN do twice:set((j - 1) * IN + k, 1) end -- one input, in all channels
    end
    local layer = steps.layer { weight = weight, inputs = { moments = twice, close = function() end } }
    local ok, problem = pcall(steps.round, "gptq", { damping = 0 }, layer)
    assert.is_false(ok)
    assert.equal("E-NU-10", problem.id)
    assert.matches("column %d+: .*damping 0; options raise or damping", problem.message)
    local coded = steps.round("gptq", { damping = 0, raise = true }, layer)
    assert.is_true(layer.notes.damping > 0 and layer.notes.damping <= 1)
    assert.is_nil(coded:decode():nonfinite())
  end)

  it("makes codes of inputs that are never active, of one channel, of zeros, of large and small weights", function()
    local function finite(weight, x, type)
      local layer = steps.layer { weight = weight, x = x, type = type }
      return steps.round("gptq", nil, layer):decode()
    end
    local x = steps.rows(40, IN, 1)
    for r = 1, 40 do x:set((r - 1) * IN + 5, 0) end
    local weight = core.random(1):normal { 4, IN }
    assert.is_nil(finite(weight, x):nonfinite())
    assert.same({ 0, 0, 0, 0 }, finite(core.tensor("f32", { 4, 1 }), steps.rows(9, 1, 1), "int8_weight_only"):totable())
    assert.is_nil(finite(weight, core.tensor("f32", { 40, IN })):nonfinite())
    for _, size in ipairs { 1e10, 1e-30 } do
      assert.is_nil(finite(weight:mul(size), x, "svdq_int4_r0"):nonfinite())
    end
    local ok, problem = pcall(finite, weight:mul(1e30), x, "svdq_int4_r0")
    assert.is_false(ok)
    assert.equal("E-NU-14", problem.id)
  end)

  it("refuses orders and dampings that are none when the configuration is read", function()
    assert.error_matches(function() steps.step("gptq", { order = "group" }) end, "E%-CF%-05.*needs an index of groups")
    assert.error_matches(function() steps.step("gptq", { order = "statik" }) end, "E%-CF%-05.*static")
    assert.error_matches(function() steps.step("gptq", { damping = -1 }) end, "E%-CF%-05")
  end)
end)
