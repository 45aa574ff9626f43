--- Recipes: a folder with header.lua, which is read as data, and recipe.lua, which returns
--- `function(job)`.
---
--- The body sees what vise.recipe.environment gives it; not io, no private module.

local code = require "vise.recipe.code"
local environment = require "vise.recipe.environment"
local fail = require "vise.fail"
local inherit = require "vise.recipe.inherit"
local needs = require "vise.recipe.needs"
local packages = require "vise.recipe.package"
local search = require "vise.recipe.search"

local M = { search = search }

---@class vise.Recipe
---@field folder string
---@field header table                    With what it inherits.
---@field chain vise.RecipeLink[]         Itself, then each recipe that the one before extends.
---@field find fun(name: string): string?  The path of a file: its own, or one that it inherits.
---@field sources table<string, string>   The text of each Lua file that was loaded, by its name in messages.
---@field body? fun(job: vise.Job): any, string?, string?
---@field body_link? integer              In whose folder the body lies: the index in `chain`.
---@field extends? vise.Package[]         The packages of the recipes that it extends.

--- Reads a recipe's header, and those of the recipes that it extends.  Nothing of it runs.
---@param name string  A folder, or a name that vise.recipe.search finds.
---@return vise.Recipe? recipe  Without `body`.
---@return string? message
---@return string? id
function M.read(name)
  local folder, message, id = search.find(name)
  if not folder then return nil, message, id end
  local chain, header
  chain, message, id = inherit.chain(folder)
  if not chain then return nil, message, id end
  header, message, id = inherit.header(chain)
  if not header then return nil, message, id end
  return { folder = folder, header = header, chain = chain, find = inherit.finder(chain), sources = {} }
end

-- Loads recipe.lua and runs it as far as its `return function(job)`.
local function load_body(recipe)
  local path = recipe.find "recipe.lua" or recipe.folder .. "/recipe.lua"
  local chunk, message, id = environment.load(path, environment.new(recipe), recipe.sources)
  if not chunk then return nil, message, id end
  local ok, body, why, why_id = pcall(fail.catch, chunk)
  if not ok then return fail.fail("E-RC-07", "%s", code.with_line(tostring(body), recipe.sources)) end
  if body == nil and why_id then return nil, why, why_id end
  if type(body) ~= "function" then
    return fail.fail("E-RC-06", "%s returns a %s, expected function(job)", code.label(path), type(body))
  end
  recipe.body = body
  for i, link in ipairs(recipe.chain) do
    if path == link.folder .. "/recipe.lua" then recipe.body_link = i end
  end
  return recipe
end

--- Opens a recipe to run it.  The header and its needs are checked before anything of the body runs.
---@param name string  A folder, or a name that vise.recipe.search finds.
---@return vise.Recipe? recipe
---@return string? message
---@return string? id
function M.open(name)
  local recipe, message, id = M.read(name)
  if not recipe then return nil, message, id end
  local ok
  ok, message, id = needs.check(recipe)
  if not ok then return nil, message, id end
  recipe.extends, message, id = packages.bases(recipe.chain)
  if not recipe.extends then return nil, message, id end
  return load_body(recipe)
end

return M
