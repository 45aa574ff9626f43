--- vise repl: the prompt.

-- What has been asked for besides typing: a file, then code.  False if one of them failed to start.
local function run_given(ctx, session)
  if ctx.args.file then
    local ok, message, id = session:load(ctx.args.file)
    if ok == nil then return nil, message, id end
  end
  if ctx.options.execute then session:run(ctx.options.execute) end
  return true
end

return {
  name = "repl",
  summary = "reads Lua from the terminal or a pipe and prints what it gives",
  text = "An expression prints its value, a `;` at the end keeps it silent. `_` is the last value, `_1` the same, `_2` "
    .. "the one before. Tab completes names, fields, options, quant types, files, and the tensors and layers of a "
    .. "model inside m[\"...\"]; a line below tells how the function at the cursor is called.\n"
    .. "`?name` or `name?` explains, `??name` shows the source of a Lua function, `help \"topic\"` explains a "
    .. "function, a command or an error id, `who()` lists what you defined, `timeit(f)` times a function, `bt` shows "
    .. "where the last error came from with local variables, `$ command` runs a shell command.\n"
    .. "Tensors, models, layers and plans are shown in short; `.full` shows the last value whole. `.save NAME.lua` "
    .. "writes the lines that succeeded as a script, `.save NAME` as a recipe that `vise run` takes; `.load FILE` "
    .. "runs a file; `.help` lists all keys; `.quit` or Ctrl-D ends. Ctrl-C stops a computation and keeps the "
    .. "session. Locals last for one input: use globals.\n"
    .. "The history is kept in $XDG_STATE_HOME/vise/history; lines that begin with a space are not. On a pipe there "
    .. "are no prompts and no colours, and the exit status is that of the first line that failed.",
  arguments = {
    { name = "file", type = "file", glob = "*.lua", optional = true,
      help = "a Lua file to run first, in the same session" },
  },
  options = {
    { name = "execute", short = "e", type = "string", value = "CODE", help = "runs this instead of reading lines" },
  },
  examples = {
    { "vise repl", "a session" },
    { "vise repl -e 'vise.version'", "one line" },
    { "echo 'vise.tensor(\"f32\", { 2, 2 })' | vise repl", "one line from a pipe" },
  },
  run = function(ctx)
    local terminals = require "vise.terminal"
    local function terminal() return terminals.of "stdout" end
    local input, about = terminals.of "stdin", terminal()
    local person = input.tty and about.tty and not ctx.options.execute
    local session = require("vise.repl.session").new { interactive = person,
      colour = person and about.colour > 0, interrupted = ctx.interrupted }
    local ok, message, id = run_given(ctx, session)
    if not ok then return nil, message, id end
    if ctx.options.execute then return session.status end

    local repl = require "vise.repl"
    if not person then
      repl.plain(session, false)
      return session.status
    end
    io.stdout:write("vise ", require "vise.version", "; .help lists the keys, Ctrl-D ends\n")
    if about.cursor then
      repl.editor(session, terminal)
    else
      repl.plain(session, true)
    end
    return 0
  end,
}
