--- The transforms by name: those of vise and those that scripts register.
---
---   vise.transforms.register {
---     name = "flip", options = { seed = 0 },
---     apply = function(work, options) work:change("model.norm.weight", function(w) ... end) end,
---   }

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.Transform
---@field name string
---@field options? table<string, string|number|boolean>  Names and defaults.
---@field calibrated? boolean  It runs the model: vise.transform is given calibrate = function(model) ... end.
---@field apply fun(work: vise.TransformWork, options: table)  Notes what is to become of the tensors.

local builtin = { fold = "vise.transforms.fold", rotate = "vise.transforms.rotate" }
local registered = {}

--- The names of all transforms, sorted.
---@return string[]
function M.names()
  local names = {}
  for _, set in ipairs { builtin, registered } do
    for name in pairs(set) do names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- A transform by its name.  Raises E-TR-01.
---@param name any
---@return vise.Transform
function M.of(name)
  if builtin[name] then return require(builtin[name]) end
  if registered[name] then return registered[name] end
  fail.raise("E-TR-01", "no transform \"%s\"%s; there are %s", tostring(name), suggest.hint(tostring(name), M.names()),
    table.concat(M.names(), ", "))
end

local SCALARS = { string = true, number = true, boolean = true }

local function problem(transform)
  if type(transform) ~= "table" then return ("is a %s, expected a table"):format(type(transform)) end
  local name, known = transform.name, { name = true, options = true, calibrated = true, apply = true }
  if type(name) ~= "string" or not name:find "^%l[%w_.-]*$" or #name > 60 then
    return "needs a name: a word of lower-case letters, digits and - _ ."
  end
  for field in pairs(transform) do
    if not known[field] then
      return ("%s has no field '%s': name, options, calibrated, apply"):format(name, tostring(field))
    end
  end
  if type(transform.apply) ~= "function" then return name .. " needs apply, a function (work, options)" end
  for option, default in pairs(transform.options or {}) do
    if type(option) ~= "string" or not SCALARS[type(default)] then
      return ("%s: option %s is a %s, expected a text, a number or a boolean"):format(name, tostring(option),
        type(default))
    end
  end
end

--- Adds a transform.  One of the same name that was registered before gives way; those of vise stay.
---@param transform vise.Transform
---@return vise.Transform
function M.register(transform)
  local wrong = problem(transform)
  if wrong then fail.raise("E-TR-06", "a transform %s", wrong) end
  if builtin[transform.name] then
    fail.raise("E-TR-06", "transform \"%s\" comes with vise: give yours another name", transform.name)
  end
  registered[transform.name] = transform
  return transform
end

-- r1 = true is the default, or "hadamard" where that is none; false is "none".
local function switched(value, default)
  if type(value) ~= "boolean" or type(default) ~= "string" then return value end
  if not value then return "none" end
  return default ~= "none" and default or "hadamard"
end

-- What runs the model, for transforms that need it, and the other options.
local function take_calibrate(transform, given)
  local rest = {}
  for name, value in pairs(given or {}) do rest[name] = value end
  if not transform.calibrated then return nil, rest end
  if type(rest.calibrate) ~= "function" then
    fail.raise("E-TR-04", "%s looks at what flows through the model: give calibrate = function(model) ... end",
      transform.name)
  end
  rest.calibrate = nil
  return given.calibrate, rest
end

--- The options of a transform with what a script gives, and what runs the model.  Raises E-TR-04.
---@param transform vise.Transform
---@param given? table
---@return table<string, any> options
---@return fun(model: table)? calibrate
function M.options(transform, given)
  local options, names = {}, {}
  for name, default in pairs(transform.options or {}) do names[#names + 1], options[name] = name, default end
  if given ~= nil and type(given) ~= "table" then
    fail.raise("E-TR-04", "%s: options are a table, got %s", transform.name, type(given))
  end
  local calibrate, rest = take_calibrate(transform, given)
  for name, value in pairs(rest) do
    local default = options[name]
    if default == nil then
      fail.raise("E-TR-04", "%s has no option '%s'%s", transform.name, tostring(name),
        suggest.hint(tostring(name), names))
    end
    value = switched(value, default)
    local integer = math.type(default) == "integer" and math.type(value) ~= "integer"
    if type(value) ~= type(default) or integer then
      fail.raise("E-TR-04", "%s: %s is %s, expected %s", transform.name, name, tostring(value),
        integer and "an integer" or "a " .. type(default))
    end
    options[name] = value
  end
  return options, calibrate
end

return M
