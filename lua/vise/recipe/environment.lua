--- What a recipe's code sees: Lua's pure functions, the public `vise`, its own modules under lib/.
---
--- Each recipe has tables of its own, so that it changes nobody else's, and reading a name that is not
--- there is an error.

local code = require "vise.recipe.code"
local fail = require "vise.fail"
local shape = require "vise.recipe.shape"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

local FUNCTIONS = {
  "_VERSION", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen", "rawset",
  "select", "setmetatable", "tonumber", "tostring", "type", "xpcall",
}
local LIBRARIES = { "coroutine", "math", "string", "table", "utf8" }

-- Names of Lua that recipes do not have, said as such.
local ABSENT = { "io", "debug", "package", "load", "loadfile", "dofile", "collectgarbage", "warn" }

-- `assert` keeps the id of nil, message, id, so that the exit status and the advice fit.
local function checked(value, message, id, ...)
  if value then return value, message, id, ... end
  if type(id) == "string" then return fail.try(nil, message, id) end
  return error(message == nil and "assertion failed!" or message, 0)
end

-- `print` is for looking into a run: on stderr, where it does not get between the results.
local function print_aside(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  io.stderr:write(text.escape_lines(table.concat(words, "\t")), "\n")
end

-- math.random starts from the same place in every run, unless the recipe seeds it.
local function seeded_random()
  local seeded = false
  local function random(...)
    if not seeded then
      math.randomseed(0)
      seeded = true
    end
    return math.random(...)
  end
  local function randomseed(...)
    seeded = true
    if select("#", ...) == 0 then return math.randomseed(0) end
    return math.randomseed(...)
  end
  return random, randomseed
end

local function copy(t)
  local out = {}
  for key, value in pairs(t) do out[key] = value end
  return out
end

-- The names that code at a level of the stack could have meant: its locals, its upvalues, the globals.
local function names_in_reach(level, env)
  local names, i = {}, 1
  while true do
    local name = debug.getlocal(level + 1, i)
    if not name then break end
    names[#names + 1], i = name, i + 1
  end
  local info = debug.getinfo(level + 1, "f")
  for up = 1, 255 do
    local name = info and debug.getupvalue(info.func, up)
    if not name then break end
    names[#names + 1] = name
  end
  names[#names + 1] = "vise"
  for name in pairs(env) do names[#names + 1] = name end
  return names
end

-- What reading a global that is not there comes to, as the environment's __index.
local function unknown_name(env, files)
  return function(_, name)
    if name == "vise" then return require "vise" end
    local info, place = debug.getinfo(2, "Sl"), ""
    if info and info.currentline > 0 then place = ("%s:%d: "):format(info.short_src, info.currentline) end
    local shown, problem = shape.shown(name), nil
    for _, absent in ipairs(ABSENT) do
      if name == absent then problem = ("%s'%s' is not available to recipes"):format(place, shown) end
    end
    problem = problem or ("%sunknown name '%s'%s"):format(place, shown,
      suggest.hint(shown, names_in_reach(2, env)))
    return fail.try(nil, code.with_line(problem, files.sources), "E-RC-19")
  end
end

---@class vise.RecipeFiles
---@field find fun(name: string): string?  The path of a file of the recipe: its own, or one it inherits.
---@field sources table<string, string>    Filled with the text of each file that is loaded.

--- Loads a file of a recipe.
---@param path string
---@param env table
---@param sources table<string, string>
---@return function? chunk
---@return string? message
---@return string? id
function M.load(path, env, sources)
  local source, message, id = code.read(path)
  if not source then return nil, message, id end
  sources[code.label(path)] = source
  return code.compile(source, path, env)
end

-- `require` finds the public module and the recipe's own lib/.
local function own_require(env, files)
  local loaded = {}
  return function(name)
    if name == "vise" then return require "vise" end
    if loaded[name] then return loaded[name] end
    if type(name) ~= "string" or not name:find "^lib%.[%w_]+$" then
      fail.raise("E-RC-06", "a recipe requires \"vise\" and its own \"lib.NAME\", not '%s'", shape.shown(name))
    end
    local relative = name:gsub("%.", "/") .. ".lua"
    local path = files.find(relative)
    if not path then fail.try(nil, ("%s: there is no such file in the recipe"):format(relative), "E-RC-01") end
    loaded[name] = fail.try(M.load(path, env, files.sources))() or true
    return loaded[name]
  end
end

--- Makes the environment of one recipe.
---@param files vise.RecipeFiles
---@return table env
function M.new(files)
  local env = { assert = checked, print = print_aside, os = { clock = os.clock, date = os.date, time = os.time } }
  for _, name in ipairs(FUNCTIONS) do env[name] = _G[name] end
  for _, name in ipairs(LIBRARIES) do env[name] = copy(_G[name]) end
  env.math.random, env.math.randomseed = seeded_random()
  env.string.dump = nil
  env._G = env
  env.require = own_require(env, files)
  return setmetatable(env, { __index = unknown_name(env, files) })
end

--- The names that recipes have.
---@return table<string, true>
function M.names()
  local names = { assert = true, print = true, os = true, _G = true, require = true, vise = true }
  for _, list in ipairs { FUNCTIONS, LIBRARIES } do
    for _, name in ipairs(list) do names[name] = true end
  end
  return names
end

return M
