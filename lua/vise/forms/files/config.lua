--- The configuration of a quantization, as vise.describe has it.

local describe = require "vise.describe"
local values = require "vise.describe.values"

-- Its values as fields of a form.
local function fields_of(list)
  local fields = {}
  for i, value in ipairs(list) do
    fields[i] = { value[1], (value[2]:gsub("vise%.", "")), values.about(value, true),
      fields = value.fields and fields_of(value.fields) }
  end
  return fields
end

local shapes = {}
for i, part in ipairs { "config.fields", "config.svdq" } do
  local ref = describe.reference(part)
  shapes[i] = { title = ref.name, text = ref.summary .. ".", fields = fields_of(ref.fields) }
end

---@type vise.Form
return {
  name = "config",
  title = "a configuration of vise.config",
  summary = "what is quantized, to which types, and how",
  text = "The table that `vise.config`, `vise.plan` and `vise.quantize` take, and the field `config` of an artefact's "
    .. "manifest, which leaves paths out.",
  shapes = shapes,
  schema = function() return assert(require("vise.core").json_decode(describe.schema())) end,
}
