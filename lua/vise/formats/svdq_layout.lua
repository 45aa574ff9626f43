--- The packed layout of cache-dit's SVDQuant checkpoints, tensor by tensor.
---
--- Both sides of a layer are padded with zeros to multiples of 128, the rank to a multiple of 16.
--- Each tensor is then a digit permutation (engine/permute.h); the digits are listed from the
--- slowest to the fastest, { axis, unit, size }.

local core = require "vise.core"

local M = {}

local SIDE, RANK = 128, 16

--- The next multiple of 128: the size of a padded side.
---@param n integer
---@return integer
function M.padded(n)
  return (n + SIDE - 1) // SIDE * SIDE
end

--- The next multiple of 16: a padded rank.
---@param rank integer
---@return integer
function M.padded_rank(rank)
  return (rank + RANK - 1) // RANK * RANK
end

-- What 1 is in each type: scales and smoothing factors of padding.
local ONE = { bf16 = 0x3f80, f16 = 0x3c00, f8e4m3 = 0x38 }

-- Codes, rows n and columns k: 128 x 64 tiles, in which 16 rows go to the lanes of a warp.
local CODES = {
  { "row", 128 }, { "column", 64 }, { "row", 16, 8 }, { "row", 1, 8 }, { "column", 8, 4 }, { "row", 8, 2 },
  { "column", 32, 2 }, { "column", 1, 8 },
}
-- 16-bit scales, rows n and columns groups; vectors have one column.
local SCALES = { { "row", 128 }, { "column", 1 }, { "row", 16, 8 }, { "row", 2, 4 }, { "row", 8, 2 }, { "row", 1, 2 } }
-- E4M3 scales, rows n and columns groups of 16, four to a word.
local BLOCK_SCALES = {
  { "row", 128 }, { "column", 4 }, { "row", 1, 8 }, { "row", 8, 4 }, { "row", 32, 4 }, { "column", 1, 4 },
}
-- Factors in 16 x 16 tiles: `up` has channels as rows and ranks as columns, `down` the reverse.
local UP = {
  { "row", 16 }, { "column", 16 }, { "row", 1, 8 }, { "column", 2, 4 }, { "row", 8, 2 }, { "column", 8, 2 },
  { "column", 1, 2 },
}
local DOWN = {
  { "column", 16 }, { "row", 16 }, { "row", 1, 8 }, { "column", 2, 4 }, { "row", 8, 2 }, { "column", 8, 2 },
  { "column", 1, 2 },
}

---@class vise.PackedTensor
---@field name string     The tensor's name in the checkpoint.
---@field param string    Ours.
---@field dtype string    In the checkpoint.
---@field shape integer[] In the checkpoint.
---@field from string     Our dtype.
---@field logical integer[]  Our shape.
---@field how table       A permutation, for core.permute.

--- The tensors of a layer in the order of their names there.
---@param layer { shape: integer[], rank: integer, storage: string, bias: boolean, precision: "int4"|"nvfp4" }
---@return vise.PackedTensor[]
function M.tensors(layer)
  local out, inp = layer.shape[1], layer.shape[2]
  local rows, cols = M.padded(out), M.padded(inp)
  local rank, wide, T = layer.rank, M.padded_rank(layer.rank), layer.storage
  local list = {}
  local function add(name, param, dtype, shape, from, logical, how)
    list[#list + 1] = { name = name, param = param, dtype = dtype, shape = shape, from = from, logical = logical,
      how = how }
  end
  local function vector(name, param, logical, padded, fill)
    add(name, param, T, { padded }, T, { logical }, { digits = SCALES, padded = { padded, 1 }, fill = fill })
  end
  if layer.bias then vector("bias", "bias", out, rows, 0) end
  add("proj_down", "down", T, { cols, wide }, T, { rank, inp }, { digits = DOWN, padded = { wide, cols } })
  add("proj_up", "up", T, { rows, wide }, T, { out, rank }, { digits = UP, padded = { rows, wide } })
  -- Their nibbles are two's complement (int4) or the E2M1 code itself; ours are the code + 8, or the same.
  add("qweight", "codes", "i8", { rows, cols // 2 }, "u8", { out, inp // 2 },
    { digits = CODES, padded = { rows, cols }, bits = 4, flip = layer.precision == "int4" and 8 or 0 })
  vector("smooth_factor", "smooth", inp, cols, ONE[T])
  vector("smooth_factor_orig", "smooth_original", inp, cols, ONE[T])
  if layer.precision == "nvfp4" then
    vector("wcscales", "second", out, rows, ONE[T])
    add("wscales", "scale", "f8e4m3", { cols // 16, rows }, "f8e4m3", { out, inp // 16 },
      { digits = BLOCK_SCALES, padded = { rows, cols // 16 }, fill = ONE.f8e4m3 })
  else
    add("wscales", "scale", T, { cols // 64, rows }, T, { out, inp // 64 },
      { digits = SCALES, padded = { rows, cols // 64 }, fill = ONE[T] })
  end
  return list
end

--- Into their layout.
---@param t vise.PackedTensor
---@param tensor vise.Tensor  Ours, contiguous.
---@return vise.Tensor?
---@return string? message
---@return string? id
function M.pack(t, tensor)
  if t.how.padded[1] * t.how.padded[2] == 0 then return core.tensor(t.dtype, t.shape) end -- rank 0
  return core.permute(tensor, t.how, t.dtype, t.shape)
end

--- Back out of it.  Fails where the padding holds something.
---@param t vise.PackedTensor
---@param tensor vise.Tensor
---@return vise.Tensor?
---@return string? message
---@return string? id
function M.unpack(t, tensor)
  if t.how.padded[1] * t.how.padded[2] == 0 then return core.tensor(t.from, t.logical) end
  return core.unpermute(tensor, t.how, t.from, t.logical)
end

return M
