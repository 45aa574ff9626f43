--- Patterns.

return {
  name = "pattern",
  kind = "class",
  class = "vise.Pattern",
  summary = "which layers a person means; made by vise.pattern",
  text = "A string is a glob over full layer names: * stands for any run of characters, dots too, ? for one. "
    .. "{ glob, optional = true } may match nothing; any other pattern that matches nothing is an error that names the "
    .. "nearest name. As one string, for JSON and the command line: the glob, \"lua:PATTERN\", \"optional:GLOB\". A "
    .. "pattern cannot be changed.",
  prelude = 'local pattern = vise.pattern "blocks%.[01]%."',
  aliases = {
    { "vise.PatternLike", "what may stand where a pattern is expected",
      type = "string|vise.Pattern|{ [1]: string|vise.Pattern, optional?: boolean }", schema = "string" },
  },
  fields = {
    { "text", "string", "as it was written" },
    { "lua", "string", "the Lua pattern that it stands for" },
    { "optional", "boolean", "whether it may match nothing" },
    { "of_glob", "boolean", "whether it was written as a glob" },
    { "plain", "string", "one string that means the same wherever a pattern is expected" },
  },
  functions = {
    {
      name = "matches", arguments = { { "name", "string", "of a layer" } }, returns = { { "boolean", "matches" } },
      text = "Whether a name matches.",
      example = 'print(pattern:matches "blocks.1.ff", pattern:matches "blocks.2.ff") --> true false',
    },
    {
      name = "select",
      arguments = {
        { "names", "string[]", "of layers" },
        { "where", "string", "for messages: where the pattern stands" },
      },
      returns = { { "string[]", "matched" } },
      text = "The names that match, in their order. Raises when there are none and the pattern is not optional.",
      example = 'print(#pattern:select({ "blocks.0.ff", "blocks.7.ff" }, "exclude[1]")) --> 1',
    },
  },
}
