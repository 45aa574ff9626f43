--- vise help: commands, functions and error ids, from the descriptions.

return {
  name = "help",
  summary = "explains a command, a Lua function or an error id",
  text = "Without a topic it lists the commands, the environment and the exit statuses.",
  arguments = {
    { name = "topic", type = "string", optional = true, repeatable = true, complete = "topics",
      help = "a command, a Lua name such as tensor:rows or quantize, or an id such as E-ST-07" },
  },
  options = {},
  examples = {
    { "vise help inspect", "the whole help of a command; of a subcommand with both its words" },
    { "vise help tensor:rows", "a Lua function" },
    { "vise help E-US-04", "what an error means and what to do" },
  },
  run = function(ctx)
    if not ctx.args.topic then
      io.stdout:write(require("vise.cli.usage").program(true), "\nfunctions\n",
        require("vise.describe").overview())
      return 0
    end
    local shown, message, id = require("vise.describe").help(table.concat(ctx.args.topic, " "))
    if not shown then return nil, message, id end
    io.stdout:write(shown)
    return 0
  end,
}
