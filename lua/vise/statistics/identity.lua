--- Which model statistics belong to: the hash of its tensors and of what was changed in them since.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

---@param model vise.Model
---@return string? identity  nil, nil for a model that has no checkpoint.
---@return string? message
---@return string? id
function M.of(model)
  local hash, message, id = model.checkpoint:identity()
  if not hash then return nil, message, id end
  local transforms = model.transforms
  if not transforms or not next(transforms) then return hash end
  return core.xxh3(hash .. "\n" .. core.json_encode(transforms))
end

--- Refuses statistics of another model, and those that lack parts of the data.
---@param statistics vise.Statistics
---@param path string
---@param model vise.Model
---@return true?
---@return string? message
---@return string? id
function M.check(statistics, path, model)
  local of, message, id = M.of(model)
  if not of then return nil, message, id end
  if statistics.model and statistics.model ~= of then
    return fail.fail("E-OB-22", "%s: statistics of model %s, expected %s", path, statistics.model:sub(1, 12),
      of:sub(1, 12))
  end
  local parts, whole = statistics:parts()
  if parts < whole then
    return fail.fail("E-OB-25", "%s: statistics of %d of %d parts of the data; the other shards are missing", path,
      parts, whole)
  end
  return true
end

return M
