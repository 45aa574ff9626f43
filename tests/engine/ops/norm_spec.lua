local core = require "vise.core"
local support = require "support"

local EPS = 2 ^ -23
local nan = 0 / 0

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

-- (x - mean) / sqrt(variance + eps) of one row, in double.
local function normalise(row, eps)
  local mean, var, out = 0, 0, {}
  for _, v in ipairs(row) do mean = mean + v / #row end
  for _, v in ipairs(row) do var = var + (v - mean) ^ 2 / #row end
  for i, v in ipairs(row) do out[i] = (v - mean) / math.sqrt(var + eps) end
  return out
end

local function row_of(values, r, cols) return table.move(values, (r - 1) * cols + 1, r * cols, 1, {}) end

describe("core.layer_norm", function()
  it("normalises each row, then scales and shifts", function()
    for _, cols in ipairs { 1, 3, 8, 64, 65, 200 } do
      local x = support.random({ 2, 3, cols }, cols)
      local weight, bias = support.random({ cols }, 2):to "f16", support.random({ cols }, 3)
      local w, b, values = weight:totable(), bias:totable(), x:totable()
      local plain = core.layer_norm(x, 1e-5):totable()
      local scaled = core.layer_norm(x, 1e-5, weight):totable()
      local shifted = core.layer_norm(x, 1e-5, nil, bias):totable()
      local full = core.layer_norm(x, 1e-5, weight, bias):totable()
      for r = 1, 6 do
        local want = normalise(row_of(values, r, cols), 1e-5)
        for i = 1, cols do
          local at, n = (r - 1) * cols + i, want[i]
          -- One rounding of the double result, one of the product, one of the sum.
          assert.near(n, plain[at], EPS * math.abs(n))
          assert.near(n * w[i], scaled[at], 2 * EPS * math.abs(n * w[i]))
          assert.near(n + b[i], shifted[at], 2 * EPS * (math.abs(n) + math.abs(b[i])))
          assert.near(n * w[i] + b[i], full[at], 3 * EPS * (math.abs(n * w[i]) + math.abs(b[i])))
        end
      end
    end
  end)

  it("keeps its digits when the mean is far from zero", function()
    -- In f32 the variance of these would be lost altogether.
    local x = core.tensor_of("f32", { 1, 4 }, { 1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3 })
    local want = normalise(x:totable(), 0)
    for i, v in ipairs(core.layer_norm(x, 0):totable()) do assert.near(want[i], v, 2 * EPS) end
  end)

  it("handles huge and tiny rows", function()
    for _, size in ipairs { 1e38, 1e-30 } do
      local x = core.tensor_of("f32", { 1, 2 }, { size, -size })
      local y = core.layer_norm(x, 0):totable()
      assert.near(1, y[1], EPS)
      assert.near(-1, y[2], EPS)
    end
  end)

  it("gives zeros for a constant row, and NaN only where NaN is", function()
    local x = core.tensor("f32", { 3, 70 }):add(5)
    x:set(71, nan)
    local y = core.layer_norm(x, 1e-6)
    assert.equal(0, y:rows(1):norm())
    assert.equal(71, y:nonfinite())
    assert.equal(0, y:rows(3):norm())
  end)

  it("works in place and on nothing", function()
    local x = support.random({ 4, 90 }, 1)
    local want = core.layer_norm(x, 1e-5):tobytes()
    core.layer_norm(x, 1e-5, nil, nil, x)
    assert.is_true(want == x:tobytes())
    assert.equal(0, core.layer_norm(core.tensor("f32", { 0, 3 }), 1e-5):count())
    assert.equal(0, core.layer_norm(core.tensor("f32", { 3, 0 }), 1e-5):count())
  end)

  it("refuses what does not fit", function()
    local x = support.random({ 2, 3 }, 1)
    refuses("eps", function() core.layer_norm(x, -1) end)
    refuses("eps", function() core.layer_norm(x, nan) end)
    refuses("E-TN-08: the weight", function() core.layer_norm(x, 1e-5, support.random({ 2 }, 1)) end)
    refuses("E-TN-08: the bias", function() core.layer_norm(x, 1e-5, nil, support.random({ 1, 3 }, 1)) end)
    refuses("E-TN-04", function() core.layer_norm(x, 1e-5, core.tensor("i8", { 3 })) end)
  end)
end)

describe("core.rms_norm", function()
  it("divides by the root of the mean square", function()
    for _, cols in ipairs { 1, 5, 8, 65 } do
      local x, weight = support.random({ 3, cols }, cols), support.random({ cols }, 2):to "bf16"
      local values, w, got = x:totable(), weight:totable(), core.rms_norm(x, weight, 1e-5):totable()
      for r = 1, 3 do
        local mean = 0
        for i = 1, cols do mean = mean + values[(r - 1) * cols + i] ^ 2 / cols end
        for i = 1, cols do
          local at = (r - 1) * cols + i
          local want = values[at] / math.sqrt(mean + 1e-5) * w[i]
          assert.near(want, got[at], 3 * EPS * math.abs(want))
        end
      end
    end
  end)

  it("leaves zeros zero", function()
    local weight = core.tensor("f32", { 9 }):add(1)
    assert.equal(0, core.rms_norm(core.tensor("f32", { 2, 9 }), weight, 1e-6):norm())
  end)
end)

describe("core.modulate and core.gated_add", function()
  local B, T, D = 3, 5, 70
  local x, y = support.random({ B, T, D }, 1), support.random({ B, T, D }, 2)
  local six = support.random({ B, 6 * D }, 3)
  local xv, yv, sv = x:totable(), y:totable(), six:totable()

  local function each(f)
    for b = 0, B - 1 do
      for t = 0, T - 1 do
        for d = 1, D do f((b * T + t) * D + d, b * 6 * D + d) end
      end
    end
  end

  it("modulate: x (1 + scale) + shift, a row of each for a batch", function()
    local got = core.modulate(x, six:columns(D + 1, 2 * D), six:columns(4 * D + 1, 5 * D)):totable()
    each(function(at, row)
      local shift, scale = sv[row + D], sv[row + 4 * D]
      local want = xv[at] * (1 + scale) + shift
      assert.near(want, got[at], 3 * EPS * (math.abs(xv[at] * (1 + scale)) + math.abs(shift)))
    end)
  end)

  it("gated_add: x + gate y", function()
    local gate = six:columns(2 * D + 1, 3 * D)
    local got = core.gated_add(x, y, gate):totable()
    each(function(at, row)
      local term = sv[row + 2 * D] * yv[at]
      assert.near(xv[at] + term, got[at], 2 * EPS * (math.abs(xv[at]) + math.abs(term)))
    end)
    local want = core.gated_add(x, y, gate):tobytes()
    local in_x, in_y = x:copy(), y:copy()
    core.gated_add(in_x, y, gate, in_x)
    core.gated_add(x, in_y, gate, in_y)
    assert.is_true(want == in_x:tobytes() and want == in_y:tobytes())
  end)

  it("take a batch of none and tokens of none", function()
    for _, shape in ipairs { { 0, 2, 3 }, { 2, 0, 3 }, { 2, 3, 0 } } do
      local t, s = core.tensor("f32", shape), core.tensor("f32", { shape[1], shape[3] })
      assert.equal(0, core.modulate(t, s, s):count())
      assert.equal(0, core.gated_add(t, t, s):count())
    end
  end)

  it("refuse what does not fit", function()
    local row = support.random({ B, D }, 1)
    refuses("E-TN-08: the scale is f32 2x70", function() core.modulate(x, row, row:rows(1, 2)) end)
    refuses("E-TN-04: the shift", function() core.modulate(x, row:to "f16", row) end)
    refuses("E-TN-08", function() core.modulate(x:reshape { B * T, D }, row, row) end)
    refuses("E-TN-08: the branch", function() core.gated_add(x, y:rows(1, 2), row) end)
    local one = support.random({ 1, 1, D }, 1)
    local row_of_it = one:reshape { 1, D }
    refuses("E-TN-12", function() core.modulate(one, row_of_it, row_of_it, one) end)
  end)
end)
