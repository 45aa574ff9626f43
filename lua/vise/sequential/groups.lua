--- In which order the layers of a block are made: all at once, or those that are given the same input
--- together, in the order in which they run.

local M = {}

-- Runs a stage on the first state and tells which layers ran, in groups that were given one tensor.
local function order_of(target, stage, states)
  local list, group_of, last = {}, {}, setmetatable({}, { __mode = "v" }) -- weak: keeps no input alive
  local undo = {}
  local _ <close> = setmetatable({}, { __close = function()
    for _, f in ipairs(undo) do f() end
  end })
  for _, layer in ipairs(target.model:layers()) do
    undo[#undo + 1] = layer:hook(function(_, x)
      if not group_of[layer.name] then
        if not rawequal(last.x, x) then list[#list + 1] = {} end
        group_of[layer.name] = list[#list] or {}
        table.insert(list[#list], layer.name)
      end
      last.x = x
    end)
  end
  local done = false
  states:each(function(_, state, extras)
    if done then
      for _, tensor in pairs(state) do tensor:close() end
      return
    end
    done = true
    local after = stage.run(state, table.unpack(extras))
    for _, tensor in pairs(after or {}) do tensor:close() end
  end)
  return list
end

--- The layers of a stage in the groups in which they are made.
---@param target vise.Target
---@param stage vise.Stage
---@param states vise.States
---@return vise.PlannedLayer[][]
function M.of(target, stage, states)
  if #stage.layers == 0 then return {} end
  if target.plan.mode ~= "true_sequential" then return { stage.layers } end
  local planned, groups = {}, {}
  for _, layer in ipairs(stage.layers) do planned[layer.name] = layer end
  for _, names in ipairs(order_of(target, stage, states)) do
    local group = {}
    for _, name in ipairs(names) do group[#group + 1], planned[name] = planned[name], nil end
    if #group > 0 then groups[#groups + 1] = group end
  end
  local rest = {} -- that nothing reached: told apart when they are observed
  for _, layer in ipairs(stage.layers) do
    if planned[layer.name] then rest[#rest + 1] = layer end
  end
  if #rest > 0 then groups[#groups + 1] = rest end
  return groups
end

return M
