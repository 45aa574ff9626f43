--- The loop of the prompt: on a terminal with an editor, anywhere else line by line.

local M = {}

local PROMPT, CONTINUED = "> ", ">> "

-- One line, or nil at the end.  Ctrl-C ends a read that waits, with an error of its own.
local function read_line(prompt)
  if prompt then
    io.stdout:write(prompt)
    io.stdout:flush()
  end
  return io.read "L"
end

-- One whole input; nil at the end.  What does not end is given as it is: to be complained about.
local function read_input(session, prompts)
  local source = read_line(prompts and PROMPT)
  while source and source:find "%S" and not session:complete(source) do
    local line = read_line(prompts and CONTINUED)
    if not line then break end
    source = source .. line
  end
  return source
end

--- Reads inputs from a pipe, a file or a terminal that can do nothing but write.
---@param session vise.repl.Session
---@param prompts boolean
function M.plain(session, prompts)
  local catch = require("vise.repl.trouble").catch
  while not session.done do
    local ok, source = xpcall(read_input, catch, session, prompts)
    if not ok then
      if prompts then io.stdout:write "\n" end
      session:complain(source)
      if not prompts then break end
    elseif not source then
      break
    else
      session:run((source:gsub("\n$", "")))
    end
  end
  if prompts and not session.done then io.stdout:write "\n" end
end

-- Reads an input with the editor and runs it.
local function turn(session, prompt, history)
  local source = prompt:read()
  if not source then
    session.done = true
    return
  end
  local ok, message = history:add(source)
  if not ok and not history.told then
    session:note("the history is not kept: " .. tostring(message))
    history.told = true
  end
  session:run(source)
end

--- Reads inputs with the editor.
---@param session vise.repl.Session
---@param terminal fun(): vise.Terminal
function M.editor(session, terminal)
  local catch = require("vise.repl.trouble").catch
  local histories = require "vise.repl.history"
  local history = histories.open(histories.path())
  local prompt = require("vise.repl.prompt").new(session, history, terminal)
  while not session.done do
    local ok, caught = xpcall(turn, catch, session, prompt, history)
    -- Ctrl-C between an input and the next prompt.
    if not ok and caught.id ~= "E-RN-01" then error(caught.message, 0) end
    if not ok then session:complain(caught) end
  end
end

return M
