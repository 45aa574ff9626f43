--- header.lua of a recipe, as vise.recipe.header describes it.

local header = require "vise.recipe.header"

-- Its rows as fields of a form; their types are words.
local function fields_of(rows)
  local fields = {}
  for i, row in ipairs(rows) do
    fields[i] = { row.name, row.type, row.help, needed = row.required or nil,
      fields = row.fields and fields_of(row.fields) }
  end
  return fields
end

local described = header.describe()
local types = {}
for i, row in ipairs(described.types) do types[i] = { row.name, "after -p NAME=", row.help } end

---@type vise.Form
return {
  name = "recipe",
  title = "header.lua of a recipe",
  summary = "what a recipe says of itself",
  text = "A recipe is a folder: `header.lua` says what it is and which parameters it takes, `recipe.lua` returns "
    .. "`function(job)`, `lib/` holds its own modules. The header is one table of strings, numbers, true, false, nil "
    .. "and tables; it is read as data and never executed.",
  shapes = {
    { title = "header", text = "The fields of the header.", fields = fields_of(described.fields) },
    { title = "parameters", text = "The fields of each entry of `params`.", fields = fields_of(described.params) },
    { title = "types", text = "The types of parameters.", fields = types },
  },
  schema = header.schema,
}
