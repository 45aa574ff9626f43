--- Matrices of the same width one above the other, and back.

local core = require "vise.core"
local try = require("vise.fail").try

local M = {}

--- The rows that each matrix has in the stack: pairs { first, last }.
---@param counts integer[]
---@return integer[][]
function M.places(counts)
  local places, first = {}, 1
  for i, count in ipairs(counts) do
    places[i] = { first, first + count - 1 }
    first = first + count
  end
  return places
end

--- Stacks matrices by rows, in f32.
---@param matrices vise.Tensor[]  [rows, columns], of any float type
---@return vise.Tensor f32 [sum of rows, columns]
---@return integer[] counts
function M.join(matrices)
  local counts, rows, _, columns = {}, 0, matrices[1]:shape()
  for i, m in ipairs(matrices) do
    counts[i] = m:shape()
    rows = rows + counts[i]
  end
  local all = try(core.tensor("f32", { rows, columns }))
  for i, place in ipairs(M.places(counts)) do
    local wide <close> = try(matrices[i]:to "f32")
    local rows_of <close> = try(all:rows(place[1], place[2]))
    try(wide:copy(rows_of))
  end
  return all, counts
end

--- The matrices of a stack, each a copy of its own.
---@param all vise.Tensor
---@param counts integer[]
---@return vise.Tensor[]
function M.cut(all, counts)
  local list = {}
  for i, place in ipairs(M.places(counts)) do
    local rows <close> = try(all:rows(place[1], place[2]))
    list[i] = try(rows:copy())
  end
  return list
end

---@class vise.CodedStack  The codes of each matrix, as one.
---@field parts vise.Coded[]
local CodedStack = {}
CodedStack.__index = CodedStack

function CodedStack:close()
  for _, part in ipairs(self.parts) do part:close() end
end

--- A codec for stacks: each matrix is coded on its own.
---@param codec vise.Codec
---@param counts integer[]
---@param columns integer
---@return vise.Codec
function M.codec(codec, counts, columns)
  local places = M.places(counts)
  local function encode(all)
    local coded = setmetatable({ parts = {} }, CodedStack)
    for i, place in ipairs(places) do
      local rows <close> = try(all:rows(place[1], place[2]))
      coded.parts[i] = try(codec.encode(rows))
    end
    return coded
  end
  local function decode(coded)
    local all = try(core.tensor("f32", { places[#places][2], columns }))
    for i, place in ipairs(places) do
      local values <close> = try(codec.decode(coded.parts[i]))
      local rows <close> = try(all:rows(place[1], place[2]))
      try(values:copy(rows))
    end
    return all
  end
  return { encode = encode, decode = decode, round = codec.round }
end

return M
