--- Rotations: orthogonal matrices with a block for so many numbers, by kind.
---
---   hadamard         a normalised Hadamard matrix
---   random-hadamard  the same after random signs
---   random-matrix    uniformly distributed over all rotations, for comparison: n^2 products a row

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

M.KINDS = { "hadamard", "random-hadamard", "random-matrix" }

-- Orders m of Hadamard matrices that the sizes m 2^k are made of, least first.
local BASES = { 1, 12, 20, 28, 36, 52, 60, 108, 140, 156, 172 }

-- The base of a size of vise.linalg.hadamard.
local function base_of(block)
  for _, m in ipairs(BASES) do
    local rest = block // m
    if block % m == 0 and rest & (rest - 1) == 0 then return m end
  end
end

-- The Hadamard matrix of order m, normalised, in f64; nothing for m = 1.
local function base_matrix(m)
  if m == 1 then return nil end
  local ones <close> = try(core.tensor("f32", { m, m }))
  for i = 1, m do ones:set((i - 1) * m + i, 1) end
  local h <close> = try(core.hadamard(ones, m))
  local out = try(core.tensor("f64", { m, m }))
  for i = 1, m * m do out:set(i, (h:get(i) > 0 and 1 or -1) / math.sqrt(m)) end
  return out
end

-- Random signs for one block, repeated over all numbers.
local function signs(width, block, random)
  local diagonal = try(core.tensor("f64", { width }))
  for i = 1, block do
    local sign = random:u32() & 1 == 0 and 1 or -1
    for j = i, width, block do diagonal:set(j, sign) end
  end
  return diagonal
end

-- The left factor of normal numbers has no preferred direction; nor have its columns a sign.
local function random_matrix(block, random)
  local normal <close> = try(random:normal { block, block })
  local wide <close> = try(normal:to "f64")
  local u, s, vt = core.svd(wide)
  if not u then try(nil, s, vt) end
  s:close()
  vt:close()
  local columns <close> = signs(block, block, random)
  try(core.rotate(u, { block = 1 }, columns))
  return u
end

--- The block that a rotation of so many numbers takes: as asked for, or the largest that there is.
--- Raises E-TR-05.
---@param kind string
---@param width integer
---@param block integer  0: the largest.
---@param what string    For the message.
---@return integer
function M.block(kind, width, block, what)
  if block ~= 0 and width % block ~= 0 then
    fail.raise("E-TR-05", "rotate: a block of %d does not divide the %s of %d", block, what, width)
  end
  local most = block == 0 and width or block
  if kind == "random-matrix" then return most end
  local size = core.hadamard_size(most)
  if block ~= 0 and size ~= block then
    fail.raise("E-TR-05", "rotate: there is no Hadamard matrix of %d numbers; the largest block is %d", block, size)
  elseif size < 2 then
    fail.raise("E-TR-05", "rotate: no Hadamard matrix divides the %s of %d", what, width)
  end
  return size
end

--- Makes a rotation of `width` numbers, the same in every block.
---@param kind string
---@param width integer
---@param block integer
---@param random vise.Generator
---@return vise.Rotation
function M.new(kind, width, block, random)
  if kind == "random-matrix" then return { block = block, matrix = random_matrix(block, random) } end
  return { block = block, matrix = base_matrix(base_of(block)),
    diagonal = kind == "random-hadamard" and signs(width, block, random) or nil }
end

return M
