--- vise help: commands, functions and error ids, from the descriptions.

return {
  name = "help",
  summary = "explains a command, a Lua function or an error id",
  text = "Without a topic it lists the commands, the environment and the exit statuses.",
  arguments = {
    { name = "topic", type = "string", optional = true, repeatable = true, complete = "topics",
      help = "a command, a Lua name such as tensor:rows or quantize, or an id such as E-ST-07" },
  },
  options = {
    { name = "json", type = "flag", help = "print one JSON object; without a topic all descriptions" },
  },
  examples = {
    { "vise help inspect", "the whole help of a command; of a subcommand with both its words" },
    { "vise help tensor:rows", "a Lua function" },
    { "vise help E-US-04", "what an error means and what to do" },
  },
  run = function(ctx)
    local core, as_json = require "vise.core", ctx.options.json
    if not ctx.args.topic then
      io.stdout:write(as_json and core.json_encode(require("vise.docs.index").all(), 2) .. "\n"
        or require("vise.cli.usage").program(true) .. "\nfunctions\n" .. require("vise.describe").overview())
      return 0
    end
    local topic = table.concat(ctx.args.topic, " ")
    local shown, message, id = require("vise.describe").help(topic)
    if not shown then return nil, message, id end
    io.stdout:write(as_json and core.json_encode({ schema = 1, topic = topic, text = shown }, 2) .. "\n" or shown)
    return 0
  end,
}
