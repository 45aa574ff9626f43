--- lock.json: hashes of all that a run is made from, and the comparison with what is here.
---
--- The lock of what is here is made anew and compared as text, so no byte of it goes unseen; the
--- differences are then found field by field, to name them.

local core = require "vise.core"
local fail = require "vise.fail"
local packages = require "vise.recipe.package"

local M = {}

---@class vise.LockInputs
---@field package vise.Package
---@field assets? vise.Package     Where its assets lie, if not in its own folder.
---@field params table<string, any>
---@field extends? vise.Package[]  The recipes that it extends.
---@field model? table             As vise.runs.inputs says.
---@field data table[]
---@field engine table

-- Without lock.json, which cannot hash itself; of a base without params.json, too, which is not read.
local function without_lock(files, is_base)
  local list = core.array {}
  for _, file in ipairs(files) do
    if file.name ~= packages.LOCK and not (is_base and file.name == packages.PARAMS) then list[#list + 1] = file end
  end
  return list
end

-- The package's files and those of its bases, with params.json as it will be.
local function files_of(inputs, text)
  local list = without_lock(inputs.package.files)
  for _, base in ipairs(inputs.extends or {}) do
    for _, file in ipairs(without_lock(base.files, true)) do
      list[#list + 1] = { name = packages.base_name(base) .. file.name, bytes = file.bytes, sha256 = file.sha256 }
    end
  end
  local own, place = text and { name = packages.PARAMS, bytes = #text, sha256 = fail.try(core.sha256(text)) }, nil
  for i, file in ipairs(list) do
    if file.name == packages.PARAMS then place = i end
  end
  if own then list[place or #list + 1] = own end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- The lock of what is here.
---@param inputs vise.LockInputs
---@param params_text? string  Of params.json, where it is not the package's own.
---@return table lock
function M.make(inputs, params_text)
  local package, extends = inputs.package, core.array {}
  local home = inputs.assets or package
  for i, base in ipairs(inputs.extends or {}) do
    extends[i] = { name = base.name, version = base.version, package = base.hash }
  end
  return {
    schema = 1,
    recipe = { name = package.name, version = package.version, package = package.hash },
    files = files_of(inputs, params_text), assets = packages.hashes(home.folder, home.assets), extends = extends,
    params = inputs.params, seed = math.type(inputs.params.seed) and inputs.params.seed or nil,
    model = inputs.model, data = inputs.data, engine = inputs.engine,
  }
end

---@param lock table
---@return string
function M.text(lock)
  return assert(core.json_encode(lock, 2)) .. "\n"
end

--- Reads the lock of a package.
---@param folder string
---@return { lock: table, text: string }?
---@return string? message
---@return string? id
function M.read(folder)
  local path = folder .. "/" .. packages.LOCK
  if core.disk.exists(path) ~= "file" then
    return fail.fail("E-PK-07", "%s has no lock.json to hold the run to", core.escape(folder))
  end
  local text, message, id = core.disk.read(path, 1 << 20)
  if not text then return nil, message, id end
  local lock = core.json_decode(text, path)
  if type(lock) ~= "table" or lock.schema ~= 1 then
    return fail.fail("E-PK-10", "%s: expected an object of schema 1", core.escape(path))
  end
  return { lock = lock, text = text }
end

local function shown(value)
  if value == nil then return "nothing" end
  if type(value) == "string" then return core.escape(value) end
  local text = core.json_encode(value)
  return #text <= 60 and text or text:sub(1, 57) .. "..."
end

-- A list by the name of its items, for comparing; nil for what is no such list.
local function by_name(list, key)
  local named = {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    if type(item) == "table" and type(item[key]) == "string" then named[item[key]] = item end
  end
  return named
end

local function compare_files(found, what, key, locked, here)
  local old, new, names = by_name(locked, key), by_name(here, key), {}
  for name in pairs(old) do names[name] = true end
  for name in pairs(new) do names[name] = true end
  local sorted = {}
  for name in pairs(names) do sorted[#sorted + 1] = name end
  table.sort(sorted)
  for _, name in ipairs(sorted) do
    local a, b, label = old[name], new[name], ("%s %s"):format(what, core.escape(name))
    if not b then
      found(label, "is missing")
    elseif not a then
      found(label, "is not in the lock")
    elseif a.bytes ~= b.bytes then
      found(label, ("has %s bytes, the lock says %s"):format(shown(b.bytes), shown(a.bytes)))
    elseif a.sha256 ~= b.sha256 or a.package ~= b.package or a.version ~= b.version then
      found(label, ("was changed: hash %s, the lock says %s"):format(tostring(b.sha256 or b.package):sub(1, 12),
        shown(a.sha256 or a.package):sub(1, 12)))
    end
  end
end

local function refuse(list, where)
  local first = list[1] or { what = "lock.json", how = "was changed after it was written" }
  return fail.fail("E-PK-08", "%s: %s %s%s", core.escape(where), first.what, first.how,
    #list > 1 and (" (and %d more)"):format(#list - 1) or "")
end

local function compare_fields(found, what, locked, here)
  local names = {}
  locked = type(locked) == "table" and locked or {}
  for name in pairs(here) do names[#names + 1] = name end
  for name in pairs(locked) do
    if here[name] == nil then names[#names + 1] = name end
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    local a, b = locked[name], here[name]
    if core.json_encode { a } ~= core.json_encode { b } then
      found(("%s %s"):format(what, core.escape(tostring(name))), ("is %s, the lock says %s"):format(shown(b), shown(a)))
    end
  end
end

--- What differs between two locks: { what, how } each, the recipe first.
---@param locked table
---@param here table
---@return { what: string, how: string }[]
function M.differences(locked, here)
  local list = {}
  local function found(what, how) list[#list + 1] = { what = what, how = how } end
  compare_files(found, "recipe file", "name", locked.files, here.files)
  compare_files(found, "asset", "name", locked.assets, here.assets)
  compare_files(found, "extended recipe", "name", locked.extends, here.extends)
  compare_fields(found, "parameter", locked.params, here.params)
  local model_here, model_locked = here.model, type(locked.model) == "table" and locked.model or nil
  if model_here and not model_locked then
    found("the model", "is not in the lock: lock with --model")
  elseif model_locked and not model_here then
    found("the model", "is missing: give --model")
  elseif model_here then
    compare_files(found, "model file", "file", model_locked.files, model_here.files)
    compare_fields(found, "model", { variant = model_locked.variant }, { variant = model_here.variant })
  end
  compare_files(found, "data file", "file", locked.data, here.data)
  compare_fields(found, "engine", locked.engine, here.engine)
  compare_fields(found, "recipe", locked.recipe, here.recipe)
  return list
end

--- Holds the files of a recipe against its lock, before anything of it is loaded.
---@param read { lock: table, text: string }
---@param inputs { package: vise.Package, extends: vise.Package[] }
---@return true?
---@return string? message
---@return string? id
function M.hold_files(read, inputs)
  local list = {}
  compare_files(function(what, how) list[#list + 1] = { what = what, how = how } end, "recipe file", "name",
    read.lock.files, files_of(inputs))
  if #list == 0 then return true end
  return refuse(list, inputs.package.folder)
end

--- Holds what is here against the lock of a package.
---@param read { lock: table, text: string }
---@param here table  A lock of what is here.
---@param where string
---@return true?
---@return string? message  Names the first difference and says how many there are.
---@return string? id
function M.hold(read, here, where)
  if read.text == M.text(here) then return true end
  return refuse(M.differences(read.lock, here), where)
end

return M
