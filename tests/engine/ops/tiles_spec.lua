--- What every operator must do, whatever it computes: give the same bits for any number of
--- threads, lose nothing when memory runs out, and leave its inputs as they were.

local core = require "vise.core"
local support = require "support"

local x, y = support.random({ 4, 300, 64 }, 1), support.random({ 4, 300, 64 }, 2)
local rows, wide = support.random({ 4, 6 * 64 }, 3), support.random({ 5, 700 }, 4)
local weight, bias = support.random({ 300, 64 }, 5), support.random({ 300 }, 6)
local half, vector = weight:to "f16", support.random({ 64 }, 7):to "bf16"
local flat, big = x:reshape { 1200, 64 }, support.random({ 70001 }, 8)
local deep = support.random({ 20, 4500 }, 11)
local ids = core.tensor_of("i64", { 3 }, { 7, 0, 299 })
local image = support.random({ 2, 3, 8, 8 }, 9)
local targets = core.tensor_of("i64", { 5 }, { 0, 1, 2, 3, 4 })

-- Each gives a tensor or a table of numbers.
local operators = {
  add = function() return x:add(y) end,
  add_row = function() return flat:add(weight:rows(1):reshape { 64 }) end,
  argmax = function() return { big:argmax() } end,
  attention = function() return core.attention(x, y, y, { heads = 4, causal = true }) end,
  axpy = function() return x:axpy(0.3, y) end,
  clamp = function() return big:clamp(-0.5, 0.5) end,
  compare = function()
    local c = core.compare(x, y)
    return { c.mae, c.rmse, c.max_abs, c.rel_l2, c.cosine, c.sqnr }
  end,
  convert = function() return deep:to "f16" end,
  convert_strided = function() return deep:columns(100, 4400):to "bf16" end,
  cross_entropy = function() return { core.cross_entropy(wide, targets) } end,
  embedding = function() return core.embedding(half, ids) end,
  gated_add = function() return core.gated_add(x, y, rows:columns(65, 128)) end,
  gelu_erf = function() return core.gelu(x, "erf") end,
  gelu_tanh = function() return core.gelu(x, "tanh") end,
  layer_norm = function() return core.layer_norm(x, 1e-5, vector, vector) end,
  linear = function() return core.linear(x, weight, bias) end,
  linear_few = function() return core.linear(wide, support.random({ 300, 700 }, 9), bias) end,
  linear_half = function() return core.linear(x, half, bias:to "f16") end,
  matmul = function() return core.matmul(flat, y:reshape { 1200, 64 }, { trans_a = true }) end,
  matmul_deep = function() return core.matmul(deep, deep, { trans_b = true }) end,
  max = function() return { big:max() } end,
  mean = function() return { big:mean() } end,
  modulate = function() return core.modulate(x, rows:columns(1, 64), rows:columns(65, 128)) end,
  norm = function() return { big:norm() } end,
  patchify = function() return core.patchify(image, 4) end,
  rms_norm = function() return core.rms_norm(x, vector, 1e-5) end,
  add_positions = function() return core.add_positions(x, weight, {}) end,
  rope = function() return core.rope(x, { heads = 4 }) end,
  scale = function() return big:mul(0.3) end,
  silu = function() return core.silu(x) end,
  silu_mul = function() return core.silu_mul(x, y) end,
  sinusoid = function() return core.sinusoid(bias, { dim = 8 }) end,
  softmax = function() return core.softmax(x) end,
  sum = function() return { big:sum() } end,
  top_p = function() return { core.top_p(bias, { u = 0.4, top_p = 0.9 }) } end,
  unpatchify = function()
    return core.unpatchify(x:reshape { 4, 300, 64 }, { channels = 4, height = 60, width = 80, patch = 4 })
  end,
}

local function bits(result)
  if type(result) == "userdata" then return result:tobytes() end
  local parts = {}
  for i, v in ipairs(result) do parts[i] = string.pack("n", v) end
  return table.concat(parts)
end

describe("every operator", function()
  local threads

  setup(function() threads = core.threads() end)
  teardown(function() core.threads(threads) end)

  it("gives the same bits for any number of threads", function()
    for name, f in pairs(operators) do
      core.threads(1)
      local want = bits(f())
      for _, n in ipairs { 2, 3, 7 } do
        core.threads(n)
        assert.is_true(want == bits(f()), name)
      end
    end
  end)

  it("leaks nothing, whichever allocation fails, and says what failed", function()
    core.threads(2)
    for name, f in pairs(operators) do
      local failures = support.sweep(function()
        -- An input that the case makes for itself may fail first, and the operator raise.
        local ok, result, message, id = pcall(f)
        if not ok then return nil end
        if type(result) == "table" then return result[1] end
        if result == nil then assert.equal("E-MM-01", id, message) end
        return result
      end)
      assert.is_true(failures >= (name == "argmax" and 0 or 1), name)
    end
  end)

  it("leaves its inputs as they were", function()
    local inputs = { x, y, rows, wide, weight, bias, half, vector, big, image }
    local before = {}
    for i, t in ipairs(inputs) do before[i] = t:tobytes() end
    for _, f in pairs(operators) do f() end
    for i, t in ipairs(inputs) do assert.is_true(before[i] == t:tobytes(), i) end
  end)
end)
