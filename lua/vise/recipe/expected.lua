--- expected.json: what a package's runs measured, on which model and machine.
---
---   { "schema": 1, "recorded": [ { "model": "identity", "params": {}, "metrics": [], "bits_per_weight",
---     "bytes", "seconds", "machine": { "cpu", "class", "threads" }, "vise" } ] }
---
--- One entry for each model and set of parameters; recording again replaces it.

local core = require "vise.core"
local fail = require "vise.fail"
local packages = require "vise.recipe.package"
local runs = require "vise.runs"

local M = {}

-- A model by the hashes of its files: its name and place say nothing.
local function identity_of(model)
  local lines = {}
  for i, file in ipairs(model and model.files or {}) do lines[i] = ("%s %s\n"):format(file.sha256, file.file) end
  return #lines > 0 and core.sha256(table.concat(lines)) or nil
end

--- What a finished run measured.
---@param record table  Of run.json.
---@return table entry
function M.entry(record)
  local bits, bytes = runs.sizes(record)
  return { model = identity_of(record.model), model_name = record.model and record.model.given:match "([^/]+)/*$",
    params = record.params, metrics = record.metrics, bits_per_weight = bits, bytes = bytes, seconds = record.seconds,
    machine = { cpu = record.cpu, class = record.engine.class, threads = record.threads }, vise = record.vise }
end

--- Reads a package's expected.json.
---@param folder string
---@return table[]? recorded  Empty where there is none.
---@return string? message
---@return string? id
function M.read(folder)
  local path = folder .. "/" .. packages.EXPECTED
  if not core.disk.exists(path) then return core.array {} end
  local text, message, id = core.disk.read(path, 1 << 20)
  if not text then return nil, message, id end
  local found = core.json_decode(text, path)
  if type(found) ~= "table" or found.schema ~= 1 or type(found.recorded) ~= "table" then
    return fail.fail("E-PK-10", "%s: expected schema 1 and a list of what was recorded", core.escape(path))
  end
  for i, entry in ipairs(found.recorded) do
    if type(entry) ~= "table" or type(entry.params) ~= "table" or type(entry.metrics) ~= "table" then
      return fail.fail("E-PK-10", "%s: recorded[%d] needs params and metrics", core.escape(path), i)
    end
  end
  return found.recorded
end

--- The list with an entry in the place of the one for the same model and parameters.
---@param recorded table[]
---@param entry table
---@return string text  Of expected.json.
function M.text(recorded, entry)
  local function key(e) return core.json_encode { e.model or core.null, e.params } end
  local list, place = core.array {}, nil
  for i, old in ipairs(recorded) do
    list[i] = old
    if key(old) == key(entry) then place = i end
  end
  list[place or #list + 1] = entry
  return assert(core.json_encode({ schema = 1, recorded = list }, 2)) .. "\n"
end

return M
