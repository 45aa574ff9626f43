--- GPTQ in plain loops of double precision, the published way: the inverse of the damped matrix by elimination,
--- its upper Cholesky factor, columns one by one.

local M = {}

--- A number as f32 stores it.
function M.f32(v) return (string.unpack("f", string.pack("f", v))) end

local function rint(v)
  local r = math.floor(v + 0.5)
  if r - v == 0.5 and r % 2 == 1 then r = r - 1 end
  return r
end

--- Rows of numbers of a matrix.
function M.rows(t)
  local m, n = t:shape()
  local flat, rows = t:totable(), {}
  for i = 1, m do rows[i] = table.move(flat, (i - 1) * n + 1, i * n, 1, {}) end
  return rows
end

-- Gauss-Jordan without pivots, which a positive definite matrix does not need.
local function inverse(a)
  local n, out = #a, {}
  for i = 1, n do
    a[i], out[i] = table.move(a[i], 1, n, 1, {}), {}
    for j = 1, n do out[i][j] = i == j and 1 or 0 end
  end
  for c = 1, n do
    local by = 1 / a[c][c]
    for j = 1, n do a[c][j], out[c][j] = a[c][j] * by, out[c][j] * by end
    for i = 1, n do
      local f = a[i][c]
      for j = 1, i ~= c and f ~= 0 and n or 0 do
        a[i][j], out[i][j] = a[i][j] - f * a[c][j], out[i][j] - f * out[c][j]
      end
    end
  end
  return out
end

-- Upper u with u' u = a.
local function upper_cholesky(a)
  local n, u = #a, {}
  for i = 1, n do
    u[i] = {}
    for j = 1, i - 1 do u[i][j] = 0 end
    for j = i, n do
      local sum = a[i][j]
      for k = 1, i - 1 do sum = sum - u[k][i] * u[k][j] end
      u[i][j] = i == j and math.sqrt(sum) or sum / u[i][i]
    end
  end
  return u
end

--- The factor, of a matrix in rows, its columns taken in an order.
function M.factor(h, damping, order)
  local n, sum, live = #h, 0, 0
  for i = 1, n do
    sum = sum + h[i][i]
    if h[i][i] ~= 0 then live = live + 1 end
  end
  local a = {}
  for i = 1, n do
    a[i] = {}
    for j = 1, n do a[i][j] = h[order[i]][order[j]] end
    if a[i][i] == 0 then a[i][i] = 1 end
    a[i][i] = a[i][i] + damping * sum / live
  end
  return upper_cholesky(inverse(a))
end

--- The steps of some values: a function from a value to its code and to what that stands for.
M.steps = {}

local function range(values)
  local lo, hi = math.huge, -math.huge
  for _, v in ipairs(values) do lo, hi = math.min(lo, v), math.max(hi, v) end
  return lo, hi
end

function M.steps.amax(values, bits)
  local lo, hi = range(values)
  local most = 2 ^ (bits - 1) - 1
  local s = M.f32(math.max(-lo, hi) / most)
  if s == 0 then s = 1 end
  return function(x)
    local q = math.max(-most - 1, math.min(most, rint(x / s)))
    return q, q * s
  end
end

function M.steps.minmax_int_zero(values, bits)
  local lo, hi = range(values)
  local most = 2 ^ bits - 1
  lo, hi = math.min(lo, 0), math.max(hi, 0)
  local s = M.f32((hi - lo) / most)
  local z = math.max(0, math.min(most, rint(-lo / s)))
  return function(x)
    local q = math.max(0, math.min(most, rint(x / s) + z))
    return q, (q - z) * s
  end
end

local F4 = { 0, 0.5, 1, 1.5, 2, 3, 4, 6 }

-- The nearest f8e4m3 of a positive number.
local function f8(v)
  local unit = 2 ^ (math.max(math.floor(math.log(v, 2)), -6) - 3)
  return math.min(448, rint(v / unit) * unit)
end

--- torchao's NVFP4, `tensor` being the largest |x| of the whole weight.
function M.steps.nvfp4(values, _, tensor)
  local lo, hi = range(values)
  local t = M.f32(tensor / 2688)
  local s = f8(math.max(2 ^ -6, math.min(448, math.max(-lo, hi) / 6 / t)))
  return function(x)
    local a, best = math.abs(x) / (s * t), 1
    for i, v in ipairs(F4) do
      if math.abs(v - a) < math.abs(F4[best] - a) then best = i end
    end
    local v = x < 0 and -F4[best] or F4[best]
    return v, v * s * t
  end
end

--- Sweeps. `how`: steps = one of M.steps, bits, group (nil: whole rows), static, reference (block: steps from
--- what came in with the block).
---@return number[][] codes   In the order of the weight.
---@return number[][] values
---@return number loss        tr((W - Q) (H + damping) (W - Q)')
function M.sweep(w, h, damping, order, how)
  local n, u = #h, M.factor(h, damping, order)
  local codes, values, loss, most = {}, {}, 0, 0
  for _, row in ipairs(w) do
    for _, v in ipairs(row) do most = math.max(most, math.abs(v)) end
  end
  for r, row in ipairs(w) do
    local x, coders = {}, {}
    codes[r], values[r] = {}, {}
    local function make(run, from, cols)
      local some = {}
      for _, c in ipairs(cols) do some[#some + 1] = from[c] end
      coders[run] = how.steps(some, how.bits, most)
    end
    local function run_of(c) return how.group and (order[c] - 1) // how.group or 0 end
    local members, natural = {}, {}
    for c = 1, n do
      local run = run_of(c)
      x[c] = row[order[c]]
      members[run], natural[run] = members[run] or {}, natural[run] or {}
      table.insert(members[run], c)
      table.insert(natural[run], order[c])
    end
    if not how.group then make(0, row, natural[0]) end
    local came = {}
    for c = 1, n do if h[order[c]][order[c]] == 0 then x[c] = 0 end end
    for run in pairs(how.static and how.group and members or {}) do make(run, x, members[run]) end
    for c = 1, n do
      local run = run_of(c)
      if how.reference and (c - 1) % how.reference == 0 then came = table.move(x, 1, n, 1, {}) end
      if not coders[run] then make(run, how.reference and came or x, members[run]) end
      local q, v = coders[run](x[c])
      codes[r][order[c]], values[r][order[c]] = q, v
      local e = (x[c] - v) / u[c][c]
      if h[order[c]][order[c]] == 0 then e = 0 end
      for k = c + 1, n do x[k] = x[k] - e * u[c][k] end
      loss = loss + e * e
    end
  end
  return codes, values, loss
end

return M
