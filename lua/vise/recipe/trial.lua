--- A recipe tried out without a person: quietly, on a small model that comes with vise.

local core = require "vise.core"
local fail = require "vise.fail"
local params = require "vise.recipe.params"
local paths = require "vise.paths"

local M = {}

---@class vise.Trial
---@field text string                   What the body printed.
---@field log string                    What it said on the way.
---@field results table<string, table>  What it reported, by name; the last of each.
---@field failed integer                Expectations that were not met.

local MODELS = {
  dit = { "quickstart/models/dit-fashion-mnist", "fp16" },
  llama = { "quickstart/models/stories260K" },
}

--- A small model that comes with vise.
---@param family string  "dit" or "llama"
---@return string? path  nil if it is not here.
---@return string? variant
function M.model(family)
  local share, known = paths.share(), MODELS[family]
  local path = share and known and ("%s/recipes/%s"):format(share, known[1])
  if path and core.disk.exists(path) then return path, known[2] end
end

--- The families of which a recipe takes models and a small one is here.
---@param header table
---@return string[]
function M.families(header)
  local inputs, list = header.inputs and header.inputs.model, {}
  for _, family in ipairs { "dit", "llama" } do
    local takes = type(inputs) ~= "table" or not inputs.families
    for _, name in ipairs(not takes and inputs.families or {}) do takes = takes or name == family end
    if takes and M.model(family) then list[#list + 1] = family end
  end
  return list
end

local function trial_of(job)
  local results = {}
  for _, r in ipairs(job.results) do results[r.name] = r.data end
  return { results = results, failed = job.failed }
end

-- What was raised, as a failure: with its own id, or as a bug.
local function refusal(raised)
  local id, message = fail.split(tostring(type(raised) == "table" and raised.message or raised))
  return nil, message, id or "E-US-10"
end

---@class vise.TrialOptions
---@field values? table<string, any>  Of all parameters.
---@field given? string[]             Or overrides.
---@field model? string               A family, or a path; none if not given.
---@field variant? string
---@field data? string[]
---@field out? string
---@field dry_run? boolean

--- Runs a recipe.
---@param recipe vise.Recipe
---@param options vise.TrialOptions
---@return vise.Trial? trial
---@return string? message
---@return string? id
function M.run(recipe, options)
  local values, message, id = options.values, nil, nil -- luacheck: ignore 311
  if not values then
    values, message, id = params.values(recipe.header.params or {}, options.given or {})
    if not values then return nil, message, id end
  end
  local path, variant = options.model, options.variant
  if MODELS[path] then path, variant = M.model(path) end
  local jobs, said = require "vise.job", { out = {}, log = {} }
  local job = jobs.new(recipe, { params = values, model = path, variant = variant, data = options.data or {},
    out = options.out, dry_run = options.dry_run, quiet = true })
  function job.say(_, stream, lines) table.insert(said[stream], lines) end
  local ok, done
  ok, done, message, id = pcall(fail.catch, jobs.run, job)
  if not ok then return refusal(done) end
  if not done then return nil, message, id end
  local trial = trial_of(job)
  trial.text, trial.log = table.concat(said.out), table.concat(said.log)
  return trial
end

return M
