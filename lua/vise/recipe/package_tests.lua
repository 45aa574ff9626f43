--- The tests of a package: each file of test/ returns function(t), sees what the recipe sees, and fails
--- by raising.

local code = require "vise.recipe.code"
local core = require "vise.core"
local environment = require "vise.recipe.environment"
local fail = require "vise.fail"
local params = require "vise.recipe.params"
local shape = require "vise.recipe.shape"
local trial = require "vise.recipe.trial"

local M = {}

--- What a test gets.
---@class vise.PackageTest
---@field recipe vise.Recipe
---@field folder string  Of its own, to write into; it goes afterwards.
local Test = {}
Test.__index = Test

-- What a test raises when something is not as it should be.
local function refuse(what, ...)
  error(what:format(...), 0)
end

--- Runs the recipe: t:run { model = "dit", given = { "bits=4" }, dry_run = true }.
---@param options vise.TrialOptions  `out` is a name inside t.folder.
---@return vise.Trial
function Test:run(options)
  local given = {}
  for key, value in pairs(options or {}) do given[key] = value end
  if given.out then given.out = self.folder .. "/" .. given.out end
  local done, message, id = trial.run(self.recipe, given)
  if not done then refuse("the run failed: %s: %s", id or "E-RC-07", message) end
  return done
end

--- The values of the parameters after overrides, or nil and why there are none.
---@param given string[]
---@return table<string, any>? values
---@return string? message
---@return string? id
function Test:params(given)
  return params.values(self.recipe.header.params or {}, given)
end

--- Fails unless two plain values are the same.
function Test.equal(_, found, expected, what)
  if found ~= expected then
    refuse("%s is %s, expected %s", what or "the value", shape.shown(found), shape.shown(expected))
  end
end

--- Fails unless a number lies within `tolerance` of another.
function Test.near(_, found, expected, tolerance, what)
  local off = type(found) == "number" and math.abs(found - expected) or math.huge
  if off ~= off or off > tolerance then
    refuse("%s is %s, expected %s +- %s", what or "the number", shape.shown(found), shape.shown(expected),
      shape.shown(tolerance))
  end
end

--- Fails unless running with these options is refused with this error id.
function Test:refuses(options, expected)
  local done, message, id = trial.run(self.recipe, options)
  if done then refuse("the run went through, expected %s", expected) end
  if id ~= expected then refuse("the run failed with %s: %s; expected %s", tostring(id), message, expected) end
end

--- What a test of a recipe gets.
---@param recipe vise.Recipe
---@param folder? string  To write into.
---@return vise.PackageTest
function M.new(recipe, folder)
  return setmetatable({ recipe = recipe, folder = folder }, Test)
end

local function run_file(recipe, path, folder)
  local chunk = fail.try(environment.load(path, environment.new(recipe), recipe.sources))
  local body = chunk()
  if type(body) ~= "function" then refuse("it returns a %s, expected function(t)", type(body)) end
  body(M.new(recipe, folder))
  return true
end

-- Runs one file in a folder of its own.
local function try_file(recipe, path)
  local folder = os.tmpname()
  os.remove(folder)
  local ok, message, id = core.disk.mkdir(folder)
  if not ok then return nil, message, id end
  local ran, problem = pcall(run_file, recipe, path, folder)
  core.disk.remove_tree(folder)
  if ran then return true end
  if type(problem) == "table" and problem.id == "E-RN-01" then return fail.fail(problem.id, "%s", problem.message) end
  return nil, code.with_line(tostring(problem), recipe.sources)
end

--- The names of a package's test files.
---@param recipe vise.Recipe
---@return string[]
function M.list(recipe)
  local folder, names = recipe.folder .. "/test", {}
  for _, name in ipairs(core.disk.exists(folder) == "folder" and core.disk.list(folder) or {}) do
    if name:find "%.lua$" then names[#names + 1] = "test/" .. name end
  end
  return names
end

---@class vise.TestOutcome
---@field name string
---@field seconds number
---@field cpu number       Seconds of all its threads together.
---@field problem? string  nil if it passed.

--- Runs every test of a package.
---@param recipe vise.Recipe
---@return vise.TestOutcome[]? outcomes
---@return string? message  Of what ends everything: Ctrl-C.
---@return string? id
function M.run(recipe)
  local outcomes = {}
  for _, name in ipairs(M.list(recipe)) do
    local start, cpu = core.clock(), os.clock()
    local ok, problem, id = try_file(recipe, recipe.folder .. "/" .. name)
    if id then return nil, problem, id end
    outcomes[#outcomes + 1] = { name = name, seconds = core.clock() - start, cpu = os.clock() - cpu,
      problem = not ok and problem or nil }
  end
  return outcomes
end

return M
