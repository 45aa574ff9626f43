--- What the options of steps may be: checked when a configuration is read, not when the layer is made.

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

--- A number from `least` to `most`.
function M.number(least, most)
  return function(value, where)
    if not (value >= least and value <= most) then -- and not for NaN
      fail.raise("E-CF-05", "%s must be a number from %g to %g, got %s", where, least, most, tostring(value))
    end
  end
end

--- An integer from `least` to `most`.
function M.integer(least, most)
  return function(value, where)
    if math.type(value) ~= "integer" or value < least or value > most then
      fail.raise("E-CF-05", "%s must be an integer from %d to %d, got %s", where, least, most, tostring(value))
    end
  end
end

--- One of the names that are keys of a table.
---@param known table<string, any>
function M.choice(known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  return function(value, where)
    if not known[value] then
      fail.raise("E-CF-05", "%s must be %s, got \"%s\"%s", where, table.concat(names, " or "), value,
        suggest.hint(value, names))
    end
  end
end

--- The check of a step: a function of its options that raises E-CF-05 for a value that is none.
---@param checks table<string, fun(value: any, where: string)>
---@return fun(options: table, where: string)
function M.checker(checks)
  return function(options, where)
    for name, check in pairs(checks) do check(options[name], ("%s.options.%s"):format(where, name)) end
  end
end

return M
