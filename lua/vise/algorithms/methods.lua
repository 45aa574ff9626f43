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
--- "rounding"; both stand in the same table as what vise.algorithms.register adds.  A list of names is
--- a chain of steps (vise.algorithms.chain): { "smoothquant", "gptq" }.

local chain = require "vise.algorithms.chain"
local core = require "vise.core"
local fail = require "vise.fail"
local form = require "vise.algorithms.method_form"
local suggest = require "vise.suggest"

local M = {}

---@class vise.MethodInput
---@field name string           The layer's.
---@field shape integer[]       { out, in }
---@field type vise.QuantType
---@field storage "f16"|"bf16"  The 16-bit type of what is stored beside the codes.
---@field scheme vise.Scheme    Of the codes.
---@field options table         The method's, with the values of the configuration.
---@field bias? vise.Tensor     [out], as the model has it.
---@field span? vise.Tensor     f32 [in]: largest |x| of each input channel.
---@field range? vise.Tensor    f32 [2]
---@field mean? vise.Tensor     f32 [in]: mean |x| of each input channel.
---@field importance? vise.Tensor  f32 [in]: mean x^2 of each input channel.
---@field moments? vise.Tensor  f32 [in, in]: X'X / tokens.
---@field samples? vise.Tensor  f32 [n, in]: rows of the layer's input.

---@class vise.LayerParts
---@field weight vise.Coded     Of about.scheme: of W, or of what the other parts leave of it.
---@field smooth? vise.Tensor   [in] in the storage type; the layer computes with x / smooth.
---@field down? vise.Tensor     [rank, in] in the storage type; the branch adds (x down') up'.
---@field up? vise.Tensor       [out, rank]
---@field rotate? integer       The layer's input is turned by a Hadamard matrix, in blocks of so many.
---@field bias? vise.Tensor     f32 [out]: in the place of the model's.

---@class vise.Method  A whole method has `make`; a step of chains prepare, round or finish.
---@field name string           Recorded in the manifest and the report.
---@field make? fun(weight: vise.Tensor, about: vise.MethodInput): vise.LayerParts, table?
---                             f32 [out, in] -> the parts, and scalars for the report.
---@field prepare? fun(layers: vise.LayerWork[], options: table)
---@field round? fun(layer: vise.LayerWork, options: table): vise.Coded
---@field finish? fun(layer: vise.LayerWork, coded: vise.Coded, options: table)
---@field shares? boolean       prepare takes all layers that are given the same input, not one by one.
---@field rotate? fun(inputs: integer, options: table): integer  It turns the input, in blocks of so many.
---@field branch? boolean       It makes a low-rank branch: of the type's rank, or of options.rank.
---@field bias? boolean         It gives the layer a bias of its own.
---@field sequential? boolean   It wants the inputs that quantized layers before it give.
---@field check? fun(options: table, where: string)  Raises E-CF-05 for options that are none.
---@field needs? string[]|fun(options: table): string[]  What calibration has to gather: "span", "range",
---                             "mean", "importance", "moments", "samples".
---@field rows? integer         Rows of "samples" to keep, 256.
---@field smooth? boolean       It makes smoothing factors.
---@field rank? integer         It makes a low-rank branch, for types that have none of their own.
---@field options? table        Names and defaults of its options: scalars.
---@field types? string[]       Globs over the names of the quant types it is for; all if not given.
---@field copies? integer       Copies of the weight in f32 that make holds at most, 4: for the plan.
---@field make_group? fun(weights: vise.Tensor[], about: vise.MethodInput, abouts: vise.MethodInput[]):
---                             vise.LayerParts[], table?
---@field resolve? fun(type: vise.QuantType, cfg: vise.Config): vise.QuantType  Of methods of vise.

local DEFAULT_ROWS, DEFAULT_COPIES = 256, 4

local builtin = {
  awq = "vise.algorithms.awq",
  awq_clip = "vise.algorithms.awq_clip",
  balance = "vise.algorithms.balance_step",
  bias_correction = "vise.algorithms.bias_correction",
  gptq = "vise.algorithms.gptq",
  hqq = "vise.algorithms.hqq",
  log_equalization = "vise.algorithms.log_equalization",
  low_rank = "vise.algorithms.low_rank_step",
  rotate = "vise.algorithms.rotate",
  rounding = "vise.algorithms.rounding",
  smoothquant = "vise.algorithms.smoothquant",
  svdquant = "vise.algorithms.svdquant",
}
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
  form.check(method, "method")
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
  if given ~= nil then form.scalars(where, "options", given) end
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
  if copy.check then copy.check(options, where) end
  if type(copy.needs) == "function" then copy.needs = copy.needs(options) end
  return copy
end

-- Is a table with the name of a built-in method that method?
local function same(value, known)
  return value.make == known.make and value.prepare == known.prepare and value.round == known.round
    and value.finish == known.finish
end

-- A method or a step, with its options.
local function single(value, where)
  if type(value) == "string" then return with_options(M.method(value, where), nil, where) end
  if type(value) ~= "table" then
    fail.raise("E-CF-03", "%s must be a name or a table, got %s", where, type(value))
  end
  if value.make == nil and not chain.is_step(value) then
    for field in pairs(value) do
      if field ~= "name" and field ~= "options" then
        fail.raise("E-CF-01", "%s.make is missing: a function (weight, about) that gives the layer's parts", where)
      end
    end
    return with_options(M.method(value.name, where .. ".name"), value.options, where)
  end
  form.check(value, where)
  if builtin[value.name] and not same(value, M.method(value.name)) then
    fail.raise("E-CF-09", "%s: \"%s\" comes with vise: give yours another name", where, value.name)
  end
  return with_options(value, nil, where)
end

-- A chain of steps; a step alone is a chain of one.
local function composed(values, where)
  local steps = {}
  for i, value in ipairs(values) do steps[i] = single(value, #values > 1 and ("%s[%d]"):format(where, i) or where) end
  if #values == 1 and not chain.is_step(steps[1]) or #values == 1 and steps[1].make then return steps[1] end
  return chain.compose(steps, with_options(M.method "rounding", nil, where), where)
end

local function is_list(value)
  return type(value) == "table" and value[1] ~= nil
end

--- What a configuration says of a method: a name, a name with options, a method itself, or a list of
--- these, which is a chain.
---@param value any
---@param where string  Names the field, for messages.
---@return vise.Method
function M.of(value, where)
  if type(value) == "table" and value.given then return value end -- composed before
  if not is_list(value) then return composed({ value }, where) end
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then
      fail.raise("E-CF-03", "%s must be a list of steps, has a field '%s'", where, tostring(key))
    end
  end
  return composed(value, where)
end

--- A method as plain data: its name, with its options that are not the defaults; of a chain the list of
--- its steps.
---@param method vise.Method
---@return string|table
function M.plain(method)
  if method.given then
    local list = core.array {}
    for i, step in ipairs(method.given) do list[i] = M.plain(step) end
    return #list == 1 and list[1] or list
  end
  local options, known = {}, builtin[method.name] and M.method(method.name) or registered[method.name]
  local defaults = known and known.options or {}
  for name, value in pairs(method.options) do
    if value ~= defaults[name] then options[name] = value end
  end
  return next(options) ~= nil and { name = method.name, options = options } or method.name
end

-- Whether a method is for a type.
local function takes(method, type)
  for _, glob in ipairs(method.types or { "*" }) do
    local pattern = "^" .. glob:gsub("[^%w_*?]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
    if type.name:find(pattern) then return true end
  end
  return false
end

-- The statistics to observe: samples come with whatever observer there is.
local function statistics_of(method, type)
  local wanted, list = { range = type.static }, {}
  for _, need in ipairs(method.needs or {}) do wanted[need] = true end
  for _, kind in ipairs(form.KINDS) do
    if wanted[kind] then list[#list + 1] = kind end
  end
  if wanted.samples and #list == 0 then list[1] = "span" end
  return list
end

-- Raises for a type and a method that do not go together.
local function check_fit(method, type)
  for _, step in ipairs(method.steps or { method }) do
    local whole = step.make == nil or not method.steps -- what rounds in a chain need not make whole layers
    if whole and not takes(step, type) then
      fail.raise("E-CF-06", "method %s is not for %s; it is for %s", step.name, type.name,
        table.concat(step.types, ", "))
    end
  end
  if method.rank and type.rank then
    fail.raise("E-CF-06", "method %s brings a branch of rank %d, %s has its own", method.name, method.rank, type.name)
  elseif method.steps and (type.rank or 0) > 0 and not method.branch then
    fail.raise("E-CF-06", "%s has a branch of rank %d, and no step of %s makes one: add low_rank", type.name, type.rank,
      method.name)
  elseif method.branch and not method.rank and not type.rank then
    fail.raise("E-CF-06", "%s has no branch: give the step of %s that makes one a rank", type.name, method.name)
  end
end

--- A type as a method makes it: with the method, what it needs, and what it stores.  Raises E-CF-06
--- for a type that the method is not for.
---@param type vise.QuantType  As its name says.
---@param method? vise.Method  nil: the type's own.
---@param cfg vise.Config      svdq, statistics
---@return vise.QuantType
function M.resolve(type, method, cfg)
  method = method or M.of(type.rank and "svdquant" or "rounding", "method")
  check_fit(method, type)
  local t = {}
  for key, value in pairs(method.resolve and method.resolve(type, cfg) or type) do t[key] = value end
  t.method = t.method or method
  if method.resolve then
    t.needs = t.calibrated and { t.calibrated } or {}
    return t
  end
  t.smooth = method.smooth and "method" or type.smooth and "identity"
  t.rank = method.rank or type.rank
  t.rotate, t.own_bias = method.rotate, method.bias or nil
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
