--- The kinds of statistics that files hold.
---
--- Those that merge exactly stand in a file once.  Sums stand there for each node of the tree, so that
--- merging can go on from them.

local captured = require "vise.captured"
local core = require "vise.core"

local M = {}

---@class vise.StatisticsKind
---@field observer vise.ObserverKind
---@field sums? boolean

---@type table<string, vise.StatisticsKind>
M.ALL = {
  histogram = { observer = "histogram" },
  token_span = { observer = "token_span" },
  top = { observer = "top" },
}
for name, observer in pairs(captured.OBSERVERS) do M.ALL[name] = { observer = observer } end
for _, name in ipairs { "mean", "importance", "moments" } do M.ALL[name].sums = true end

--- Elements and dtype of what the observer of a kind keeps.
---@param kind string
---@param channels integer
---@return integer elements
---@return string dtype
function M.layout(kind, channels)
  return core.observer_layout(M.ALL[kind].observer, { channels = channels })
end

--- The kinds in the order in which they are told.
M.NAMES = table.move(captured.KINDS, 1, #captured.KINDS, 1, {})
for _, name in ipairs { "histogram", "token_span", "top" } do M.NAMES[#M.NAMES + 1] = name end

--- Those of a list that are known, in the order of NAMES, and the first that is not.
---@param list string[]
---@return string[]
---@return string? unknown
function M.sorted(list)
  local wanted, kinds, unknown = {}, {}, nil
  for _, name in ipairs(list) do
    if not M.ALL[name] then unknown = unknown or tostring(name) end
    wanted[name] = true
  end
  for _, name in ipairs(M.NAMES) do
    if wanted[name] then kinds[#kinds + 1] = name end
  end
  return kinds, unknown
end

return M
