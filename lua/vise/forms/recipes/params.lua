--- vise recipes params --json: a JSON schema of its own.

---@type vise.Form
return {
  text = "A JSON schema (draft 2020-12) of the recipe's parameters.",
  fields = {},
  schema = function()
    return { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", title = "vise recipes params --json",
      description = "A JSON schema of the recipe's parameters.", type = "object",
      ["$ref"] = "https://json-schema.org/draft/2020-12/schema" }
  end,
}
