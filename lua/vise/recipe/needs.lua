--- What a recipe needs of this build and this machine.

local core = require "vise.core"
local fail = require "vise.fail"
local headers = require "vise.recipe.header"
local quant_types = require "vise.quant_types"
local shape = require "vise.recipe.shape"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

local OBSERVERS = { "range", "channel_span" }

local function backends()
  local known, runs = {}, {}
  for _, backend in ipairs(core.cpu().backends) do
    known[#known + 1] = backend.name
    if backend.runs then runs[#runs + 1] = backend.name end
  end
  return known, runs
end

local function has(list, name)
  for _, item in ipairs(list) do
    if item == name then return true end
  end
  return false
end

-- The first of `wanted` that is not among `known`.
local function missing(wanted, known)
  for _, name in ipairs(wanted or {}) do
    if not has(known, name) then return name end
  end
end

local function unknown(what, name, known)
  return ("needs the %s '%s'%s; this build knows %s"):format(what, shape.shown(name), suggest.hint(name, known),
    shape.joined(known))
end

local function backend_problem(wanted)
  local known, runs = backends()
  local name = missing(wanted, known)
  if name then return unknown("backend", name, known) end
  for _, backend in ipairs(wanted or {}) do
    if has(runs, backend) then return nil end
  end
  if wanted and #wanted > 0 then
    return ("needs one of the backends %s; this machine runs %s"):format(table.concat(wanted, ", "),
      table.concat(runs, ", "))
  end
end

local function type_problem(wanted)
  for _, name in ipairs(wanted or {}) do
    if not pcall(quant_types.parse, name) then return unknown("quant type", name, quant_types.forms) end
  end
end

local function problem_of(needs)
  local problem = backend_problem(needs.backends) or type_problem(needs.quant_types)
  if problem then return problem end
  local name = missing(needs.observers, OBSERVERS)
  if name then return unknown("observer", name, OBSERVERS) end
  if needs.plugins and needs.plugins[1] then return unknown("plug-in", needs.plugins[1], {}) end
  if needs.gpu then return "needs a GPU; this build computes on the CPU" end
end

--- Checks what the recipes of a chain need.
---@param recipe vise.Recipe
---@return true? ok
---@return string? message
---@return string? id
function M.check(recipe)
  for _, link in ipairs(recipe.chain) do
    local header, where = link.header, text.escape(link.folder) .. "/header.lua"
    if (header.api or 1) > headers.API then
      return fail.fail("E-RC-17", "%s needs api >= %d, this build has %d", where, header.api, headers.API)
    end
    local problem = problem_of(header.needs or {})
    if problem then return fail.fail("E-RC-18", "%s %s", where, problem) end
  end
  return true
end

--- What a person should know before trusting a recipe: what it needs beyond --model and --data, as
--- clauses; empty if nothing.
---@param header table
---@return string[]
function M.clauses(header)
  local needs, list = header.needs or {}, {}
  for _, name in ipairs(needs.read or {}) do list[#list + 1] = "reads " .. shape.shown(name) end
  for _, name in ipairs(needs.plugins or {}) do list[#list + 1] = "loads the plug-in " .. shape.shown(name) end
  if needs.gpu then list[#list + 1] = "needs a GPU" end
  return list
end

return M
