--- The form of journal.json: what of it has to be there before anything else is looked at.  A journal may
--- have been edited, so names of files are held against those that a journal gives.

local M = {}

local LAYERS = "^layers%-%d+%.safetensors$"
local STATES = { "^chain%-%d+%-%d+%.safetensors$", "^inputs%-%d+%.safetensors$" }

local function is_count(v) return math.type(v) == "integer" and v >= 0 end

local function is_states_file(v)
  return type(v) == "string" and (v:find(STATES[1]) or v:find(STATES[2])) ~= nil
end

local function states_problem(states)
  if type(states) ~= "table" or type(states.files) ~= "table" or type(states.extras) ~= "table" then
    return "states are not listed"
  elseif type(states.name) ~= "string" or not states.name:find "^[%w-]+$" then
    return "states have no name"
  end
  for _, field in ipairs { "count", "bytes", "largest" } do
    if not is_count(states[field]) then return ("states.%s is no count"):format(field) end
  end
  for i, file in ipairs(states.files) do
    if not is_states_file(file) then return ("states.files[%d] is no file of a journal"):format(i) end
  end
  for i = 1, states.count do
    if type(states.extras[i]) ~= "table" then return ("states.extras[%d] is missing"):format(i) end
  end
end

local function stage_problem(stage, place)
  if type(stage) ~= "table" or type(stage.reports) ~= "table" or type(stage.summaries) ~= "table" then
    return ("%s has no reports"):format(place)
  end
  for name, report in pairs(stage.reports) do
    if type(report) ~= "table" or type(stage.summaries[name]) ~= "table" then
      return ("%s lacks a report"):format(place)
    end
  end
  local has_layers = next(stage.reports) ~= nil
  if has_layers and (type(stage.file) ~= "string" or not stage.file:find(LAYERS)) then
    return ("%s names no file of layers"):format(place)
  end
end

--- What is wrong with a journal, nil if nothing is.
---@param plain table
---@return string?
function M.problem(plain)
  if type(plain.fingerprint) ~= "table" or not is_count(plain.stage) or type(plain.stages) ~= "table" then
    return "fields are missing"
  elseif #plain.stages ~= plain.stage + 1 then
    return ("%d stages are listed, the last that is done is %d"):format(#plain.stages, plain.stage)
  end
  for i, stage in ipairs(plain.stages) do
    local problem = stage_problem(stage, ("stages[%d]"):format(i))
    if problem then return problem end
  end
  return plain.states ~= nil and states_problem(plain.states) or nil
end

return M
