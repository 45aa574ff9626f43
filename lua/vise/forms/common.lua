--- Fields that several forms share.

local M = {}

--- The same field, which may be absent.
---@param field vise.FormField
---@return vise.FormField
function M.maybe(field)
  local copy = {}
  for key, value in pairs(field) do copy[key] = value end
  copy.optional = true
  return copy
end

--- The number of a form.
---@type vise.FormField
M.schema = { "schema", "integer", "of this form; it changes when a key does", const = 1 }

---@type vise.FormField
M.vise = { "vise", "string", "the version of the program" }

--- The statistics of a tensor: numbers are null where no element is finite.
---@type vise.FormField[]
M.statistics = {
  { "count", "integer", "elements" },
  { "finite", "integer", "elements that are finite" },
  { "nans", "integer", "elements that are no number" },
  { "infinities", "integer", "elements that are infinite" },
  { "zeros", "integer", "elements that are zero" },
  { "min", "number|null", "the least finite element" },
  { "max", "number|null", "the greatest finite element" },
  { "mean", "number|null", "of the finite elements" },
  { "std", "number|null", "the standard deviation of the finite elements" },
}

--- A file and what is in it.
---@type vise.FormField[]
M.file = {
  { "file", "string", "its name" },
  { "bytes", "integer", "its size" },
  { "sha256", "string", "of its bytes" },
}

--- A file of a package.
---@type vise.FormField[]
M.package_file = {
  { "name", "string", "in the package" },
  { "bytes", "integer", "its size" },
  { "sha256", "string", "of its bytes" },
}

--- What went wrong.
---@type vise.FormField[]
M.failure = {
  { "id", "string", "of the error" },
  { "message", "string", "where, what was found, what was expected" },
}

--- What a run measured.
---@type vise.FormField[]
M.metric = {
  { "name", "string", "of the metric" },
  { "value", "number|string", "inf, -inf or nan where it is not finite" },
  { "unit", "string", "of the value", optional = true },
  { "better", "string", "which way", optional = true, choices = { "higher", "lower" } },
  { "stderr", "number|string", "its standard error", optional = true },
  { "step", "integer|number", "of a course of values", optional = true },
  { "target", "number|string", "what the recipe expects", optional = true },
}

--- What a recipe reported.
---@type vise.FormField
M.results = { "results", "table[]", "what the recipe reported", fields = {
  { "name", "string", "of the result" },
  { "data", "any", "as the recipe gave it" },
} }

---@type vise.FormField
M.params = { "params", "table<string, any>", "the value of every parameter" }

--- What computes.
---@type vise.FormField
M.engine = { "engine", "table", "results of one class are the same to the bit", fields = {
  M.vise,
  { "backend", "string", "of the kernels" },
  { "blas", "string", "of large products, none if it is our own code" },
  { "matmul", "string", "the rule that chooses between the two" },
  { "class", "string", "the two in one word" },
} }

--- Name, version and hash of a package.
---@type vise.FormField[]
M.package = {
  { "name", "string", "of the recipe" },
  { "version", "string", "of the recipe" },
  { "package", "string", "the hash of its files" },
}

--- The same and more fields.
---@param fields vise.FormField[]
---@param more vise.FormField[]
---@return vise.FormField[]
function M.with(fields, more)
  local all = table.move(fields, 1, #fields, 1, {})
  return table.move(more, 1, #more, #all + 1, all)
end

return M
