--- Runs of a matrix: the inputs of a row that share a step, `size` of them, the last run maybe fewer.
--- What a scheme's groups hold is found and spread here; granularity "row" is one run a row.

local core = require "vise.core"
local try = require("vise.fail").try

local M = {}

--- How many inputs of a layer's rows share a step.
---@param scheme vise.Scheme
---@param columns integer
---@return integer
function M.size(scheme, columns)
  local group = scheme:fields().group or 0
  return group > 0 and math.min(group, columns) or columns
end

--- Can core.encode search the steps of a scheme?  It is asked.
---@param scheme vise.Scheme
---@return boolean
function M.searchable(scheme)
  local group = scheme:fields().group or 0
  local probe <close> = try(core.tensor("f32", { 1, math.max(group, 1) }))
  local ok, coded = pcall(core.encode, scheme, probe, { search = true })
  if ok and coded then coded:close() end
  return ok and coded ~= nil
end

--- [rows, n * size] -> [size, rows * n]: each column is a run.
---@param x vise.Tensor
---@param size integer
---@return vise.Tensor
function M.columns_of(x, size)
  local rows, columns = x:shape()
  local flat <close> = try(x:reshape { rows * columns // size, size })
  return try(flat:transpose())
end

--- Some columns of a matrix as a matrix of its own.
---@param x vise.Tensor
---@param first integer
---@param last integer
---@return vise.Tensor
function M.slice(x, first, last)
  local view <close> = try(x:columns(first, last))
  return try(view:copy())
end

--- The parts of a matrix whose runs have one length: full runs, then the shorter ones at its end.
---@param columns integer
---@param size integer
---@return fun(): integer?, integer, integer  First and last column, and the length of the runs.
function M.parts(columns, size)
  local full, state = columns // size * size, 0
  return function()
    state = state + 1
    if state == 1 and full > 0 then return 1, full, size end
    if state <= 2 and full < columns then
      state = 2
      return full + 1, columns, columns - full
    end
  end
end

--- One number for each run: [rows, columns] -> [rows, runs].
---@param x vise.Tensor  f32
---@param size integer
---@param what "sum"|"mean"|"min"|"max"|"norm"
---@return vise.Tensor
function M.fold(x, size, what)
  local rows, columns = x:shape()
  local runs = (columns + size - 1) // size
  local all <close>, done = try(core.tensor("f32", { runs, rows })), 0
  for first, last, length in M.parts(columns, size) do
    local part <close> = M.slice(x, first, last)
    local turned <close> = M.columns_of(part, length)
    local found <close> = try(turned:fold(what))
    local count = (last - first + 1) // length
    local matrix <close> = try(found:reshape { rows, count })
    local place <close> = try(all:rows(done + 1, done + count))
    try(matrix:transpose(place))
    done = done + count
  end
  return try(all:transpose())
end

-- Each element `size` times in a row: [rows, runs] -> [rows, runs * size].
local function repeated(values, size)
  local rows, runs = values:shape()
  local column <close> = try(values:reshape { rows * runs, 1 })
  local ones <close> = try(core.tensor("f32", { 1, size }))
  try(ones:add(1, ones))
  local wide <close> = try(core.matmul(column, ones)) -- exact: one term
  return try(wide:reshape { rows, runs * size })
end

--- Each run's number in all of its places: [rows, runs] -> [rows, columns].
---@param values vise.Tensor  f32
---@param columns integer
---@param size integer
---@return vise.Tensor
function M.spread(values, columns, size)
  local _, runs = values:shape()
  local wide = repeated(values, size)
  if runs * size == columns then return wide end
  local all <close> = wide
  return M.slice(all, 1, columns)
end

return M
