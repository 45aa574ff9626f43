--- A package made from a finished run: its recipe under a new name, with the run's values as defaults.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"
local literals = require "vise.recipe.literals"
local locks = require "vise.recipe.lock"
local packages = require "vise.recipe.package"

local M = {}

-- The header's text with another name and version 1.0.0.  Both stand there as literals; the result is
-- parsed again, so what is no plain field is refused and not guessed.
local function renamed(text, old, name)
  local out, found = text, 0
  for field, values in pairs { name = { old.name, name }, version = { old.version, "1.0.0" } } do
    local pattern = ("(%%f[%%w_]%s%%s*=%%s*)([\"'])%s%%2"):format(field, (values[1]:gsub("%p", "%%%0")))
    local changed
    out, changed = out:gsub(pattern, function(before, quote) return before .. quote .. values[2] .. quote end, 1)
    found = found + changed
  end
  local header = literals.parse(out, "header.lua")
  if found ~= 2 or not header or header.name ~= name or header.version ~= "1.0.0" then
    fail.try(nil, "header.lua of the run does not give name and version as plain strings", "E-RC-03")
  end
  return out
end

local function make(run, name, folder)
  if not name:find "^[%l%d][%l%d-]*$" then
    fail.try(nil, ("'%s' is no name: lower-case words joined by '-'"):format(core.escape(name)), "E-RC-03")
  end
  if run.record.status ~= "done" then
    fail.try(nil, ("run %s is %s, expected done"):format(core.escape(run.id), core.escape(run.record.status)),
      "E-RU-04")
  end
  if core.disk.exists(folder) then
    fail.try(nil, ("%s is there already"):format(core.escape(folder)), "E-PK-06")
  end
  local package = fail.try(packages.read(run.folder .. "/" .. folders.RECIPE))
  local expected, files = require "vise.recipe.expected", {}
  for _, file in ipairs(packages.contents(package, true)) do
    if file.name == "header.lua" then file.bytes = renamed(file.bytes, package, name) end
    if file.name ~= packages.LOCK and file.name ~= packages.EXPECTED then files[#files + 1] = file end
  end
  files[#files + 1] = { name = packages.EXPECTED, bytes = expected.text({}, expected.entry(run.record)) }
  -- Assets belong to the package of the old name.
  local home = fail.try(require("vise.recipe.store").home(package))
  for _, asset in ipairs(home.assets) do
    files[#files + 1] = { name = asset, bytes = fail.try(core.disk.read(home.folder .. "/" .. asset)) }
  end
  fail.try(folders.put(folder, files))
  local made = fail.try(packages.read(folder))
  local old = fail.try(locks.read(run.folder .. "/" .. folders.RECIPE)).lock
  local bases = fail.try(packages.bases(fail.try(require("vise.recipe").read(folder)).chain))
  local lock = locks.make { package = made, params = old.params, model = old.model, data = old.data,
    engine = old.engine, extends = bases }
  fail.try(folders.replace(folder .. "/" .. packages.LOCK, locks.text(lock)))
  return { package = made, folder = folder }
end

--- Makes the package.
---@param run vise.Run
---@param name string
---@param folder string
---@return { package: vise.Package, folder: string }?
---@return string? message
---@return string? id
function M.make(run, name, folder)
  return fail.catch(make, run, name, (folder:gsub("(.)/+$", "%1")))
end

return M
