--- A session: what was defined, what each input gave, and what is printed of it.  Knows nothing of keys.

local chunk = require "vise.repl.chunk"
local core = require "vise.core"
local failure = require "vise.cli.failure"
local highlight = require "vise.repl.highlight"
local lexer = require "vise.repl.lexer"
local names = require "vise.repl.globals"
local reach = require "vise.repl.reach"
local show = require "vise.show"
local text = require "vise.text"
local trouble = require "vise.repl.trouble"

local M = {}

local KEPT, SLOW = 9, 0.2 -- results that `_1`, ... keep; seconds from which the time is told

---@class vise.repl.Session
---@field env table                 The globals.
---@field interactive boolean       A person is at the terminal.
---@field lines table[]             The inputs that succeeded.
---@field sources table<string, string>  Chunk name -> what was typed.
---@field status integer            Of the first input that failed; 0.
---@field last? any                 The last value.
---@field trouble? vise.repl.Trouble  The last error.
local Session = {}
Session.__index = Session

---@param options { interactive: boolean, colour: boolean, interrupted: fun(clear?: boolean): boolean }
---@return vise.repl.Session
function M.new(options)
  local self = setmetatable({ interactive = options.interactive, colour = options.colour, lines = {}, sources = {},
    interrupted = options.interrupted, status = 0, count = 0, missing = {}, results = { n = 0 } }, Session)
  self.env = names.environment(self)
  self.style = function(s, style)
    if not self.colour or s == "" then return s end
    return highlight.styles[style] .. s .. "\27[0m"
  end
  return self
end

--- Writes to the result.
function Session.write(_, ...)
  io.stdout:write(...)
end

-- A line beside the results, quiet in scripts.
function Session:note(line)
  if self.interactive then io.stderr:write(self.style("  " .. text.escape(line), "hint"), "\n") end
end

-- How wide messages may be; nil where nobody looks.
function Session:columns()
  return self.interactive and text.page_width() or nil
end

--- Counts an input as failed.
function Session:failed(status)
  if self.status == 0 then self.status = status end
end

--- Prints a failure that was returned as nil, message, id.
function Session:report(message, id)
  self:failed(require("vise.errors")[id] and failure.status(id) or 1)
  io.stdout:flush()
  io.stderr:write(trouble.text({ message = message, id = id, frames = {} }, {}, self.style, self:columns()))
end

local function is_failure(results)
  return results[1] == nil and type(results[2]) == "string" and type(results[3]) == "string"
    and results[3]:find "^E%-%u%u%-%d%d$" ~= nil
end

-- Names that were read and are not there, when that may be why something went wrong.
function Session:tell_missing(always)
  for name in pairs(self.missing) do
    local near = names.near(name, self.env)
    if always or near then
      self:note(("no global '%s'%s"):format(name, near and ("; did you mean '%s'?"):format(near) or ""))
    end
  end
end

-- `_` and `_1` are the last value, `_2` the one before.
function Session:keep(value)
  local env = self.env
  for i = KEPT, 2, -1 do rawset(env, "_" .. i, rawget(env, "_" .. i - 1)) end
  rawset(env, "_1", value)
  rawset(env, "_", value)
  self.last = value
end

-- Is a text one call of a function of vise.plot?  What these give is made for a terminal.
local function is_picture(source, env)
  local tokens = lexer.tokens(source)
  local words = reach.words(source)
  for i, word in ipairs(words) do
    if word.text == "(" or word.text == "{" then
      local chain = i > 1 and reach.chain(words, i - 1)
      local f = chain and chain[1].token == 1 and reach.value(chain, env)
      for _, plot in next, package.loaded["vise.plot"] or {} do
        if rawequal(plot, f) then return lexer.partner(tokens, word.first) == words[#words].first end
      end
      return false
    end
  end
  return false
end

function Session:print_results(results, source)
  if type(results[1]) == "string" and is_picture(source, self.env) then
    self:write(results[1], results[1]:sub(-1) == "\n" and "" or "\n")
    return io.stdout:flush()
  end
  local chain = results.n == 1 and reach.parse(source)
  local name = chain and chain[#chain].kind ~= ":" and chain[#chain].key
  for i = 1, results.n do
    self:write(show.value(results[i], { name = type(name) == "string" and name or nil }), "\n")
  end
  io.stdout:flush()
end

-- What is done with the values of a chunk.  False when they say that it failed.
function Session:take(compiled, results)
  if is_failure(results) then
    self:report(results[2], results[3])
    return false
  end
  if compiled.kind == "assignment" then
    if results[1] == nil and results.n > 1 and type(results[2]) == "string" then
      self:note("nil: " .. results[2])
    end
  elseif results.n > 0 then
    self:keep(results[1])
    if not compiled.silent then self:print_results(results, compiled.text) end
  end
  if results[1] == nil and compiled.kind ~= "statement" then self:tell_missing(true) end
  return true
end

--- Prints an error that was raised.
---@param caught vise.repl.Trouble
function Session:complain(caught)
  io.stdout:flush()
  if caught.id == "E-RN-01" then
    self.interrupted(true)
    self:failed(130)
    io.stderr:write(self.style("interrupted", "wrong"), "\n")
    return
  end
  self.trouble = caught
  self:failed(caught.id and require("vise.errors")[caught.id] and failure.status(caught.id) or 1)
  io.stderr:write(trouble.text(caught, self.sources, self.style, self:columns()))
  self:tell_missing(false)
  local name, meant = trouble.member(caught, self.sources, self.env)
  if meant then self:note(("no '%s' there; did you mean '%s'?"):format(name, meant)) end
  if not self.told_bt and #caught.frames > 0 then
    self:note "bt shows where it came from, with local variables"
    self.told_bt = true
  end
end

-- Runs a function; what it gives or raises is dealt with.  False if it failed.
function Session:call(compiled)
  self.missing = {}
  local start = core.clock()
  local results = table.pack(xpcall(compiled.run, trouble.catch))
  local seconds = core.clock() - start
  local ok = results[1]
  if ok then
    ok = self:take(compiled, table.move(results, 2, results.n, 1, { n = results.n - 1 }))
  else
    self:complain(results[2])
  end
  if seconds > SLOW then self:note(text.seconds(seconds)) end
  self.interrupted(true) -- Ctrl-C after the work was done
  return ok
end

--- Is this a whole input, or do more lines belong to it?
---@param source string
---@return boolean
function Session:complete(source)
  if require("vise.repl.commands").find(self, source) then return true end
  local _, _, more = chunk.compile(source, "=input", self.env)
  return not more
end

--- Runs an input.
---@param source string
---@return boolean ok
function Session:run(source)
  if not source:find "%S" then return true end
  local command = require("vise.repl.commands").find(self, source)
  if command then return self:call { run = command, kind = "statement", text = source, silent = true } end
  self.count = self.count + 1
  local name = "=in" .. self.count
  self.sources[name] = source
  local compiled, message = chunk.compile(source, name, self.env)
  if not compiled then
    self:complain { message = message, frames = {} }
    return false
  end
  local ok = self:call(compiled)
  if ok then
    local parts = compiled.parts or { compiled }
    table.move(parts, 1, #parts, #self.lines + 1, self.lines)
    if source:find "^%s*local%s+[%a_]" and not source:find "\n" and not self.told_local then
      self:note "a local lasts for its input only; without `local` the name stays"
      self.told_local = true
    end
  end
  return ok
end

--- Runs a file in the session.
---@param path string
---@return true? ok, string? message, string? id
function Session:load(path)
  local f, why, code = io.open(path, "rb")
  if not f then return nil, "script " .. why, code == 13 and "E-US-07" or "E-US-06" end
  f:close()
  local run, message = loadfile(path, "t", self.env)
  if not run then return nil, message, "E-US-09" end
  return self:call { run = run, kind = "statement", text = "", silent = true }
end

return M
