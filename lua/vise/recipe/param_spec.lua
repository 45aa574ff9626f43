--- The description of a parameter: what its fields may be, what a value of it must be.

local param_types = require "vise.recipe.param_types"
local shape = require "vise.recipe.shape"
local suggest = require "vise.suggest"

local M = {}

local types, compound = param_types.types, param_types.compound

---@class vise.RecipeParam
---@field type string        A key of vise.recipe.param_types.types or .compound.
---@field default any
---@field required? boolean  There is no default: it must be given.
---@field min? number
---@field max? number
---@field step? number       From min, or from 0.
---@field choices? any[]
---@field of? string|table   What a list or a map holds: a type's name, or a description.
---@field keys? "text"|"pattern"  Of a map.
---@field kind? "file"|"folder"   Of a path.
---@field divides? "inputs"  The value divides the inputs of each layer.
---@field when? table<string, any>  It counts only while the others have these values.
---@field unit? string
---@field help string
---@field advanced? boolean
---@field affects? "speed"|"result"

local TYPE_NAMES = {}
for _, name in ipairs(shape.keys(types)) do TYPE_NAMES[#TYPE_NAMES + 1] = name end
for _, name in ipairs(shape.keys(compound)) do TYPE_NAMES[#TYPE_NAMES + 1] = name end
table.sort(TYPE_NAMES)
M.type_names = TYPE_NAMES

local function field(name, of, help, required)
  return { name = name, shape = of, help = help, required = required }
end

local LINE = shape.text "one line of text"

--- The fields, for the reference.
M.fields = {
  field("type", shape.any "a type's name", "see the types", true),
  field("default", shape.any "a value of the type", "what it is when nobody says; of bytes and duration also a text"),
  field("required", shape.boolean(), "there is no default: it must be given"),
  field("help", LINE, "one line: what it does", true),
  field("min", shape.any "a number", "the least value; of numbers, sizes, durations and lists of them"),
  field("max", shape.any "a number", "the greatest"),
  field("step", shape.any "a number", "values are min, min + step, ...; from 0 without min"),
  field("choices", shape.any "a list of values", "the values allowed; a choice must have them"),
  field("unit", LINE, "of the number, for people"),
  field("of", shape.any "a type's name, or a description", "what a list or a map holds"),
  field("keys", shape.choice { "text", "pattern" }, "of a map: each pattern must match a layer, no two the same one"),
  field("kind", shape.choice { "file", "folder" }, "of a path"),
  field("divides", shape.choice { "inputs" }, "the value must divide the inputs of every layer"),
  field("when", shape.map("a table of values by parameter", shape.any "a value"),
    "it counts only while the others have these values; a list means any of them"),
  field("affects", shape.choice { "speed", "result" }, "what it changes; result if not given"),
  field("advanced", shape.boolean(), "listed apart"),
}

local SPEC = shape.record("a table that describes the parameter", M.fields)

-- The type of what a list or a map holds, as a description; nil for single values.
local function item_spec(spec)
  if spec.type == "patterns" then return { type = "pattern" } end
  if spec.type ~= "list" and spec.type ~= "map" then return nil end
  if type(spec.of) == "table" then return spec.of end
  return { type = spec.of or "string", min = spec.min, max = spec.max, step = spec.step, choices = spec.choices,
    unit = spec.unit }
end
M.item_spec = item_spec

-- A default as the header may write it: of lists and maps each item.
local function converted(spec, value)
  local item, convert = item_spec(spec), types[spec.type] and types[spec.type].of_header
  if not item or type(value) ~= "table" then return convert and convert(value) or value end
  local out = {}
  for key, v in pairs(value) do out[key] = converted(item, v) end
  return out
end

--- A copy with the texts of the header ("512MiB") made values.
---@param spec vise.RecipeParam
---@return vise.RecipeParam
function M.prepare(spec)
  local out = {}
  for key, value in pairs(spec) do out[key] = value end
  if type(out.of) == "table" then out.of = M.prepare(out.of) end
  local bounded = type(out.of) ~= "table" and item_spec(out) or out
  for _, key in ipairs { "min", "max", "step" } do out[key] = converted(bounded, out[key]) end
  if type(out.choices) == "table" then
    out.choices = {}
    for i, choice in ipairs(spec.choices) do out.choices[i] = converted(bounded, choice) end
  end
  out.default = converted(out, out.default)
  return out
end

local function show(spec, value)
  return param_types.show(spec.type, value)
end

local function range_words(spec)
  local words = ""
  if spec.min and spec.max then
    words = (" from %s to %s"):format(show(spec, spec.min), show(spec, spec.max))
  elseif spec.min then
    words = " of at least " .. show(spec, spec.min)
  elseif spec.max then
    words = " of at most " .. show(spec, spec.max)
  end
  if spec.step then words = words .. " in steps of " .. show(spec, spec.step) end
  return spec.unit and words .. " " .. shape.shown(spec.unit) or words
end

--- What a value must be, in words.
---@param spec vise.RecipeParam  Prepared.
---@return string
function M.expected(spec)
  local item = item_spec(spec)
  if spec.type == "patterns" then return compound.patterns.words end
  if item then return ("%s, each %s"):format(compound[spec.type].words, M.expected(item)) end
  if not spec.choices then return types[spec.type].words .. range_words(spec) end
  local words = {}
  for i, choice in ipairs(spec.choices) do words[i] = show(spec, choice) end
  return "one of " .. table.concat(words, ", ")
end

-- A step counts from min; numbers may miss it by rounding.
local function on_step(spec, value)
  if not spec.step then return true end
  local from = spec.min or 0
  if math.type(value) == "integer" and math.type(spec.step) == "integer" then return (value - from) % spec.step == 0 end
  local steps = (value - from) / spec.step
  return math.abs(steps - math.floor(steps + 0.5)) <= 1e-9 * math.max(1, math.abs(steps))
end

local function scalar_fits(spec, value)
  if not types[spec.type].test(value) then return false end
  if spec.min and value < spec.min or spec.max and value > spec.max or not on_step(spec, value) then return false end
  if not spec.choices then return true end
  for _, choice in ipairs(spec.choices) do
    if choice == value then return true end
  end
  return false
end

--- Whether a value is one of the parameter's.
---@param spec vise.RecipeParam  Prepared.
---@param value any
---@return boolean
function M.fits(spec, value)
  local item = item_spec(spec)
  if not item then return scalar_fits(spec, value) end
  if spec.type == "map" and type(value) ~= "table" or spec.type ~= "map" and not shape.is_list(value) then
    return false
  end
  for key, v in pairs(value) do
    if spec.type == "map" and (type(key) ~= "string" or key == "") then return false end
    if not M.fits(item, v) then return false end
  end
  return true
end

local function type_problem(name, spec)
  if types[spec.type] or compound[spec.type] then return nil end
  local other = param_types.other_names[spec.type]
  local hint = other and ("; did you mean '%s'?"):format(other) or suggest.hint(shape.shown(spec.type), TYPE_NAMES)
  return ("%s: no type '%s'%s; the types are %s"):format(name, shape.shown(spec.type), hint,
    table.concat(TYPE_NAMES, ", "))
end

-- `min`, `max` and `step` are values of a type with an order, min the smaller.
local function range_problem(name, spec, of)
  for _, key in ipairs { "min", "max", "step" } do
    if spec[key] ~= nil and not (of.ordered and of.test(spec[key])) then
      return ("%s: min and max (and step) must be numbers, of an integer, number, bytes or duration"):format(name)
    end
  end
  if spec.min and spec.max and spec.min > spec.max then return name .. ": min and max must be in order" end
  if spec.step and spec.step <= 0 then return name .. ": step must be above 0" end
end

local function choices_problem(name, spec, kind)
  if spec.choices == nil then return kind == "choice" and name .. ": choices must be a list of strings" or nil end
  if kind ~= "choice" and kind ~= "integer" and kind ~= "number" then
    return name .. ": choices are for the types choice, integer and number"
  end
  if not shape.is_list(spec.choices) or #spec.choices == 0 then return name .. ": choices must be a list of strings" end
  for i, choice in ipairs(spec.choices) do
    if not types[kind].test(choice) or choice == "" then
      return ("%s: choices[%d] must be %s"):format(name, i, kind == "choice" and "a string" or types[kind].words)
    end
  end
end

local ONLY = { of = { list = true, map = true }, keys = { map = true }, kind = { path = true },
  divides = { integer = true } }

-- What only some types may have.
local function misplaced(name, spec)
  for _, key in ipairs(shape.keys(ONLY)) do
    if spec[key] ~= nil and not ONLY[key][spec.type] then
      return ("%s: %s is for the type %s"):format(name, key, table.concat(shape.keys(ONLY[key]), " or "))
    end
  end
  if spec.type == "path" and spec.default ~= nil and spec.default ~= "" then
    return name .. ": default of a path must be \"\": only the person who runs the recipe gives one"
  end
end

local function item_problem(name, spec)
  local item = item_spec(spec)
  if not item or spec.type == "patterns" then return nil end
  if type(spec.of) == "table" then
    local filled = { help = "x" }
    for key, value in pairs(item) do filled[key] = value end
    return shape.problem(SPEC, filled, name .. ".of") or M.body_problem(name .. ".of", item)
  end
  if types[item.type] then return nil end
  return type_problem(name .. ".of", item) or name .. ".of must be a type of single values"
end

local function default_problem(name, spec)
  if spec.required then
    return spec.default ~= nil and name .. ": a required parameter has no default" or nil
  end
  if spec.default == nil then return name .. ": default is missing" end
  if not M.fits(spec, spec.default) then return ("%s: default must be %s"):format(name, M.expected(spec)) end
end

--- What is wrong with a type and its bounds, without name, help and default.
---@param name string
---@param given vise.RecipeParam
---@return string? problem
function M.body_problem(name, given)
  local problem = type_problem(name, given) or item_problem(name, given)
  if problem then return problem end
  local spec = M.prepare(given)
  local inner = type(spec.of) ~= "table" and item_spec(spec) or spec
  problem = choices_problem(name, spec, inner.type)
  if problem then return problem end
  return range_problem(name, spec, types[inner.type] or {}) or misplaced(name, spec)
end

-- `when` names other parameters and values that they can have.
local function when_problem(name, spec, specs)
  for _, other in ipairs(shape.keys(spec.when or {})) do
    local theirs = specs[other]
    if not theirs or other == name or type(theirs) ~= "table" then
      return ("%s: when names '%s', which is no other parameter%s"):format(name, shape.shown(other),
        suggest.hint(shape.shown(other), shape.keys(specs)))
    end
    local wanted = spec.when[other]
    for _, value in ipairs(type(wanted) == "table" and wanted or { wanted }) do
      if M.body_problem(other, theirs) == nil and not M.fits(M.prepare(theirs), value) then
        return ("%s: when %s = %s, which must be %s"):format(name, other, shape.shown(value),
          M.expected(M.prepare(theirs)))
      end
    end
  end
end

local function name_problem(name)
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" or #name > 40 then
    return ("%s: a parameter's name is a word"):format(shape.shown(name))
  end
end

--- What is wrong with a description that may leave out what it inherits.
---@param name any
---@param spec any
---@return string? problem
function M.partial_problem(name, spec)
  local problem = name_problem(name)
  if problem then return problem end
  if type(spec) ~= "table" then return name .. " must be " .. SPEC.words end
  local filled = { type = "string", help = "x" }
  for key, value in pairs(spec) do filled[key] = value end
  return (shape.problem(SPEC, filled, name))
end

--- What is wrong with a description.
---@param name any
---@param spec any
---@param specs? table<string, any>  All parameters, for `when`.
---@return string? problem  nil if nothing is.
function M.problem(name, spec, specs)
  local problem = name_problem(name)
  if problem then return problem end
  if type(spec) == "table" and spec.help == nil then return name .. ": help is missing: one line" end
  problem = shape.problem(SPEC, spec, name)
  if problem then return problem end
  return M.body_problem(name, spec) or default_problem(name, M.prepare(spec)) or when_problem(name, spec, specs or {})
end

return M
