--- vise recipes params --json: a JSON schema itself.

local common = require "vise.forms.common"

---@type vise.Form
return {
  text = "A JSON schema of the object that the parameters of one recipe make.",
  fields = {
    common.schema,
    { "$schema", "string", "the draft of JSON schema" },
    { "title", "string", "the recipe" },
    { "description", "string", "its summary" },
    { "type", "string", "of the whole", const = "object" },
    { "properties", "table<string, table>", "the schema of each parameter; x-type, x-affects, x-when and x-advanced "
      .. "say what JSON schema has no word for" },
    { "required", "string[]", "parameters without a default" },
    { "additionalProperties", "boolean", "there are no others", const = false },
  },
}
