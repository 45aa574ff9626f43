--- Where recipes are found by name: $VISE_RECIPES, the user's store, what came with the program.

local disk = require("vise.core").disk
local fail = require "vise.fail"
local paths = require "vise.paths"
local suggest = require "vise.suggest"

local M = {}

---@class vise.RecipePlace
---@field folder string                       Holds one folder a recipe.
---@field origin "path"|"user"|"shipped"      $VISE_RECIPES, the store, the program's own.

---@class vise.FoundRecipe
---@field name string    The folder's name.
---@field folder string
---@field origin "path"|"user"|"shipped"

--- The folders that are searched, in this order.
---@return vise.RecipePlace[]
function M.places()
  local list = {}
  for folder in (os.getenv "VISE_RECIPES" or ""):gmatch "[^:]+" do
    list[#list + 1] = { folder = folder, origin = "path" }
  end
  local data, share = paths.data(), paths.share()
  if data then list[#list + 1] = { folder = data .. "/recipes", origin = "user" } end
  if share then list[#list + 1] = { folder = share .. "/recipes", origin = "shipped" } end
  return list
end

local function is_recipe(folder)
  return disk.exists(folder .. "/header.lua") == "file"
end

--- Every recipe that a name can reach, sorted by name; the first place that has a name wins.
---@return vise.FoundRecipe[]
function M.list()
  local list, seen = {}, {}
  for _, place in ipairs(M.places()) do
    local names = disk.exists(place.folder) == "folder" and disk.list(place.folder) or {}
    for _, name in ipairs(names) do
      local folder = place.folder .. "/" .. name
      if not seen[name] and is_recipe(folder) then
        seen[name] = true
        list[#list + 1] = { name = name, folder = folder, origin = place.origin }
      end
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- The folder of a recipe: a path as it is, a word without a slash that is no recipe here by name.
---@param name string
---@return string? folder
---@return string? message
---@return string? id
function M.find(name)
  local here = name:gsub("(.)/+$", "%1")
  if here == "" or here:find "[/\0]" or here == "." or here == ".." or is_recipe(here) then return here end
  for _, place in ipairs(M.places()) do
    local folder = place.folder .. "/" .. here
    if is_recipe(folder) then return folder end
  end
  if disk.exists(here) then return here end
  local names = {}
  for i, found in ipairs(M.list()) do names[i] = found.name end
  return fail.fail("E-RC-11", "no recipe '%s': no folder here and none of the %d known%s", here, #names,
    suggest.hint(here, names))
end

return M
