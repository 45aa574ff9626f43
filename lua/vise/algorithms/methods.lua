--- Methods: how a layer's weight becomes what is stored.  A quant type says what is stored and
--- computed with; a method finds the numbers.
---
---   vise.quantize(model, { quant_type = "int4_weight_only", method = {
---     name = "clip", options = { keep = 0.95 },
---     make = function(weight, about)
---       local limit = about.options.keep * weight:absmax()
---       ...
---       return { weight = vise.coded.encode(about.scheme, clipped) }
---     end,
---   } })
---
--- Types with a low-rank branch of their own take "svdquant" if nothing else is said, all others
--- "rounding"; both stand in the same table as what vise.algorithms.register adds.

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.MethodInput
---@field name string           The layer's.
---@field shape integer[]       { out, in }
---@field type vise.QuantType
---@field storage "f16"|"bf16"  The 16-bit type of what is stored beside the codes.
---@field scheme vise.Scheme    Of the codes.
---@field options table         The method's, with the values of the configuration.
---@field span? vise.Tensor     f32 [in]: largest |x| of each input channel.
---@field range? vise.Tensor    f32 [2]
---@field samples? vise.Tensor  f32 [n, in]: rows of the layer's input.

---@class vise.LayerParts
---@field weight vise.Coded     Of about.scheme: of W, or of what the other parts leave of it.
---@field smooth? vise.Tensor   [in] in the storage type; the layer computes with x / smooth.
---@field down? vise.Tensor     [rank, in] in the storage type; the branch adds (x down') up'.
---@field up? vise.Tensor       [out, rank]

---@class vise.Method
---@field name string           Recorded in the manifest and the report.
---@field make fun(weight: vise.Tensor, about: vise.MethodInput): vise.LayerParts, table?
---                             f32 [out, in] -> the parts, and scalars for the report.
---@field needs? string[]       What calibration has to gather: "span", "range", "samples".
---@field rows? integer         Rows of "samples" to keep, 256.
---@field smooth? boolean       It makes smoothing factors.
---@field rank? integer         It makes a low-rank branch, for types that have none of their own.
---@field options? table        Names and defaults of its options: scalars.
---@field types? string[]       Globs over the names of the quant types it is for; all if not given.
---@field copies? integer       Copies of the weight in f32 that make holds at most, 4: for the plan.
---@field make_group? fun(weights: vise.Tensor[], about: vise.MethodInput): vise.LayerParts[], table?
---@field resolve? fun(type: vise.QuantType, cfg: vise.Config): vise.QuantType  Of methods of vise.

local DEFAULT_ROWS, DEFAULT_COPIES, MOST_COPIES, MOST_ROWS = 256, 4, 1000, 1 << 20
local MOST_RANK = 99999 -- as in the names of svdq types

local builtin = { rounding = "vise.algorithms.rounding", svdquant = "vise.algorithms.svdquant" }
local registered = {}

--- The names of all methods, sorted.
---@return string[]
function M.names()
  local names = {}
  for _, set in ipairs { builtin, registered } do
    for name in pairs(set) do names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- The methods that scripts registered, by name; a copy.
---@return table<string, vise.Method>
function M.registered()
  local copy = {}
  for name, method in pairs(registered) do copy[name] = method end
  return copy
end

--- Is it a method of vise's own?  Which of them made a layer, the name of its type says.
---@param name string
---@return boolean
function M.is_builtin(name)
  return builtin[name] ~= nil
end

local STATISTICS = { span = true, range = true, samples = true }
local SCALARS = { string = true, number = true, boolean = true }

local function wrong(where, what, expected, value)
  fail.raise("E-CF-03", "%s.%s must be %s, got %s", where, what, expected,
    type(value) == "table" and "a table" or tostring(value))
end

local function words(where, field, value, allowed)
  if type(value) ~= "table" then wrong(where, field, "a list", value) end
  for i, word in ipairs(value) do
    if type(word) ~= "string" or allowed and not allowed[word] then
      wrong(where, ("%s[%d]"):format(field, i), allowed and "\"span\", \"range\" or \"samples\"" or "a string", word)
    end
  end
end

local function count(least, most)
  return function(where, field, value)
    if math.type(value) ~= "integer" or value < least or value > most then
      wrong(where, field, ("an integer from %d to %d"):format(least, most), value)
    end
  end
end

local function scalars(where, field, value)
  if type(value) ~= "table" then wrong(where, field, "a table", value) end
  for name, default in pairs(value) do
    if type(name) ~= "string" or not SCALARS[type(default)] then
      wrong(where, ("%s.%s"):format(field, tostring(name)), "a string, a number or a boolean", default)
    end
  end
end

local function is_function(where, field, value)
  if type(value) ~= "function" then wrong(where, field, "a function", value) end
end

local checks = {
  name = function(where, field, value)
    if type(value) ~= "string" or not value:find "^%l[%w_.-]*$" or #value > 60 then
      wrong(where, field, "a word of lower-case letters, digits and - _ .", value)
    end
  end,
  make = is_function,
  needs = function(where, field, value) words(where, field, value, STATISTICS) end,
  rows = count(1, MOST_ROWS),
  smooth = function(where, field, value)
    if type(value) ~= "boolean" then wrong(where, field, "true or false", value) end
  end,
  rank = count(1, MOST_RANK),
  options = scalars,
  types = words,
  copies = count(1, MOST_COPIES),
  make_group = is_function,
}

local function check(method, where)
  for field, value in pairs(method) do
    local known = checks[field]
    if not known then
      local names = {}
      for name in pairs(checks) do names[#names + 1] = name end
      table.sort(names)
      fail.raise("E-CF-02", "%s: unknown field '%s'%s; the fields are %s", where, tostring(field),
        suggest.hint(tostring(field), names), table.concat(names, ", "))
    end
    known(where, field, value)
  end
  for _, field in ipairs { "name", "make" } do
    if method[field] == nil then fail.raise("E-CF-01", "%s.%s is missing", where, field) end
  end
end

--- A method by its name.  Raises E-CF-08 for one that is none.
---@param name string
---@param where? string  Names the field, for messages.
---@return vise.Method
function M.method(name, where)
  where = where or "method"
  if type(name) ~= "string" then fail.raise("E-CF-03", "%s must be a string, got %s", where, type(name)) end
  if builtin[name] then return require(builtin[name]).method end
  if registered[name] then return registered[name] end
  fail.raise("E-CF-08", "%s: no method \"%s\"%s; there are %s", where, name, suggest.hint(name, M.names()),
    table.concat(M.names(), ", "))
end

--- Adds a method to the table: configurations and plans can give its name.  One of the same name that
--- was registered before gives way; those of vise stay.
---@param method vise.Method
---@return vise.Method
function M.register(method)
  if type(method) ~= "table" then fail.raise("E-CF-03", "register takes a table, got %s", type(method)) end
  check(method, "method")
  if builtin[method.name] then
    fail.raise("E-CF-09", "method \"%s\" comes with vise: give yours another name", method.name)
  end
  registered[method.name] = method
  return method
end

-- A method with the options of a configuration.
local function with_options(method, given, where)
  local names, options, copy = {}, {}, {}
  for name, default in pairs(method.options or {}) do names[#names + 1], options[name] = name, default end
  table.sort(names)
  if given ~= nil then scalars(where, "options", given) end
  for name, value in pairs(given or {}) do
    if options[name] == nil then
      fail.raise("E-CF-02", "%s: method %s has no option '%s'%s", where, method.name, tostring(name),
        #names > 0 and ("; there are " .. table.concat(names, ", ")) or "")
    elseif type(value) ~= type(options[name]) then
      fail.raise("E-CF-03", "%s.options.%s must be a %s, got %s", where, name, type(options[name]), type(value))
    end
    options[name] = value
  end
  for key, value in pairs(method) do copy[key] = value end
  copy.options = options
  return copy
end

--- What a configuration says of a method: a name, a name with options, or a method itself.
---@param value any
---@param where string  Names the field, for messages.
---@return vise.Method
function M.of(value, where)
  if type(value) == "string" then return with_options(M.method(value, where), nil, where) end
  if type(value) ~= "table" then
    fail.raise("E-CF-03", "%s must be a name or a table, got %s", where, type(value))
  end
  if value.make == nil then
    for field in pairs(value) do
      if field ~= "name" and field ~= "options" then
        fail.raise("E-CF-01", "%s.make is missing: a function (weight, about) that gives the layer's parts", where)
      end
    end
    return with_options(M.method(value.name, where .. ".name"), value.options, where)
  end
  check(value, where)
  if builtin[value.name] and value.make ~= M.method(value.name).make then
    fail.raise("E-CF-09", "%s: \"%s\" comes with vise: give yours another name", where, value.name)
  end
  return with_options(value, nil, where)
end

--- A method as plain data: its name, with its options if it has any.
---@param method vise.Method
---@return string|table
function M.plain(method)
  local options = {}
  for name, value in pairs(method.options) do options[name] = value end
  return next(options) ~= nil and { name = method.name, options = options } or method.name
end

-- Whether a method is for a type.
local function takes(method, type)
  for _, glob in ipairs(method.types or { "*" }) do
    local pattern = "^" .. glob:gsub("[^%w_*]", "%%%0"):gsub("%*", ".*") .. "$"
    if type.name:find(pattern) then return true end
  end
  return false
end

-- The statistics to observe: samples come with whatever observer there is.
local function statistics_of(method, type)
  local wanted, list = { range = type.static }, {}
  for _, need in ipairs(method.needs or {}) do wanted[need] = true end
  if wanted.samples and not wanted.range then wanted.span = true end
  for _, kind in ipairs { "span", "range" } do
    if wanted[kind] then list[#list + 1] = kind end
  end
  return list
end

--- A type as a method makes it: with the method, what it needs, and what it stores.  Raises E-CF-06
--- for a type that the method is not for.
---@param type vise.QuantType  As its name says.
---@param method? vise.Method  nil: the type's own.
---@param cfg vise.Config      svdq, statistics
---@return vise.QuantType
function M.resolve(type, method, cfg)
  method = method or M.of(type.rank and "svdquant" or "rounding", "method")
  if not takes(method, type) then
    fail.raise("E-CF-06", "method %s is not for %s; it is for %s", method.name, type.name,
      table.concat(method.types, ", "))
  elseif method.rank and type.rank then
    fail.raise("E-CF-06", "method %s brings a branch of rank %d, %s has its own", method.name, method.rank, type.name)
  end
  local t = {}
  for key, value in pairs(method.resolve and method.resolve(type, cfg) or type) do t[key] = value end
  t.method = t.method or method
  if method.resolve then
    t.needs = t.calibrated and { t.calibrated } or {}
    return t
  end
  t.smooth = method.smooth and "method" or type.smooth and "identity"
  t.rank = method.rank or type.rank
  t.needs = statistics_of(method, type)
  t.calibrated = t.needs[1] or false
  return t
end

--- Rows of a layer's input that a type's method wants to see.
---@param type vise.QuantType  Resolved.
---@return integer
function M.rows(type)
  for _, need in ipairs(type.method.needs or {}) do
    if need == "samples" then return type.method.rows or DEFAULT_ROWS end
  end
  return 0
end

--- Copies of a weight in f32 that a type's method holds at most.
---@param type vise.QuantType  Resolved.
---@return integer
function M.copies(type)
  return type.method.copies or DEFAULT_COPIES
end

return M
