--- vise help --json.

local common = require "vise.forms.common"

local spec = {
  { "name", "string", "of the option, or of the argument in small letters" },
  { "type", "string", "of its value; flag has none" },
  { "help", "string", "what it is" },
  { "short", "string", "the letter after one dash", optional = true },
  { "value", "string", "the word for the value", optional = true },
  { "default", "any", "where it is not given", optional = true },
  { "min", "number", "the least value", optional = true },
  { "max", "number", "the greatest value", optional = true },
  { "choices", "string[]", "the values there are", optional = true },
  { "optional", "boolean", "the argument may be left out", optional = true },
  { "repeatable", "boolean", "may be given again", optional = true },
  { "required", "boolean", "the option must be given", optional = true },
}

---@type vise.Form
return {
  shapes = {
    { title = "all", text = "Without a topic: what the program can do.", fields = {
      common.schema,
      common.vise,
      { "commands", "table[]", "and subcommands, in the order of the help", fields = {
        { "name", "string", "the words that call it" },
        { "summary", "string", "one line" },
        { "text", "string", "more of them", optional = true },
        { "arguments", "table[]", "in order", fields = spec },
        { "options", "table[]", "besides --help", fields = spec },
        { "examples", "table[]", "that work", fields = {
          { "line", "string", "what to type" },
          { "text", "string", "what comes of it" },
        } },
      } },
      { "environment", "table[]", "variables", fields = {
        { "names", "string", "one, or several with commas" },
        { "text", "string", "what they do" },
      } },
      { "statuses", "table[]", "exit statuses", fields = {
        { "status", "integer", "the number" },
        { "text", "string", "what it means" },
      } },
      { "lua", "table[]", "modules and classes", fields = {
        { "name", "string", "below vise" },
        { "kind", "string", "of the part", choices = { "module", "class" } },
        { "summary", "string", "one line" },
        { "functions", "string[]", "their names" },
      } },
    } },
    { title = "one topic", text = "With a topic.", fields = {
      common.schema,
      { "topic", "string", "as it was given" },
      { "text", "string", "the help on it" },
    } },
  },
}
