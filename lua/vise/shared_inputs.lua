--- Which layers are made together because they are given the same input: with svdq = { shared_inputs =
--- true } they share a smoothing and a `down`; methods that say `shares` take them together always.
---
--- Two layers form a group if they are siblings (the same name up to the last dot) of one type and
--- width, with a branch and smoothed by what flows into them, and calibration saw both given the very
--- same tensor, one after the other, on every call.  Siblings are known when planning, which bounds
--- the memory; calibration decides among them, or for methods a file of vise stats, which says what it
--- saw.  Other files of statistics say nothing of tensors, and types without calibration have none:
--- their layers are split each on its own.

local core = require "vise.core"

local M = {}

--- Why nothing can be shared under a type, nil if it can.
---@param type vise.QuantType
---@param cfg vise.Config
---@return string?
function M.obstacle(type, cfg)
  if type.method.shares then
    return #type.needs == 0 and "no calibration shows which layers share an input" or nil
  end
  if not type.rank or type.rank == 0 then return "no low-rank branch" end
  if not type.method.make_group then return ("method %s makes each layer by itself"):format(type.method.name) end
  if type.smooth == "few_shot" then return nil end
  if not type.calibrated then return "no calibration shows which layers share an input" end
  if cfg.statistics then return "statistics from a file do not show which layers share an input" end
  return nil
end

local function key_of(layer)
  local parent = layer.name:match "^(.*)%." or ""
  return table.concat({ parent, layer.type.name, layer.type.method.name, layer.type.smooth, layer.storage,
    layer.shape[2] }, "\n")
end

-- Lists of two and more layers with the same key, in the order of their first ones.
local function lists(layers, key)
  local by_key, order = {}, {}
  for _, layer in ipairs(layers) do
    local k = key(layer)
    if not by_key[k] then
      by_key[k] = {}
      order[#order + 1] = by_key[k]
    end
    table.insert(by_key[k], layer)
  end
  local found = {}
  for _, list in ipairs(order) do
    if #list > 1 then found[#found + 1] = list end
  end
  return found
end

--- The layers that may form groups, if calibration sees them share an input.
---@param layers vise.PlannedLayer[]
---@param cfg vise.Config
---@return vise.PlannedLayer[][]
function M.siblings(layers, cfg)
  local able = {}
  for _, layer in ipairs(layers) do
    local asked = layer.type and (cfg.svdq.shared_inputs or layer.type.method.shares)
    if asked and not M.obstacle(layer.type, cfg) then able[#able + 1] = layer end
  end
  return lists(able, key_of)
end

--- The groups that calibration found, by the name of each of their layers.
---@param layers vise.PlannedLayer[]
---@param cfg vise.Config
---@param found? table<string, vise.Captured>
---@return table<string, vise.PlannedLayer[]>
function M.groups(layers, cfg, found)
  local groups = {}
  if not found then return groups end
  for _, siblings in ipairs(M.siblings(layers, cfg)) do
    -- A tensor that was changed between two layers, or a call that only one had, shows in what was seen.
    local shared = lists(siblings, function(layer)
      local seen = found[layer.name]
      local statistic = seen[layer.type.needs[1]]
      return ("%s\n%d %s"):format(seen.shares or layer.name, seen.rows or 0, statistic and core.xxh3(statistic) or "")
    end)
    for _, group in ipairs(shared) do
      for _, layer in ipairs(group) do groups[layer.name] = group end
    end
  end
  return groups
end

return M
