--- The fields of a recipe's header and what each must be.

local fail = require "vise.fail"
local params = require "vise.recipe.params"
local suggest = require "vise.suggest"

local M = {}

local function is_text(v)
  return type(v) == "string" and v ~= ""
end

local function is_texts(v)
  if type(v) ~= "table" then return false end
  for key, item in pairs(v) do
    if math.type(key) ~= "integer" or not is_text(item) then return false end
  end
  return true
end

-- Each field: what it must be, and the test.
local fields = {
  name = { "lower-case words joined by '-'", function(v)
    return is_text(v) and v:find "^[%l%d][%l%d-]*$"
  end },
  version = { "three numbers, \"1.0.0\"", function(v)
    return is_text(v) and v:find "^%d+%.%d+%.%d+$"
  end },
  summary = { "a line of at most 120 characters", function(v)
    return is_text(v) and #v <= 120 and not v:find "\n"
  end },
  authors = { "a list of names", is_texts },
  license = { "an SPDX name", is_text },
  homepage = { "an address", is_text },
  papers = { "a list of titles or addresses", is_texts },
  tags = { "a list of words", is_texts },
  params = { "a table of parameters", function(v) return type(v) == "table" end },
  inputs = { "a table", function(v) return type(v) == "table" end },
  expects = { "a list of expected results", function(v) return type(v) == "table" end },
}
local needed = { "name", "version", "summary", "license" }

--- Checks a header's fields and their types.
---@param header table
---@param where string  For messages.
---@return true? ok
---@return string? message
---@return string? id
function M.check(header, where)
  local known = {}
  for name in pairs(fields) do known[#known + 1] = name end
  for key, value in pairs(header) do
    local field = fields[key]
    if not field then
      return fail.fail("E-RC-03", "%s: unknown field '%s'%s", where, tostring(key),
        suggest.hint(tostring(key), known))
    end
    if not field[2](value) then return fail.fail("E-RC-03", "%s: %s must be %s", where, key, field[1]) end
  end
  for _, name in ipairs(needed) do
    if header[name] == nil then
      return fail.fail("E-RC-03", "%s: the field '%s' is missing: %s", where, name, fields[name][1])
    end
  end
  for name, spec in pairs(header.params or {}) do
    local problem = params.problem(name, spec)
    if problem then return fail.fail("E-RC-03", "%s: params.%s", where, problem) end
  end
  for name, value in pairs(header.inputs or {}) do
    if name ~= "model" and name ~= "data" then
      return fail.fail("E-RC-03", "%s: inputs has model and data, not '%s'", where, tostring(name))
    end
    if type(value) ~= "string" and type(value) ~= "table" then
      return fail.fail("E-RC-03", "%s: inputs.%s must be a line of text or a table", where, name)
    end
  end
  return true
end

return M
