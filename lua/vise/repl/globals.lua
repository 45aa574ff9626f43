--- The globals of a session: Lua's, `vise`, and what only the prompt has.

local core = require "vise.core"
local show = require "vise.show"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

local function is_result(name) return type(name) == "string" and name:find "^_%d?$" end

-- Names that a session begins with; who() leaves them out.
local given = { _G = true, vise = true, help = true, who = true, timeit = true, bt = true }

--- The name that is there and nearest to one that is not.
---@param name string
---@param env table
---@return string?
function M.near(name, env)
  if #name == 1 then return nil end -- everything short is near
  local known = {}
  for _, scope in ipairs { env, _G } do
    for other in next, scope do
      if type(other) == "string" and not is_result(other) then known[#known + 1] = other end
    end
  end
  return suggest.nearest(name, known)
end

local function help(session)
  return function(topic)
    local shown, message, id = require("vise.describe").help(type(topic) == "string" and topic or "repl")
    if not shown then return nil, message, id end
    session:write(shown)
    if type(topic) ~= "string" then
      session:write("\nhelp \"NAME\" explains\n", require("vise.describe.text").names())
    end
  end
end

--- Lists the globals that were made in a session.
local function who(session)
  return function()
    local found = {}
    for name in next, session.env do
      if type(name) == "string" and not given[name] and not is_result(name) then found[#found + 1] = name end
    end
    table.sort(found)
    for i, name in ipairs(found) do
      local value = rawget(session.env, name)
      found[i] = { name, type(value), show.brief(value) }
    end
    session:write(#found > 0 and text.columns(found, "  ") or "  (nothing yet)\n")
  end
end

local BUDGET, FEWEST, MOST = 0.5, 3, 100000 -- seconds, runs

local function seconds(s)
  local units, i = { "s", "ms", "us", "ns" }, 1
  while s < 1 and i < #units do
    s, i = s * 1000, i + 1
  end
  return ("%.3g %s"):format(s, units[i])
end

--- Times a function: calls it again and again for half a second.
local function timeit(session)
  return function(f, ...)
    if type(f) ~= "function" then error("timeit takes a function: timeit(function() ... end)", 2) end
    f(...) -- what is done once, such as loading, does not count
    local times, start = {}, core.clock()
    repeat
      local before = core.clock()
      f(...)
      times[#times + 1] = core.clock() - before
    until #times >= MOST or #times >= FEWEST and core.clock() - start > BUDGET
    table.sort(times)
    session:write(("%d runs: median %s, fastest %s, slowest %s\n"):format(#times, seconds(times[(#times + 1) // 2]),
      seconds(times[1]), seconds(times[#times])))
  end
end

--- The globals of a new session.
---@param session vise.repl.Session
---@return table
function M.environment(session)
  local env = {}
  env._G, env.vise = env, require "vise"
  env.help, env.who, env.timeit = help(session), who(session), timeit(session)
  env.bt = function() return require("vise.repl.commands").trace(session) end
  return setmetatable(env, { __index = function(_, name)
    local value = _G[name]
    if value == nil and not is_result(name) then session.missing[name] = true end
    return value
  end })
end

return M
