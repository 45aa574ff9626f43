--- The user's store of packages, $XDG_DATA_HOME/vise/recipes: a folder NAME@VERSION each, written whole or
--- not at all; and the package that has a recipe's assets.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"
local packages = require "vise.recipe.package"
local paths = require "vise.paths"
local search = require "vise.recipe.search"
local tar = require "vise.recipe.tar"

local disk = core.disk

local M = {}

-- Writes the files of an archive beside the store, so that they are looked at as any folder is.
local function unpacked(path, place)
  local files = fail.try(tar.read(fail.try(disk.read(path, tar.MOST_BYTES)), path))
  local folder = ("%s/.unpacked-%d"):format(place, folders.own_pid())
  fail.try(folders.put(folder, files))
  return folder
end

local function store_folder()
  local data = paths.data()
  if not data then
    fail.try(nil, "there is no home for the store: set HOME or XDG_DATA_HOME", "E-FS-15")
  end
  local place = data .. "/recipes"
  fail.try(folders.make_parents(place .. "/x"))
  return place
end

-- Copies the package in `from`, which is checked as a run would check it.
local function copy(from, place, replace)
  local package = fail.try(packages.read(from))
  local target = ("%s/%s@%s"):format(place, package.name, package.version)
  if disk.exists(target) and not replace then
    local old = packages.read(target)
    fail.try(nil, ("%s %s is in the store, %s"):format(package.name, package.version,
      old and old.hash == package.hash and "the same one" or "with other files"), "E-PK-06")
  end
  fail.try(require("vise.recipe").open(from))
  fail.try(folders.put(target, packages.contents(package, true)))
  return package, target
end

local function add(path, replace)
  local place = store_folder()
  if disk.exists(path) ~= "file" then return copy(path, place, replace) end
  local from = unpacked(path, place)
  local package, target, id = fail.catch(copy, from, place, replace)
  disk.remove_tree(from)
  if not package then fail.try(nil, target, id) end
  return package, target
end

--- Copies a package into the store.
---@param path string  A folder or an archive.
---@param replace? boolean  The version that is there, if there is one.
---@return vise.Package? package
---@return string folder_or_message
---@return string? id
function M.add(path, replace)
  return fail.catch(add, path, replace)
end

-- The package in a folder, if it is that version of that name.
local function is_version(folder, name, version)
  if disk.exists(folder .. "/header.lua") ~= "file" then return nil end
  local package = packages.read(folder)
  return package and package.name == name and package.version == version and package or nil
end

--- The package of a name and version, in the places where recipes are found.
---@param name string
---@param version string
---@return vise.Package?
function M.find(name, version)
  for _, place in ipairs(search.places()) do
    for _, folder in ipairs { ("%s/%s@%s"):format(place.folder, name, version), place.folder .. "/" .. name } do
      local package = is_version(folder, name, version)
      if package then return package end
    end
  end
  return nil
end

--- The package whose folder holds the assets of `package`: itself, or one of the same name and version.
---@param package vise.Package
---@return vise.Package? home
---@return string? message
---@return string? id
function M.home(package)
  local missing
  for _, name in ipairs(package.declared) do
    if not disk.exists(package.folder .. "/" .. name) then missing = name end
  end
  if not missing then return package end
  local found = M.find(package.name, package.version)
  if found and #found.assets > 0 then return found end
  return fail.fail("E-PK-09", "%s lacks its asset %s, and no package %s %s that has it is known",
    core.escape(package.folder), core.escape(missing), package.name, package.version)
end

return M
