--- vise repl: a working loop. Expressions print their values; errors keep the session.

local PROMPT, CONTINUED = "> ", ">> "

-- The chunk of some lines; nil, message and whether more lines could complete it.
local function compile(source, env)
  local expression = source:gsub("^%s*=", "", 1)
  local chunk = load("return " .. expression, "=stdin", "t", env)
  if chunk then return chunk end
  local message
  chunk, message = load(source, "=stdin", "t", env)
  if chunk then return chunk end
  return nil, message, message:find "<eof>$" ~= nil
end

local function complain(ctx, raised)
  local failure = require "vise.cli.failure"
  local id, message = failure.split(raised.message)
  if id == "E-RN-01" then
    ctx.interrupted(true)
    io.stderr:write "interrupted\n"
  elseif id then
    failure.report(id, message)
  else
    io.stderr:write(require("vise.text").escape_lines(raised.message), "\n")
  end
end

-- What an expression gave: values, or a failure as nil, message, id.
local function print_results(env, results)
  if results.n == 0 then return end
  if results[1] == nil and type(results[2]) == "string" and type(results[3]) == "string"
    and results[3]:find "^E%-%u%u%-%d%d$" then
    require("vise.cli.failure").report(results[3], results[2])
    return
  end
  env._ = results[1]
  local show = require "vise.show"
  for i = 1, results.n do io.stdout:write(show.value(results[i]), "\n") end
  io.stdout:flush()
end

-- Runs a chunk and prints what it gives, unless a `;` at the end asked for silence.
local function run(ctx, env, chunk, silent)
  local failure = require "vise.cli.failure"
  local results = table.pack(xpcall(chunk, failure.trace))
  if not results[1] then return complain(ctx, results[2]) end
  results = table.pack(table.unpack(results, 2, results.n))
  if silent then
    env._ = results[1]
  else
    print_results(env, results)
  end
end

local function environment()
  local env = setmetatable({}, { __index = _G })
  env._G = env
  env.vise = require "vise"
  env.help = function(topic)
    if type(topic) ~= "string" then topic = "help" end
    local shown, message, id = require("vise.describe").help(topic)
    if not shown then return nil, message, id end
    io.stdout:write(shown)
  end
  return env
end

-- One line, or nil at the end.  Ctrl-C ends a read that waits, with an error of its own.
local function read_line(prompt)
  if prompt then
    io.stdout:write(prompt)
    io.stdout:flush()
  end
  return io.read "L"
end

-- Reads and runs one complete input.  False at the end of the input.
local function step(ctx, env, terminal)
  local source = read_line(terminal and PROMPT)
  if not source then return false end
  if not source:find "%S" then return true end
  while true do
    local chunk, message, more = compile(source, env)
    if chunk then
      run(ctx, env, chunk, source:find ";%s*$" ~= nil)
      return true
    end
    local line = more and read_line(terminal and CONTINUED)
    if not line then
      io.stderr:write(require("vise.text").escape_lines(message), "\n")
      return not more
    end
    source = source .. line
  end
end

local function run_file(ctx, env, path)
  local chunk, message = loadfile(path, "t", env)
  if not chunk then return nil, message, "E-US-09" end
  run(ctx, env, chunk, true)
  return true
end

return {
  name = "repl",
  summary = "reads Lua from the terminal or a pipe and prints what it gives",
  text = "An expression prints its value, a `;` at the end keeps it silent, `_` is the last value. Input may "
    .. "span lines. `help \"name\"` explains a function, a command or an error id. An error keeps the "
    .. "session, Ctrl-C stops a computation, Ctrl-D ends. On a pipe there are no prompts. Locals last for "
    .. "one input: use globals.",
  arguments = {
    { name = "file", type = "file", glob = "*.lua", optional = true,
      help = "a Lua file to run first, in the same session" },
  },
  options = {},
  examples = {
    { "vise repl", "a session" },
    { "echo 'vise.tensor(\"f32\", { 2, 2 })' | vise repl", "one line from a pipe" },
  },
  run = function(ctx)
    local env = environment()
    local terminal = require("vise.core").terminal "stdin" ~= nil
    if ctx.args.file then
      local ok, message, id = run_file(ctx, env, ctx.args.file)
      if not ok then return nil, message, id end
    end
    if terminal then
      io.stdout:write("vise ", require "vise.version", "; help \"repl\" explains, Ctrl-D ends\n")
    end
    local trace = require("vise.cli.failure").trace
    while true do
      local ok, result = xpcall(step, trace, ctx, env, terminal)
      if not ok then
        if terminal then io.stdout:write "\n" end
        complain(ctx, result)
      elseif not result then
        break
      end
    end
    if terminal then io.stdout:write "\n" end
    return 0
  end,
}
