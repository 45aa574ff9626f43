--- Inheritance: a header's `extends = "int8@1.0.0"` resolved into a chain of recipes.
---
--- A base is looked for in the package's own extends/NAME@VERSION, beside the package, and where recipes
--- are found by name.  What a header does not say is its base's, but for name, version, summary, `expects`
--- and `replaces`; of parameters field by field.

local core = require "vise.core"
local code = require "vise.recipe.code"
local fail = require "vise.fail"
local headers = require "vise.recipe.header"
local params = require "vise.recipe.params"
local search = require "vise.recipe.search"
local shape = require "vise.recipe.shape"
local text = require "vise.text"

local M = {}

local MAX_CHAIN = 8

---@class vise.RecipeLink
---@field folder string
---@field header table  As it stands in the folder, nothing inherited.

-- Reads the header of a folder.
local function read(folder)
  local path = folder .. "/header.lua"
  local source, message, id = code.read(path)
  if not source then return nil, message, id end
  local header
  header, message, id = headers.read(source, text.escape(path))
  return header and { folder = folder, header = header }, message, id
end

-- Folders where a base may lie, nearest first.
local function candidates(link, top, name, version)
  local list, beside = {}, link.folder:match "^(.*)/[^/]+$" or "."
  local exact = name .. "@" .. version
  for _, folder in ipairs { top .. "/extends/" .. exact, link.folder .. "/extends/" .. exact,
    beside .. "/" .. exact, beside .. "/" .. name } do
    list[#list + 1] = folder
  end
  for _, place in ipairs(search.places()) do
    list[#list + 1] = place.folder .. "/" .. exact
    list[#list + 1] = place.folder .. "/" .. name
  end
  return list
end

-- The base that a header names, in the version that it names.
local function base_of(link, top)
  local name, version = link.header.extends:match "^(.*)@(.*)$"
  local others, seen = {}, {}
  for _, folder in ipairs(candidates(link, top, name, version)) do
    if not seen[folder] and core.disk.exists(folder .. "/header.lua") == "file" then
      seen[folder] = true
      local found, message, id = read(folder)
      if not found then return nil, message, id end
      if found.header.name == name and found.header.version == version then return found end
      if found.header.name == name then others[#others + 1] = found.header.version end
    end
  end
  local where = text.escape(link.folder) .. "/header.lua"
  if #others > 0 then
    return fail.fail("E-RC-20", "%s extends %s, and of %s there is version %s", where, link.header.extends, name,
      table.concat(others, ", "))
  end
  local names = {}
  for i, found in ipairs(search.list()) do names[i] = found.name end
  return fail.fail("E-RC-20", "%s extends %s, which is not there%s", where, link.header.extends,
    require("vise.suggest").hint(name, names))
end

local function exact_name(link)
  return link.header.name .. "@" .. link.header.version
end

--- The recipe of a folder and those that it extends, itself first.
---@param folder string
---@return vise.RecipeLink[]? chain
---@return string? message
---@return string? id
function M.chain(folder)
  local link, message, id = read(folder)
  if not link then return nil, message, id end
  local chain, seen = { link }, { [exact_name(link)] = true }
  while chain[#chain].header.extends do
    link, message, id = base_of(chain[#chain], folder)
    if not link then return nil, message, id end
    chain[#chain + 1] = link
    local where = text.escape(folder) .. "/header.lua"
    if seen[exact_name(link)] then
      local names = {}
      for i, step in ipairs(chain) do names[i] = exact_name(step) end
      return fail.fail("E-RC-21", "%s: %s", where, table.concat(names, " extends "))
    elseif #chain > MAX_CHAIN then
      return fail.fail("E-RC-21", "%s: a chain of more than %d recipes", where, MAX_CHAIN)
    end
    seen[exact_name(link)] = true
  end
  return chain
end

local OWN = { name = true, version = true, summary = true, expects = true, replaces = true, extends = true,
  assets = true }

local function merged_params(base, own)
  local specs = {}
  for name, spec in pairs(base or {}) do specs[name] = spec end
  for name, spec in pairs(own or {}) do
    local whole = {}
    for key, value in pairs(specs[name] or {}) do whole[key] = value end
    for key, value in pairs(spec) do whole[key] = value end
    if spec.default ~= nil then whole.required = spec.required end
    if spec.required then whole.default = nil end
    specs[name] = whole
  end
  return specs
end

--- The header that a chain comes to.
---@param chain vise.RecipeLink[]
---@return table? header
---@return string? message
---@return string? id
function M.header(chain)
  local header = chain[#chain].header
  for i = #chain - 1, 1, -1 do
    local own, merged = chain[i].header, {}
    for key, value in pairs(header) do
      if not OWN[key] then merged[key] = value end
    end
    for key, value in pairs(own) do merged[key] = value end
    merged.params = merged_params(header.params, own.params)
    for _, name in ipairs(shape.keys(merged.params)) do
      local problem = params.problem(name, merged.params[name], merged.params)
      if problem then
        return fail.fail("E-RC-03", "%s/header.lua: params.%s", text.escape(chain[i].folder), problem)
      end
    end
    header = merged
  end
  return header
end

--- What gives the path of a file of a chain: the first recipe's that has it.
---@param chain vise.RecipeLink[]
---@return fun(name: string): string?
function M.finder(chain)
  return function(name)
    for _, link in ipairs(chain) do
      local path = link.folder .. "/" .. name
      if core.disk.exists(path) then return path end
    end
    return nil
  end
end

return M
