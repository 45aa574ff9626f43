--- The form of a method: which fields it has, and what each may be.

local chain = require "vise.algorithms.chain"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

local MOST_COPIES, MOST_ROWS = 1000, 1 << 20
local MOST_RANK = 99999 -- as in the names of svdq types

--- What observers gather.
M.KINDS = { "span", "range", "mean", "importance", "moments" } -- what observers gather
local STATISTICS = { samples = true }
for _, kind in ipairs(M.KINDS) do STATISTICS[kind] = true end
local SCALARS = { string = true, number = true, boolean = true }

local function wrong(where, what, expected, value)
  fail.raise("E-CF-03", "%s.%s must be %s, got %s", where, what, expected,
    type(value) == "table" and "a table" or tostring(value))
end

local function words(where, field, value, allowed)
  if type(value) ~= "table" then wrong(where, field, "a list", value) end
  for i, word in ipairs(value) do
    if type(word) ~= "string" or allowed and not allowed[word] then
      local words_allowed = "one of samples, " .. table.concat(M.KINDS, ", ")
      wrong(where, ("%s[%d]"):format(field, i), allowed and words_allowed or "a string", word)
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

--- Raises E-CF-03 for a table that holds anything but strings, numbers and booleans by name.
---@param where string
---@param field string
---@param value any
function M.scalars(where, field, value)
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

local function is_boolean(where, field, value)
  if type(value) ~= "boolean" then wrong(where, field, "true or false", value) end
end

local checks = {
  name = function(where, field, value)
    if type(value) ~= "string" or not value:find "^%l[%w_.-]*$" or #value > 60 then
      wrong(where, field, "a word of lower-case letters, digits and - _ .", value)
    end
  end,
  make = is_function,
  needs = function(where, field, value)
    if type(value) ~= "function" then words(where, field, value, STATISTICS) end
  end,
  check = is_function,
  rows = count(1, MOST_ROWS),
  smooth = is_boolean,
  rank = count(1, MOST_RANK),
  options = M.scalars,
  types = words,
  copies = count(1, MOST_COPIES),
  make_group = is_function, prepare = is_function, round = is_function, finish = is_function, rotate = is_function,
  shares = is_boolean, branch = is_boolean, bias = is_boolean, sequential = is_boolean,
}

--- Raises E-CF-01 to E-CF-03 for a table that is no method.
---@param method table
---@param where string  Names it, for messages.
function M.check(method, where)
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
  if method.name == nil then fail.raise("E-CF-01", "%s.name is missing", where) end
  if method.make == nil and not chain.is_step(method) then
    fail.raise("E-CF-01", "%s.make is missing; a step of a chain has prepare, round or finish", where)
  end
end

return M
