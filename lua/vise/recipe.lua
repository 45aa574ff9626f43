--- Recipes: a folder with header.lua, which is read as data, and recipe.lua, which returns
--- `function(job)`.
---
--- The body sees Lua's pure functions, the public `vise`, its own modules under lib/ and the job;
--- not io, not os, no private module.

local fail = require "vise.fail"
local recipe_header = require "vise.recipe_header"
local recipe_params = require "vise.recipe_params"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

---@class vise.Recipe
---@field folder string
---@field header table
---@field body fun(job: vise.Job): any, string?, string?

local function is_text(v)
  return type(v) == "string" and v ~= ""
end

local function is_texts(v)
  if type(v) ~= "table" then return false end
  for key, item in pairs(v) do
    if math.type(key) ~= "integer" or not is_text(item) then return false end
  end
  return true
end

-- Each field: what it must be, and the test.
local fields = {
  name = { "lower-case words joined by '-'", function(v)
    return is_text(v) and v:find "^[%l%d][%l%d-]*$"
  end },
  version = { "three numbers, \"1.0.0\"", function(v)
    return is_text(v) and v:find "^%d+%.%d+%.%d+$"
  end },
  summary = { "a line of at most 120 characters", function(v)
    return is_text(v) and #v <= 120 and not v:find "\n"
  end },
  authors = { "a list of names", is_texts },
  license = { "an SPDX name", is_text },
  homepage = { "an address", is_text },
  papers = { "a list of titles or addresses", is_texts },
  tags = { "a list of words", is_texts },
  params = { "a table of parameters", function(v) return type(v) == "table" end },
  inputs = { "a table", function(v) return type(v) == "table" end },
  expects = { "a list of expected results", function(v) return type(v) == "table" end },
}
local needed = { "name", "version", "summary", "license" }

--- Checks a header's fields and their types.
---@param header table
---@param where string  For messages.
---@return true? ok
---@return string? message
---@return string? id
function M.check_header(header, where)
  local known = {}
  for name in pairs(fields) do known[#known + 1] = name end
  for key, value in pairs(header) do
    local field = fields[key]
    if not field then
      return fail.fail("E-RC-03", "%s: unknown field '%s'%s", where, tostring(key),
        suggest.hint(tostring(key), known))
    end
    if not field[2](value) then return fail.fail("E-RC-03", "%s: %s must be %s", where, key, field[1]) end
  end
  for _, name in ipairs(needed) do
    if header[name] == nil then
      return fail.fail("E-RC-03", "%s: the field '%s' is missing: %s", where, name, fields[name][1])
    end
  end
  for name, spec in pairs(header.params or {}) do
    local problem = recipe_params.problem(name, spec)
    if problem then return fail.fail("E-RC-03", "%s: params.%s", where, problem) end
  end
  for name, value in pairs(header.inputs or {}) do
    if name ~= "model" and name ~= "data" then
      return fail.fail("E-RC-03", "%s: inputs has model and data, not '%s'", where, tostring(name))
    end
    if type(value) ~= "string" and type(value) ~= "table" then
      return fail.fail("E-RC-03", "%s: inputs.%s must be a line of text or a table", where, name)
    end
  end
  return true
end

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

--- Reads a recipe's folder.  The header is checked before anything of the body runs.
---@param folder string
---@return vise.Recipe? recipe
---@return string? message
---@return string? id
function M.open(folder)
  folder = folder:gsub("(.)/+$", "%1")
  local source, message, id = read_file(folder .. "/header.lua")
  if not source then return nil, message, id end
  local header, ok
  header, message, id = recipe_header.parse(source, folder .. "/header.lua")
  if not header then return nil, message, id end
  ok, message, id = M.check_header(header, folder .. "/header.lua")
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
