--- vise help: commands, functions and error ids, from the descriptions.

return {
  name = "help",
  summary = "explains a command, a Lua function or an error id",
  text = "Without a topic it lists the commands, the environment and the exit statuses.",
  arguments = {
    { name = "topic", type = "string", optional = true,
      help = "a command, a Lua name such as tensor:rows or quantize, or an id such as E-ST-07" },
  },
  options = {},
  examples = {
    { "vise help inspect", "the whole help of a command" },
    { "vise help tensor:rows", "a Lua function" },
    { "vise help E-US-04", "what an error means and what to do" },
  },
  run = function(ctx)
    local topic = ctx.args.topic
    if not topic then
      io.stdout:write(require("vise.cli.usage").program(true), "\nfunctions\n",
        require("vise.describe").overview())
      return 0
    end
    local shown, message, id = require("vise.describe").help(topic)
    if not shown then return nil, message, id end
    io.stdout:write(shown)
    return 0
  end,
}
