--- Recipes: a folder with header.lua, which is read as data, and recipe.lua, which returns
--- `function(job)`.
---
--- The body sees Lua's pure functions, the public `vise`, its own modules under lib/ and the job;
--- not io, not os, no private module.

local fail = require "vise.fail"
local headers = require "vise.recipe.header"
local literals = require "vise.recipe.literals"
local text = require "vise.text"

local M = { search = require "vise.recipe.search" }

---@class vise.Recipe
---@field folder string
---@field header table
---@field body fun(job: vise.Job): any, string?, string?

local function read_file(path)
  local f, message, code = io.open(path, "rb")
  if not f then return fail.fail(code == 13 and "E-US-07" or "E-RC-01", "%s", message) end
  local source, problem = f:read "a"
  f:close()
  if not source then return fail.fail("E-RC-01", "%s: %s", path, problem) end
  return source
end

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

local pure = {
  "error", "getmetatable", "ipairs", "math", "next", "pairs", "pcall", "rawequal", "rawget",
  "rawlen", "rawset", "select", "setmetatable", "string", "table", "tonumber", "tostring", "type", "utf8",
  "xpcall",
}

-- What the body sees.  `require` finds the public module and the recipe's own lib/.
local function environment(folder)
  local env = { assert = checked, print = print_aside, os = { clock = os.clock, date = os.date, time = os.time } }
  for _, name in ipairs(pure) do env[name] = _G[name] end
  env._G = env
  local loaded = {}
  function env.require(name)
    if name == "vise" then return require "vise" end
    if loaded[name] then return loaded[name] end
    if type(name) ~= "string" or not name:find "^lib%.[%w_]+$" then
      fail.raise("E-RC-06", "a recipe requires \"vise\" and its own \"lib.NAME\", not '%s'", tostring(name))
    end
    local path = ("%s/%s.lua"):format(folder, name:gsub("%.", "/"))
    local chunk, message, id = M.load_chunk(path, env)
    loaded[name] = fail.try(chunk, message, id)() or true
    return loaded[name]
  end
  return setmetatable(env, { __index = function(_, name)
    if name == "vise" then return require "vise" end
  end })
end

--- Loads a file of a recipe.
---@param path string
---@param env table
---@return function? chunk
---@return string? message
---@return string? id
function M.load_chunk(path, env)
  local source, message, id = read_file(path)
  if not source then return nil, message, id end
  local chunk, problem = load(source, "@" .. path, "t", env)
  if not chunk then return fail.fail("E-RC-06", "%s", problem) end
  return chunk
end

--- Reads a recipe.  The header is checked before anything of the body runs.
---@param name string  A folder, or a name that vise.recipe.search finds.
---@return vise.Recipe? recipe
---@return string? message
---@return string? id
function M.open(name)
  local folder, message, id = M.search.find(name)
  if not folder then return nil, message, id end
  local source, header, ok
  source, message, id = read_file(folder .. "/header.lua")
  if not source then return nil, message, id end
  header, message, id = literals.parse(source, folder .. "/header.lua")
  if not header then return nil, message, id end
  ok, message, id = headers.check(header, folder .. "/header.lua")
  if not ok then return nil, message, id end

  local path = folder .. "/recipe.lua"
  local chunk, problem, problem_id = M.load_chunk(path, environment(folder))
  if not chunk then return nil, problem, problem_id end
  local body = chunk()
  if type(body) ~= "function" then
    return fail.fail("E-RC-06", "%s returns a %s, expected function(job)", path, type(body))
  end
  return { folder = folder, header = header, body = body }
end

return M
