--- vise compare --json.

local common = require "vise.forms.common"

local side = {
  { "type", "string", "the quant type or the dtype" },
  { "shape", "integer[]", "empty for a scalar" },
  { "bytes", "integer", "stored" },
}

---@type vise.Form
return {
  fields = {
    common.schema,
    { "a", "string", "the first side as it was given" },
    { "b", "string", "the second side as it was given" },
    { "same", "integer", "weights that are the same" },
    { "different", "integer", "weights that are not" },
    { "left_out", "integer", "weights of a float model that the artefact does not hold; not compared" },
    { "bytes", "table", "of the weights", fields = {
      { "a", "integer", "of the first side" },
      { "b", "integer", "of the second side" },
    } },
    { "weights", "table[]", "every weight of either side", fields = {
      { "name", "string", "of the weight" },
      { "state", "string", "how the two sides are to each other",
        choices = { "same", "differs", "other shape", "only in a", "only in b" } },
      { "a", "table", "in the first side", optional = true, fields = side },
      { "b", "table", "in the second side", optional = true, fields = side },
      { "rel_l2", "number|null", "the norm of B - A over that of A", optional = true },
      { "max_abs", "number|null", "the largest difference", optional = true },
      { "cosine", "number|null", "of the angle between the two", optional = true },
    } },
  },
}
