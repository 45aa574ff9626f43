--- HQQ, half-quadratic quantization (mobiusml, 2023): zero points that make the error of the weights
--- sparse.  It needs no data.
---
---   minimise over z, e   |e|_p^p + beta/2 |W - W_r(z) - e|^2,   W_r = (q - z) / c
---
---   c    = (2^b - 1) / (max - min) of the group;  z = -min c
---   q    = clamp(round(W c + z), 0, 2^b - 1)
---   e    = shrink(W - W_r) = sign(r) relu(|r| - |r|^(p - 1) / beta)
---   z    = mean over the group of  q - (W - e) c
---
--- for `iterations` rounds, or until mean |W - W_r| does not fall (`early_stop`).  The routine in wide use
--- ("legacy") leaves beta as it is; the later one ("v2") multiplies it by kappa in each round.  All in
--- f32, means summed in double.  What is stored is the scale 1/c and the value of code 0, both rounded to
--- the storage type; the last codes are made for these.
---
--- Groups so narrow that HQQ gives them no step of their own (max - min <= 1e-4, or c above 2e4) are
--- rounded to nearest between their smallest and largest value.

local core = require "vise.core"
local options_of = require "vise.algorithms.step_options"
local runs = require "vise.algorithms.runs"
local try = require("vise.fail").try

local M = {}

local NARROW, MOST = 1e-4, 2e4
local LEAST_WIDTH = 1e-6 -- of a group that is rounded to nearest
local ROUTINES = { legacy = true, v2 = true }

--- Is a group of this width rounded to nearest?
---@param width number
---@param top integer  The largest code.
---@return boolean
function M.is_narrow(width, top)
  return width <= NARROW or top / width > MOST
end

-- c of each column's width; 1 where the group is narrow.
local function inverse_steps(width, top)
  local c = try(width:mul(0))
  try(c:add(top, c))
  try(c:div(width, c))
  for i, v in ipairs(width:totable()) do
    if M.is_narrow(v, top) then c:set(i, 1) end
  end
  return c
end

-- q of some zero points.
local function codes(w, c, z, top)
  local q = try(w:mul(c))
  try(q:add(z, q))
  try(q:round(q))
  return try(q:clamp(0, top, q))
end

-- sign(r) relu(|r| - |r|^(p - 1) / beta)
local function shrink(r, beta, p)
  local size <close> = try(r:abs())
  local less <close> = try(size:power(p - 1))
  try(less:div(beta, less))
  try(size:sub(less, size))
  try(size:clamp(0, 3e38, size))
  local sign <close> = try(r:sign())
  return try(sign:mul(size))
end

-- What the codes miss: W - (q - z) / c.
local function rest(w, q, c, z)
  local back <close> = try(q:sub(z))
  try(back:div(c, back))
  return try(w:sub(back))
end

-- mean over the group of q - (W - e) c
local function better(w, e, q, c, z)
  local anchored <close> = try(w:sub(e))
  try(anchored:mul(c, anchored))
  try(q:sub(anchored, anchored))
  try(anchored:fold("mean", z))
end

--- Zero points of groups.
---@param w vise.Tensor  f32 [size, groups]: each column is a group.
---@param c vise.Tensor  f32 [groups]
---@param z vise.Tensor  f32 [groups], to begin with; changed in place.
---@param top integer    The largest code; the smallest is 0.
---@param options { p: number, beta: number, kappa: number, iterations: integer, early_stop: boolean, routine: string }
---@return integer rounds
function M.optimise(w, c, z, top, options)
  local beta, smallest, rounds = options.beta, math.huge, 0
  for _ = 1, options.iterations do
    rounds = rounds + 1
    local q <close> = codes(w, c, z, top)
    local r <close> = rest(w, q, c, z)
    local e <close> = shrink(r, beta, options.p)
    better(w, e, q, c, z)
    try(r:abs(r))
    local error = r:mean()
    if options.routine == "v2" then beta = beta * options.kappa end
    if options.early_stop and error >= smallest then break end
    smallest = error
  end
  return rounds
end

-- The scale 1/c and the value of code 0, (H - z)/c where codes count from -H.
local function stored_form(c, z, least, width, top)
  local half = (top + 1) // 2
  local zero = try(z:mul(-1))
  try(zero:add(half, zero))
  try(zero:div(c, zero))
  local scale = try(c:power(-1))
  local lowest = least:totable()
  for i, v in ipairs(width:totable()) do
    if M.is_narrow(v, top) then
      local step = math.max(v, LEAST_WIDTH) / top
      scale:set(i, step)
      zero:set(i, lowest[i] + half * step)
    end
  end
  return scale, zero
end

--- The steps of groups.
---@param w vise.Tensor  f32 [size, groups]: each column is a group.
---@param top integer    The largest code.
---@param options table  As optimise takes them.
---@return vise.Tensor scale  f32 [groups]
---@return vise.Tensor zero   f32 [groups]: the value of code 0 of codes from -H on.
---@return integer rounds
function M.steps(w, top, options)
  local least <close> = try(w:fold "min")
  local width <close> = try(w:fold "max")
  try(width:sub(least, width))
  local c <close> = inverse_steps(width, top)
  local z <close> = try(least:mul(c))
  try(z:mul(-1, z))
  local rounds = M.optimise(w, c, z, top, options)
  local scale, zero = stored_form(c, z, least, width, top)
  return scale, zero, rounds
end

-- Copies the steps of some columns' groups into rows of [runs, out].
local function place(steps, rows, into, done)
  local flat <close> = steps
  local count = flat:count() // rows
  local matrix <close> = try(flat:reshape { rows, count })
  local there <close> = try(into:rows(done + 1, done + count))
  try(matrix:transpose(there))
  return done + count
end

-- The steps of all groups of a layer: f32 [out, runs] each.
local function all_steps(layer, options)
  local rows, columns = layer.weight:shape()
  local size, top = runs.size(layer.scheme, columns), (1 << layer.scheme:fields().bits) - 1
  local count = (columns + size - 1) // size
  local scales <close>, done = try(core.tensor("f32", { count, rows })), 0
  local zeros <close> = try(core.tensor("f32", { count, rows }))
  for first, last, length in runs.parts(columns, size) do
    local part <close> = runs.slice(layer.weight, first, last)
    local w <close> = runs.columns_of(part, length)
    local scale, zero, rounds = M.steps(w, top, options)
    place(zero, rows, zeros, done)
    done = place(scale, rows, scales, done)
    layer.notes.iterations = math.max(layer.notes.iterations or 0, rounds)
  end
  return try(scales:transpose()), try(zeros:transpose())
end

---@type vise.Method
M.method = {
  name = "hqq", types = { "int2_weight_only*", "int3_weight_only*", "int4_weight_only*" },
  copies = 8,
  options = { p = 0.7, beta = 10, kappa = 1.01, iterations = 20, early_stop = true, routine = "legacy" },
  check = options_of.checker { p = options_of.number(0, 1), beta = options_of.number(1e-6, 1e9),
    kappa = options_of.number(1, 10), iterations = options_of.integer(1, 10000),
    routine = options_of.choice(ROUTINES) },
  round = function(layer, options)
    local scales, zeros = all_steps(layer, options)
    local scale <close> = scales
    local zero <close> = zeros
    return core.encode(layer.scheme, layer.weight, { scale = scale, zero = zero })
  end,
}

return M
