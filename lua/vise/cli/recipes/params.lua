--- vise recipes params: the parameters of a recipe, as a table or a JSON schema.

local function values_of(wanted)
  local words = {}
  for i, value in ipairs(type(wanted) == "table" and wanted or { wanted }) do words[i] = tostring(value) end
  return table.concat(words, " or ")
end

-- What a parameter may be and does, as a paragraph.
local function about(spec)
  local words = ("%s: %s"):format(require("vise.recipe.params").words(spec), spec.help)
  for _, other in ipairs(require("vise.recipe.shape").keys(spec.when or {})) do
    words = ("%s; only while %s is %s"):format(words, other, values_of(spec.when[other]))
  end
  return spec.affects == "speed" and words .. "; changes the speed, not the result" or words
end

local function write_param(name, spec, value, given)
  local params, text = require "vise.recipe.params", require "vise.text"
  local shown = value == nil and "(must be given)" or params.show(spec, value)
  io.stdout:write(text.escape(("%s = %s%s"):format(name, shown == "" and "none" or shown, given and "  (given)" or "")),
    "\n", text.wrap(text.escape(about(spec)), text.page_width(), "    "), "\n")
end

local function write_table(specs, values, given)
  local usual, advanced = {}, {}
  for _, name in ipairs(require("vise.recipe.shape").keys(specs)) do
    table.insert(specs[name].advanced and advanced or usual, name)
  end
  for _, name in ipairs(usual) do write_param(name, specs[name], values[name], given[name]) end
  if #advanced > 0 then io.stdout:write "\nfor experts\n" end
  for _, name in ipairs(advanced) do write_param(name, specs[name], values[name], given[name]) end
  if next(specs) == nil then io.stdout:write "it has no parameters\n" end
end

return {
  name = "params",
  summary = "shows the parameters of a recipe",
  text = "Each parameter with its value, what it may be and what it does. With -p the values are those that a run "
    .. "with the same -p would have, as they were understood. --json prints a JSON schema, for editors.",
  arguments = { { name = "recipe", type = "place", complete = "recipes", help = "a recipe's name or folder" } },
  options = {
    { name = "param", short = "p", type = "pair", repeatable = true, complete = "parameters",
      help = "a parameter as `vise run` takes it" },
    { name = "json", type = "flag", help = "print a JSON schema of the parameters" },
  },
  examples = {
    { "vise recipes params svdq", "what can be set" },
    { "vise recipes params svdq -p rank=16", "what a run with this would have" },
    { "vise recipes params svdq --json", "a JSON schema" },
  },
  run = function(ctx)
    local params = require "vise.recipe.params"
    local recipe, message, id = require("vise.recipe").read(ctx.args.recipe)
    if not recipe then return nil, message, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode(require("vise.recipe.param_schema").of(recipe), 2), "\n")
      return 0
    end
    local specs, given, values = recipe.header.params or {}, {}
    for _, pair in ipairs(ctx.options.param) do given[pair[1]:match "[%a_][%w_]*"] = true end
    values, message, id = params.defaults(specs, ctx.options.param)
    if not values then return nil, message, id end
    write_table(specs, values, given)
    return 0
  end,
}
