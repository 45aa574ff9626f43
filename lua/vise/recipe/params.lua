--- The parameters of a recipe: described in its header, given as text with -p name=value.
---
--- A description is { type =, default =, min =, max =, choices = {}, unit =, help = }.

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.RecipeParam
---@field type "integer"|"number"|"boolean"|"string"|"choice"|"pattern"|"patterns"
---@field default any
---@field min? number
---@field max? number
---@field choices? string[]
---@field unit? string
---@field help string

local booleans = { ["true"] = true, yes = true, on = true, ["false"] = false, no = false, off = false }

-- Each type: from text (nil when it is not one), and the test of a value.
local types = {
  integer = {
    read = function(word) return word:find "^[+-]?%d+$" and math.tointeger(tonumber(word)) or nil end,
    test = function(v) return math.type(v) == "integer" end,
  },
  number = {
    read = function(word)
      return word:find "^[+-]?[%d.]" and not word:find "[xX]" and tonumber(word) or nil
    end,
    test = function(v) return type(v) == "number" and v == v end,
  },
  boolean = {
    read = function(word) return booleans[word] end,
    test = function(v) return type(v) == "boolean" end,
  },
  string = {
    read = function(word) return word end,
    test = function(v) return type(v) == "string" end,
  },
  choice = {
    read = function(word) return word end,
    test = function(v) return type(v) == "string" end,
  },
  pattern = {
    read = function(word) return word ~= "" and word or nil end,
    test = function(v) return type(v) == "string" and v ~= "" end,
  },
  patterns = {
    read = function(word)
      local list = {}
      for item in word:gmatch "[^,]+" do list[#list + 1] = item end
      return list
    end,
    test = function(v)
      if type(v) ~= "table" then return false end
      for key, item in pairs(v) do
        if math.type(key) ~= "integer" or type(item) ~= "string" or item == "" then return false end
      end
      return true
    end,
  },
}

local articles = { integer = "an integer", patterns = "a list of patterns" }

local function expected(spec)
  local unit = spec.unit and " " .. spec.unit or ""
  if spec.type == "choice" then return "one of " .. table.concat(spec.choices, ", ") end
  local kind = articles[spec.type] or "a " .. spec.type
  if spec.min and spec.max then return ("%s from %s to %s%s"):format(kind, spec.min, spec.max, unit) end
  if spec.min then return ("%s of at least %s%s"):format(kind, spec.min, unit) end
  if spec.max then return ("%s of at most %s%s"):format(kind, spec.max, unit) end
  return kind .. unit
end

local function fits(spec, value)
  if not types[spec.type].test(value) then return false end
  if spec.min and value < spec.min or spec.max and value > spec.max then return false end
  if spec.type ~= "choice" then return true end
  for _, choice in ipairs(spec.choices) do
    if choice == value then return true end
  end
  return false
end

local function names_of(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return names
end

local known_fields = {
  type = true, default = true, min = true, max = true, choices = true, unit = true, help = true,
}

-- Are `min` and `max` absent, or numbers of a parameter that is one?
local function range_is_fine(spec)
  if spec.min == nil and spec.max == nil then return true end
  if spec.type ~= "integer" and spec.type ~= "number" then return false end
  return type(spec.min or 0) == "number" and type(spec.max or 0) == "number"
    and (not spec.min or not spec.max or spec.min <= spec.max)
end

--- What is wrong with a description.
---@param name any
---@param spec any
---@return string? problem  nil if nothing is.
function M.problem(name, spec)
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then
    return ("%s: a parameter's name is a word"):format(tostring(name))
  end
  if type(spec) ~= "table" then return name .. " must be a table that describes the parameter" end
  for key in pairs(spec) do
    if not known_fields[key] then
      return ("%s: unknown field '%s'%s"):format(name, tostring(key),
        suggest.hint(tostring(key), names_of(known_fields)))
    end
  end
  if not types[spec.type] then
    return ("%s: no type '%s'%s; the types are %s"):format(name, tostring(spec.type),
      suggest.hint(tostring(spec.type), names_of(types)), table.concat(names_of(types), ", "))
  end
  if type(spec.help) ~= "string" or spec.help == "" then return name .. ": help is missing: one line" end
  if spec.unit ~= nil and type(spec.unit) ~= "string" then return name .. ": unit must be a string" end
  if not range_is_fine(spec) then
    return name .. ": min and max must be numbers, min the smaller, and belong to an integer or a number"
  end
  local has_choices = types.patterns.test(spec.choices) and #spec.choices > 0
  if spec.type == "choice" and not has_choices then return name .. ": choices must be a list of strings" end
  if spec.type ~= "choice" and spec.choices ~= nil then return name .. ": choices are for the type choice" end
  if spec.default == nil then return name .. ": default is missing" end
  if not fits(spec, spec.default) then return ("%s: default must be %s"):format(name, expected(spec)) end
  return nil
end

local function copy(value)
  return type(value) == "table" and table.move(value, 1, #value, 1, {}) or value
end

--- The values of a recipe's parameters.
---@param specs table<string, vise.RecipeParam>
---@param given { [1]: string, [2]: string }[]  Names and texts; patterns add up, the rest come once.
---@return table<string, any>? values
---@return string? message
---@return string? id
function M.values(specs, given)
  local values, from_user = {}, {}
  for name, spec in pairs(specs) do values[name] = copy(spec.default) end
  for _, pair in ipairs(given) do
    local name, word = pair[1], pair[2]
    local spec = specs[name]
    if not spec then
      local names = names_of(specs)
      return fail.fail("E-RC-04", "no parameter '%s'%s; the recipe has %s", name, suggest.hint(name, names),
        #names > 0 and table.concat(names, ", ") or "none")
    end
    local value = types[spec.type].read(word)
    if value == nil or not fits(spec, value) then
      local near = spec.type == "choice" and suggest.hint(word, spec.choices) or ""
      return fail.fail("E-RC-05", "parameter %s: '%s' is not %s%s", name, word, expected(spec), near)
    end
    if from_user[name] and spec.type ~= "patterns" then
      return fail.fail("E-RC-05", "parameter %s is given twice", name)
    end
    if from_user[name] then
      table.move(value, 1, #value, #values[name] + 1, values[name])
    else
      values[name] = value
    end
    from_user[name] = true
  end
  return values
end

--- The parameters as rows for people: name, type, default, help.
---@param specs table<string, vise.RecipeParam>
---@return string[][]
function M.rows(specs)
  local rows = {}
  for i, name in ipairs(names_of(specs)) do
    local spec = specs[name]
    local default = spec.default
    default = type(default) == "table" and table.concat(default, ",") or tostring(default)
    rows[i] = { name, expected(spec), "default " .. (default == "" and "none" or default), spec.help }
  end
  return rows
end

return M
