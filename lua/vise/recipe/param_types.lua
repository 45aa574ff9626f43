--- The types of a parameter: how a text is read, what a value is, how it is shown.
---
--- Each rule is exact: what reads as a number only by accident ("0x10", "1e3" for an integer) is
--- refused, and the message says what it would have been.

local core = require "vise.core"
local pattern = require "vise.pattern"
local shape = require "vise.recipe.shape"

local M = {}

---@class vise.ParamType
---@field words string     "an integer"
---@field help string      How a text is read, for the reference.
---@field read fun(word: string, spec: vise.RecipeParam): any, string?  nil and a remark if it is not one.
---@field test fun(value: any): boolean?
---@field show? fun(value: any): string       A text that reads as the value; tostring if not given.
---@field ordered? boolean                    It may have min, max and step.
---@field of_header? fun(value: any): any     From what a header may say: "512MiB".
---@field schema table                        JSON schema of its values.

---@type table<string, vise.ParamType>
M.types = {}

local function plain_digits(word)
  return word:find "^[+-]?%d+$" ~= nil
end

-- What a word that is no integer would be as a number, said as a remark.
local function integer_remark(word)
  if plain_digits(word) then return "beyond 64 bits" end
  local n = tonumber(word) or tonumber((word:gsub("[_ ]", "")))
  local whole = n and math.tointeger(n)
  return whole and ("plain digits only; if %d is meant, write %d"):format(whole, whole) or nil
end

M.types.integer = {
  words = "an integer", ordered = true, schema = { type = "integer" },
  help = "a sign and digits, from -2^63 to 2^63 - 1; no point, no exponent, no hexadecimal",
  read = function(word)
    local value = plain_digits(word) and tonumber(word) -- a float where 64 bits are too few
    if math.type(value) == "integer" then return value end
    return nil, integer_remark(word)
  end,
  test = function(v) return math.type(v) == "integer" end,
}

-- A decimal number; -0 is 0.
local function read_number(word)
  local mantissa, exponent = word:match "^[+-]?([%d.]+)(.*)$"
  if not mantissa or not (exponent == "" or exponent:find "^[eE][+-]?%d+$") then return nil end
  local value = tonumber(word)
  if not value then return nil end
  if value - value ~= 0 then return nil, "beyond what a number can be" end
  if value == 0 and mantissa:find "[1-9]" then return nil, "too small for a number" end
  return value + 0.0
end

local function show_number(v)
  local whole = math.tointeger(v)
  if whole and math.abs(whole) < 1 << 53 then return ("%d"):format(whole) end
  local short = ("%.15g"):format(v)
  return tonumber(short) == v and short or ("%.17g"):format(v)
end

M.types.number = {
  words = "a number", ordered = true, schema = { type = "number" },
  help = "decimal digits with a point and an exponent if need be; finite; -0 is 0",
  read = function(word)
    local value, remark = read_number(word)
    if value then return value end
    local hex = word:find "0[xX]" and tonumber(word)
    return nil, remark or hex and ("decimal only; if %s is meant, write %s"):format(show_number(hex), show_number(hex))
  end,
  test = function(v) return type(v) == "number" and v - v == 0 end,
  of_header = function(v) return type(v) == "number" and v + 0.0 or v end,
  show = show_number,
}

local booleans = { ["true"] = true, yes = true, on = true, ["false"] = false, no = false, off = false }

M.types.boolean = {
  words = "a boolean", schema = { type = "boolean" }, help = "true, yes, on; false, no, off",
  read = function(word)
    local value = booleans[word]
    if value ~= nil then return value end
    return nil, booleans[word:lower()] ~= nil and "in small letters" or "write true or false"
  end,
  test = function(v) return type(v) == "boolean" end,
}

local MAX_TEXT = 1 << 16

local function is_text(v)
  return type(v) == "string" and #v <= MAX_TEXT and utf8.len(v) ~= nil and not v:find "\0"
end

M.types.string = {
  words = "a string", schema = { type = "string", maxLength = MAX_TEXT },
  help = "UTF-8 of at most 64 KiB; a comma separates the points of a sweep unless the text stands in double quotes",
  read = function(word)
    if is_text(word) then return word end
    return nil, #word > MAX_TEXT and "more than 64 KiB" or "not UTF-8"
  end,
  test = is_text,
}

M.types.choice = {
  words = "a choice", schema = { type = "string" }, help = "one of `choices`",
  read = function(word) return word end,
  test = function(v) return type(v) == "string" end,
}

local function is_pattern(v)
  return type(v) == "string" and v ~= "" and is_text(v) and (pcall(pattern.of, v, "pattern"))
end

M.types.pattern = {
  words = "a pattern", schema = { type = "string", minLength = 1 },
  help = "a glob over layer names, lua:PATTERN, or optional:GLOB that may match nothing",
  read = function(word)
    if is_pattern(word) then return word end
    return nil, word ~= "" and "it is malformed" or nil
  end,
  test = is_pattern,
}

-- A number and one of `units`; the number, what the unit stands for, and the rest.
local function read_quantity(word, units)
  local digits, unit, rest = word:match "^([%d.]+) ?(%a*)(.*)$"
  local value = digits and read_number(digits)
  return value and units[unit] and value * units[unit], rest, unit
end

local byte_units = {
  [""] = 1, B = 1, kB = 1000, MB = 1000 ^ 2, GB = 1000 ^ 3, TB = 1000 ^ 4,
  KiB = 1024, MiB = 1024 ^ 2, GiB = 1024 ^ 3, TiB = 1024 ^ 4,
}

local function read_bytes(word)
  local value, rest = read_quantity(word, byte_units)
  local whole = value and rest == "" and value < 2 ^ 63 and math.tointeger(value)
  if whole then return whole end
  if value and rest == "" then return nil, "no whole number of bytes" end
  local digits, letter = word:match "^([%d.]+) ?([kKmMgGtT])[iI]?[bB]?$"
  if not digits then return nil end
  letter = letter:upper()
  return nil, ("write %s%siB or %s%sB"):format(digits, letter, digits, letter == "K" and "k" or letter)
end

M.types.bytes = {
  words = "a size", ordered = true, schema = { type = "integer", minimum = 0 },
  help = "512MiB, 1.5GiB, 64kB, or plain bytes; the units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB",
  read = read_bytes,
  test = function(v) return math.type(v) == "integer" and v >= 0 end,
  of_header = function(v) return type(v) == "string" and read_bytes(v) or v end,
  show = function(v)
    for _, unit in ipairs { "TiB", "GiB", "MiB", "KiB" } do
      local size = math.tointeger(byte_units[unit])
      if v > 0 and v % size == 0 then return ("%d%s"):format(v // size, unit) end
    end
    return ("%dB"):format(v)
  end,
}

local duration_units = { d = 86400, h = 3600, m = 60, min = 60, s = 1, ms = 0.001 }

local function read_duration(word)
  if read_number(word) and not word:find "^[+-]" then
    return nil, ("give a unit: %ss"):format(word)
  end
  local sum, rest = 0.0, word
  while rest ~= "" do
    local value
    value, rest = read_quantity(rest, duration_units)
    if not value then return nil end
    sum = sum + value
  end
  if word == "" or sum == math.huge then return nil end
  return sum
end

M.types.duration = {
  words = "a duration", ordered = true, schema = { type = "number", minimum = 0, description = "seconds" },
  help = "90s, 1.5h, 500ms, 1h30m; the units are d, h, m (or min), s, ms; the value is in seconds",
  read = read_duration,
  test = function(v) return type(v) == "number" and v >= 0 and v < math.huge end,
  of_header = function(v)
    if type(v) == "string" then return read_duration(v) or v end
    return type(v) == "number" and v + 0.0 or v
  end,
  show = function(v) return show_number(v) .. "s" end,
}

M.types.path = {
  words = "a path", schema = { type = "string" },
  help = "a file or folder that exists, as `kind` says; only the person who runs the recipe can give one",
  read = function(word, spec)
    if word == "" or word:find "\0" then return nil end
    local found = core.disk.exists(word)
    if not found then return nil, "nothing is there" end
    if spec.kind and found ~= spec.kind then return nil, "it is a " .. found end
    return word
  end,
  test = function(v) return type(v) == "string" and not v:find "\0" end,
}

--- Types made of others, read by vise.recipe.params.
M.compound = {
  list = { words = "a list", help = "items between commas, [a,b] to sweep over lists; given again it adds up; "
    .. "+NAME=ITEMS adds to the default, ~NAME empties it" },
  patterns = { words = "a list of patterns", help = "a list of layer patterns" },
  map = { words = "a map", help = "NAME.KEY=VALUE changes a key, +NAME.KEY=VALUE adds one, ~NAME.KEY removes one" },
}

--- What people call the types elsewhere.
M.other_names = {
  int = "integer", float = "number", double = "number", bool = "boolean", str = "string", text = "string",
  enum = "choice", array = "list", dict = "map", table = "map", glob = "pattern", size = "bytes", time = "duration",
  seconds = "duration", file = "path", folder = "path",
}

--- Is this a type of single values?
function M.is_scalar(name)
  return M.types[name] ~= nil
end

--- A value as a text that reads as it.
---@param name string
---@param value any
---@return string
function M.show(name, value)
  local t = M.types[name]
  return t.show and t.test(value) and t.show(value) or shape.shown(value, 200)
end

return M
