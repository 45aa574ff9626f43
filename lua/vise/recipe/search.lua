--- Where recipes are found by name: $VISE_RECIPES, the user's store, what came with the program.

local disk = require("vise.core").disk
local fail = require "vise.fail"
local paths = require "vise.paths"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

---@class vise.RecipePlace
---@field folder string                       Holds one folder a recipe.
---@field origin "path"|"user"|"shipped"      $VISE_RECIPES, the store, the program's own.

---@class vise.FoundRecipe
---@field name string      The folder's name, without the version.
---@field version? string  What the folder's name says of it.
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

-- The name that a folder answers to: without the version of "int8@1.0.0", and that version.
local function split(name)
  local base, version = name:match "^(.+)@(%d+%.%d+%.%d+)$"
  return base or name, version
end

-- Is version `a` newer than `b`?  A folder without one counts as the newest: it is being worked on.
local function newer(a, b)
  if not a or not b then return not a and b ~= nil end
  local x, y = { a:match "(%d+)%.(%d+)%.(%d+)" }, { b:match "(%d+)%.(%d+)%.(%d+)" }
  for i = 1, 3 do
    local m, n = tonumber(x[i]), tonumber(y[i])
    if m ~= n then return m > n end
  end
  return false
end

-- The recipes of a place: by name the newest.
local function recipes_in(place)
  local found = {}
  for _, entry in ipairs(disk.exists(place.folder) == "folder" and disk.list(place.folder) or {}) do
    local name, version = split(entry)
    local folder = place.folder .. "/" .. entry
    local whole = entry:sub(1, 1) ~= "." and not entry:find "%.partial%-%d+$"
    if whole and is_recipe(folder) and (not found[name] or newer(version, found[name].version)) then
      found[name] = { name = name, folder = folder, origin = place.origin, version = version }
    end
  end
  return found
end

--- Every recipe that a name can reach, sorted by name; the first place that has a name wins, and in it
--- the newest version.
---@return vise.FoundRecipe[]
function M.list()
  local list, seen = {}, {}
  for _, place in ipairs(M.places()) do
    for name, found in pairs(recipes_in(place)) do
      if not seen[name] then list[#list + 1] = found end
      seen[name] = true
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- Is this one word, which may be a recipe's name?
local function is_word(s)
  return s ~= "" and s ~= "." and s ~= ".." and not s:find "[/\0]"
end

--- The folder of a recipe: a path as it is, a word without a slash that is no recipe here by name, of a
--- certain version if it is "int8@1.0.0".
---@param name string
---@return string? folder
---@return string? message
---@return string? id
function M.find(name)
  local here = name:gsub("(.)/+$", "%1")
  if not is_word(here) or is_recipe(here) then return here end
  local names = {}
  for _, place in ipairs(M.places()) do
    local exact = place.folder .. "/" .. here
    if is_recipe(exact) then return exact end
    local found = recipes_in(place)[here]
    if found then return found.folder end
  end
  if disk.exists(here) then return here end
  for i, found in ipairs(M.list()) do names[i] = found.name end
  local shown = text.escape(here:sub(1, 64))
  return fail.fail("E-RC-11", "no recipe '%s': no folder here and none of the %d known%s", shown, #names,
    suggest.hint(shown, names))
end

return M
