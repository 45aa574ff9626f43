--- Fields that several forms share.

local M = {}

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

return M
