--- What a line at the prompt may be besides Lua: `?name`, `bt`, `$ command`, `.save FILE`.

local docs = require "vise.repl.docs"
local fail = require "vise.fail"
local reach = require "vise.repl.reach"
local show = require "vise.show"
local suggest = require "vise.suggest"
local text = require "vise.text"
local trouble = require "vise.repl.trouble"

local M = {}

--- Keys and words, for `.help`.
M.help = {
  { "Tab", "completes names, fields, options, tensors, layers, files; again: the next page" },
  { "Ctrl-R", "searches the history; Ctrl-R again goes further back" },
  { "Up Down", "lines of the input, then the history" },
  { "Enter", "runs a whole input, else continues it; Alt-Enter always continues" },
  { "Ctrl-A Ctrl-E", "start and end of the line; Alt-B Alt-F word by word" },
  { "Ctrl-W Ctrl-K Ctrl-U", "cut; Ctrl-Y pastes, Alt-Y an older cut; Ctrl-_ undoes; Ctrl-T swaps" },
  { "Ctrl-L", "clears the screen; Ctrl-C the line, or stops a computation; Ctrl-D ends" },
  { "?name  name?", "explains; ??name shows the source of a Lua function; help \"topic\"" },
  { "expression", "prints its value, `;` at the end keeps it silent" },
  { "_  _1  _2", "the last value, the same, the one before" },
  { "bt", "where the last error came from, with locals" },
  { "who()", "what you defined; timeit(f) times a function" },
  { "$ command", "runs a shell command" },
}

-- What `?name` says: the description of what the name reaches, else of the topic, else the value.
local function explain(session, topic)
  local chain = reach.parse(topic)
  local entry = chain and docs.entry(chain, session.env)
  local describe = require "vise.describe"
  if entry then return session:write(describe.function_text(entry[1], entry[2])) end
  local value = chain and reach.value(chain, session.env)
  if value == nil or rawequal(value, package.loaded.vise) then
    local shown, message, id = describe.help(topic)
    if not shown then return nil, message, id end
    return session:write(shown)
  end
  if type(value) == "function" then
    session:write(docs.hint(chain, session.env) or topic, "\n",
      text.escape_lines(docs.comment(value, session.sources) or ""))
  else
    session:write(show.value(value, { rows = 5 }), "\n")
    local class = docs.class(value)
    if class then
      session:write(("  %s: %s; help %q lists its functions\n"):format(class.name, class.summary, class.name))
    end
  end
end

-- `??name`: the source of a Lua function.
local function source(session, topic)
  local chain = reach.parse(topic)
  local value = chain and reach.value(chain, session.env)
  if type(value) ~= "function" then return fail.fail("E-US-08", "?? shows functions; '%s' reaches none", topic) end
  local lines = docs.source(value, session.sources)
  if not lines then return fail.fail("E-US-08", "'%s' is not written in Lua, or its file is not there", topic) end
  session:write(text.escape_lines(lines), "\n")
end

function M.trace(session)
  session:write(session.trouble and trouble.trace(session.trouble, session.sources, session.env)
    or "(no error yet)\n")
end

local function shell(session, command)
  if not session.interactive then
    return fail.fail("E-US-31", "'$ %s': shell commands are for a person at the prompt", command:sub(1, 60))
  end
  io.stdout:flush()
  local ok, how, code = os.execute(command)
  if not ok then session:note(("%s %s"):format(how == "signal" and "ended by signal" or "exit status", code)) end
end

-- Rows of two cells, the second folded beside the first.
local function two_columns(rows)
  local widest, out = 0, {}
  for _, row in ipairs(rows) do widest = math.max(widest, #row[1]) end
  local indent = (" "):rep(widest + 4)
  for i, row in ipairs(rows) do
    local folded = text.wrap(row[2], text.page_width() - 1, indent):gsub("^%s+", "")
    out[i] = "  " .. row[1] .. (" "):rep(widest - #row[1] + 2) .. folded .. "\n"
  end
  return table.concat(out)
end

local dotted = {
  full = function(session) session:write(show.value(session.last, { full = true }), "\n") end,
  help = function(session)
    session:write(two_columns(M.help), "\n", two_columns(require("vise.repl.complete").commands))
  end,
  quit = function(session) session.done = true end,
  load = function(session, path)
    if path == "" then return fail.fail("E-US-05", ".load FILE: which file?") end
    local ok, message, id = session:load(path)
    if ok == nil then return nil, message, id end
  end,
  save = function(session, path)
    if path == "" then return fail.fail("E-US-05", ".save FILE.lua or .save FOLDER: which?") end
    local ok, message, id = require("vise.repl.save").write(path, session.lines)
    if not ok then return nil, message, id end
    session:note(("%d lines in %s"):format(#session.lines, path))
  end,
}
dotted.exit = dotted.quit

local function dot_command(session, name, rest)
  if dotted[name] then return dotted[name](session, rest) end
  local hint = suggest.hint(name, { "full", "help", "load", "quit", "save" })
  return fail.fail("E-US-32", "no command '.%s'%s", name, hint)
end

local words = {
  bt = function(session) M.trace(session) end,
  exit = dotted.quit, quit = dotted.quit,
  help = function(session) dotted.help(session) end,
}

--- The command that an input is.
---@param session vise.repl.Session
---@param input string
---@return fun()? run  nil for Lua.
function M.find(session, input)
  if input:find "\n%s*%S" then return nil end
  local line = input:match "^%s*(.-)%s*$"
  local mark, topic = line:match "^(%?%??)%s*(.*)$"
  if not mark then
    topic, mark = line:match "^([%a_][%w_.:%[%]\"]*)(%?%??)$"
  end
  if mark then
    if topic == "" then return function() dotted.help(session) end end
    return function() return (mark == "??" and source or explain)(session, topic) end
  end
  local name, rest = line:match "^%.(%a+)%s*(.*)$"
  if name then return function() return dot_command(session, name, rest) end end
  local command = line:match "^%$%s*(.+)$"
  if command then return function() return shell(session, command) end end
  local own = rawget(session.env, line)
  if words[line] and (own == nil or line == "bt" or line == "help") then
    return function() return words[line](session) end
  end
  return nil
end

return M
