--- Whether a package is fit to be given away: its header, its code, its papers, its tests, and whether it
--- plans or refuses by name whatever its parameters may be.

local code = require "vise.recipe.code"
local core = require "vise.core"
local environment = require "vise.recipe.environment"
local fail = require "vise.fail"
local globals = require "vise.recipe.globals"
local package_tests = require "vise.recipe.package_tests"
local params = require "vise.recipe.params"
local random_params = require "vise.recipe.random_params"
local recipes = require "vise.recipe"
local shape = require "vise.recipe.shape"
local suggest = require "vise.suggest"
local summary = require "vise.recipe.summary"
local text = require "vise.text"
local trial = require "vise.recipe.trial"

local M = {
  TEST_SECONDS = 5, -- of all tests of a package
  RANDOM_SETS = 3,
}

local MAX_SUMMARY, MAX_DRAWS = 80, 10

---@class vise.PackageCheck
---@field name string             Of the recipe; the folder's where there is no header.
---@field version? string
---@field folder string
---@field errors string[]         What must be put right.
---@field notes string[]          What could be better.
---@field sentence string[]       What a person is told before trusting it: at most five lines.
---@field tests vise.TestOutcome[]
---@field dry_runs { params: string, family: string, outcome: string }[]

local function add(list, format, ...)
  list[#list + 1] = format:format(...)
end

-- The Lua files of the package's own folder.
local function lua_files(recipe)
  local names = core.disk.exists(recipe.folder .. "/recipe.lua") and { "recipe.lua" } or {}
  local folder = recipe.folder .. "/lib"
  for _, name in ipairs(core.disk.exists(folder) == "folder" and core.disk.list(folder) or {}) do
    if name:find "%.lua$" then names[#names + 1] = "lib/" .. name end
  end
  table.move(package_tests.list(recipe), 1, #package_tests.list(recipe), #names + 1, names)
  return names
end

-- Names that a file reads and nobody has; names that it sets.
local function check_globals(check, name, chunk, known)
  local sets, names = {}, shape.keys(known)
  local uses = globals.of(chunk)
  for _, use in ipairs(uses) do sets[use.name] = sets[use.name] or use.sets end
  for _, use in ipairs(uses) do
    if use.sets then
      add(check.notes, "%s:%d: sets the global '%s': make it local", name, use.line, shape.shown(use.name))
    elseif not known[use.name] and not sets[use.name] then
      add(check.errors, "E-RC-19: %s:%d: unknown name '%s'%s", name, use.line, shape.shown(use.name),
        suggest.hint(use.name, names))
    end
  end
end

local function check_code(check, recipe)
  local known = environment.names()
  for _, name in ipairs(lua_files(recipe)) do
    local path = recipe.folder .. "/" .. name
    local source, message, id = code.read(path)
    local chunk
    if source then chunk, message, id = code.compile(source, path, {}) end
    if chunk then
      check_globals(check, text.escape(name), chunk, known)
    else
      add(check.errors, "%s: %s", id, message)
    end
  end
end

-- README.md says what the parameters do; who extends a recipe has its README.
local function check_papers(check, recipe)
  local path = recipe.find "README.md"
  local readme = path and core.disk.read(path, 1 << 20)
  if not readme or not readme:find "%S" then
    add(check.errors, "README.md is missing: what it does, when to use it, when not")
    return
  end
  for _, name in ipairs(shape.keys(recipe.chain[1].header.params or {})) do
    if not readme:find(name, 1, true) then add(check.notes, "README.md does not name the parameter '%s'", name) end
  end
  local header = recipe.header
  if not recipe.find "LICENSE" then add(check.notes, "LICENSE is missing; the header says %s", header.license) end
  if #header.summary > MAX_SUMMARY then
    add(check.notes, "summary: %d characters, lists show %d", #header.summary, MAX_SUMMARY)
  end
  if not header.expects then add(check.notes, "expects is missing: results that a run should reach") end
  if not header.kind then add(check.notes, "kind is missing: %s", "quantizer, pipeline, ...") end
end

local function check_tests(check, recipe)
  local outcomes, message, id = package_tests.run(recipe)
  if not outcomes then return fail.try(nil, message, id) end
  local seconds = 0
  for _, outcome in ipairs(outcomes) do
    seconds = seconds + math.min(outcome.seconds, outcome.cpu) -- on a busy machine its own share
    if outcome.problem then add(check.errors, "%s: %s", text.escape(outcome.name), outcome.problem) end
  end
  if #outcomes == 0 then add(check.errors, "test/ is missing: one file that returns function(t)") end
  if seconds > M.TEST_SECONDS then
    add(check.errors, "the tests took %.1f s, expected %d s at most", seconds, M.TEST_SECONDS)
  end
  check.tests = outcomes
end

-- Ids that are the recipe's own mistake, whatever its parameters are.
local OWN = { ["E-RC-06"] = true, ["E-RC-07"] = true, ["E-RC-10"] = true, ["E-RC-19"] = true, ["E-US-10"] = true }

-- The values that are not the header's.
local function changed(recipe, values)
  local specs, shown = recipe.header.params or {}, {}
  for _, name in ipairs(shape.keys(specs)) do
    if not params.is_default(specs[name], values[name]) then
      shown[#shown + 1] = ("%s=%s"):format(name, params.show(specs[name], values[name]))
    end
  end
  return #shown > 0 and table.concat(shown, " ") or "defaults"
end

-- One set of values, planned on one model.  With `must` it has to be planned.
local function dry_run(check, recipe, values, family, must)
  local run = { params = changed(recipe, values), family = family, outcome = "planned" }
  local done, message, id = trial.run(recipe, { values = values, model = family, dry_run = true })
  if not done then
    if id == "E-RN-01" then fail.try(nil, message, id) end
    run.outcome = ("%s: %s"):format(id, message)
    if must or OWN[id] then add(check.errors, "dry run on %s, %s: %s", family, run.params, run.outcome) end
  end
  check.dry_runs[#check.dry_runs + 1] = run
end

-- Values drawn at random, others than before if there are others.
local function new_values(recipe, random, seen)
  local values, words
  for _ = 1, MAX_DRAWS do
    values = random_params.values(recipe.header.params or {}, random)
    words = changed(recipe, values)
    if not seen[words] then break end
  end
  return values, words
end

local function check_dry_runs(check, recipe)
  local specs, families = recipe.header.params or {}, trial.families(recipe.header)
  if #families == 0 then
    add(check.notes, "no dry run: none of the models that come with vise fits")
    return
  end
  local defaults = params.values(specs, {})
  if defaults then
    for _, family in ipairs(families) do dry_run(check, recipe, defaults, family, true) end
  end
  local random, seen = random_params.new(recipe.header.name), { defaults = true }
  for i = 1, next(specs) and M.RANDOM_SETS or 0 do
    local values, words = new_values(recipe, random, seen)
    seen[words] = true
    dry_run(check, recipe, values, families[(i - 1) % #families + 1], false)
  end
end

local function check_recipe(check, recipe)
  check.name, check.version = recipe.header.name, recipe.header.version
  check.sentence = summary.sentence(recipe)
  if recipe.folder:match "[^/]+$":gsub("@.*$", "") ~= recipe.header.name then
    add(check.notes, "the folder is not named '%s' as the recipe is", recipe.header.name)
  end
  check_papers(check, recipe)
  check_code(check, recipe)
  if #check.errors > 0 then return check end
  local opened, message, id = recipes.open(recipe.folder)
  if not opened then
    add(check.errors, "%s: %s", id, message)
    return check
  end
  check_tests(check, opened)
  check_dry_runs(check, opened)
  return check
end

--- Checks a package.
---@param name string  A folder, or a name that vise.recipe.search finds.
---@return vise.PackageCheck? check
---@return string? message  Where there is no recipe at all, or Ctrl-C.
---@return string? id
function M.package(name)
  local folder, message, id = recipes.search.find(name)
  if not folder then return nil, message, id end
  if core.disk.exists(folder) ~= "folder" then
    return fail.fail("E-RC-01", "%s: there is no such folder", text.escape(folder))
  end
  local check = { name = text.escape(folder:match "[^/]+$" or folder), folder = folder, errors = {}, notes = {},
    sentence = {}, tests = {}, dry_runs = {} }
  local recipe
  recipe, message, id = recipes.read(folder)
  if not recipe then
    add(check.errors, "%s: %s", id, message)
    return check
  end
  return fail.catch(check_recipe, check, recipe)
end

return M
