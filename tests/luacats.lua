-- Holds values against the types that the reference gives them.

local describe = require "vise.describe"
local types = require "vise.describe.types"

local M = {}

local trees = {}
local function tree_of(text)
  trees[text] = trees[text] or types.parse(text)
  return trees[text]
end

local primitive = {
  any = function(v) return v ~= nil end,
  boolean = function(v) return type(v) == "boolean" end,
  ["function"] = function(v) return type(v) == "function" end,
  integer = function(v) return math.type(v) == "integer" end,
  ["nil"] = function(v) return v == nil end,
  number = function(v) return type(v) == "number" end,
  string = function(v) return type(v) == "string" end,
  table = function(v) return type(v) == "table" end,
  userdata = function(v) return type(v) == "userdata" end,
}

local check

local function field_of(value, name)
  local ok, found = pcall(function() return value[name] end)
  if not ok then return nil end
  return found
end

-- Every described field of a record or class, and its parents'.
local function fields_of(record)
  local all = {}
  while record do
    table.move(record.fields or {}, 1, #(record.fields or {}), #all + 1, all)
    record = record.extends and describe.type_named(record.extends)
  end
  return all
end

-- Whether a table holds what is described, and nothing else unless it is open.
local function check_fields(value, fields, open, depth)
  if type(value) ~= "table" and type(value) ~= "userdata" then return "is a " .. type(value) end
  local known = {}
  for _, field in ipairs(fields) do
    known[field[1]] = true
    local found = field_of(value, field[1])
    if found == nil then
      if not describe.is_optional(field) then return ("has no field %s"):format(field[1]) end
    else
      local problem = M.check_value(found, field, depth + 1)
      if problem then return ("field %s %s"):format(field[1], problem) end
    end
  end
  if open or type(value) == "userdata" then return nil end
  for key in pairs(value) do
    if not known[key] then return ("has a field %s that is not described"):format(tostring(key)) end
  end
end

-- A class is known by its methods and fields.
local function check_class(value, ref, depth)
  local class = ref
  while class do
    for _, fn in ipairs(class.functions) do
      if not fn.static and type(field_of(value, fn.name)) ~= "function" then
        return ("has no method %s of %s"):format(fn.name, class.class)
      end
    end
    class = class.extends and describe.type_named(class.extends)
  end
  return check_fields(value, fields_of(ref), #ref.functions > 0 or ref.extends ~= nil, depth)
end

local function check_name(value, tree, depth)
  local name = tree.name
  if primitive[name] then
    if not primitive[name](value) then return ("is a %s, not a %s"):format(math.type(value) or type(value), name) end
    if name == "table" and #tree == 2 then
      for key, item in pairs(value) do
        local problem = check(key, tree[1], depth + 1) or check(item, tree[2], depth + 1)
        if problem then return ("[%s] %s"):format(tostring(key), problem) end
      end
    end
    return nil
  end
  local found = assert(describe.type_named(name), "no type " .. name)
  if depth > 3 then return nil end
  if found.choices then return M.check_value(value, { name, "string", choices = found.choices }, depth) end
  if found.type then return check(value, tree_of(found.type), depth) end
  if found.functions then return check_class(value, found, depth) end
  return check_fields(value, fields_of(found), found.open, depth)
end

local kinds = {
  name = check_name,
  literal = function(value, tree)
    if value ~= tree.value then return ("is %s, not %s"):format(tostring(value), tostring(tree.value)) end
  end,
  optional = function(value, tree, depth)
    if value ~= nil then return check(value, tree.of, depth) end
  end,
  array = function(value, tree, depth)
    if type(value) ~= "table" then return "is no list" end
    for i, item in ipairs(value) do
      local problem = check(item, tree.of, depth + 1)
      if problem then return ("[%d] %s"):format(i, problem) end
    end
    if rawlen(value) == 0 and next(value) ~= nil then return "is no list" end
  end,
  tuple = function(value, tree, depth)
    if type(value) ~= "table" or #value ~= #tree then return "is no list of " .. #tree end
    for i, of in ipairs(tree) do
      local problem = check(value[i], of, depth + 1)
      if problem then return ("[%d] %s"):format(i, problem) end
    end
  end,
  fun = function(value)
    if type(value) ~= "function" then return "is no function" end
  end,
  table = function(value, tree, depth)
    if type(value) ~= "table" then return "is no table" end
    for _, field in ipairs(tree.fields) do
      local key = math.tointeger(field[1]:match "^%[(%d+)%]$") or field[1]
      if value[key] ~= nil or not field.optional then
        local problem = check(value[key], field[2], depth + 1)
        if problem then return ("field %s %s"):format(field[1], problem) end
      end
    end
  end,
  union = function(value, tree, depth)
    local first
    for _, of in ipairs(tree) do
      local problem = check(value, of, depth)
      if not problem then return nil end
      first = first or problem
    end
    return first .. " (nor anything else that it may be)"
  end,
}

function check(value, tree, depth)
  return kinds[tree.kind](value, tree, depth)
end

--- What is wrong with a value of a type; nil if it is one.
---@param value any
---@param type_text string
---@return string? problem
function M.check(value, type_text)
  return check(value, tree_of(type_text), 0)
end

--- What is wrong with a value that is described: its type, its bounds, its fields.
---@param value any
---@param about vise.Value
---@param depth? integer
---@return string? problem
function M.check_value(value, about, depth)
  if value == nil and describe.is_optional(about) then return nil end
  local problem = check(value, tree_of(about[2]), depth or 0)
  if problem then return problem end
  if about.choices then
    local known = false
    for _, choice in ipairs(about.choices) do known = known or choice == value end
    if not known then return ("is %q, none of the choices"):format(value) end
  end
  if about.min and value < about.min or about.max and value > about.max or about.above and value <= about.above then
    return "is out of its bounds"
  end
  if not about.fields then return nil end
  if about[2] == "table" then return check_fields(value, about.fields, about.open, depth or 0) end
  for i, item in ipairs(value) do -- a list of tables
    problem = check_fields(item, about.fields, about.open, depth or 0)
    if problem then return ("[%d] %s"):format(i, problem) end
  end
end

--- What is returned, with its type where that of other values is.
---@param result vise.Value
---@return vise.Value
function M.turned(result)
  local value = {}
  for key, of in pairs(result) do value[key] = of end
  value[1], value[2] = result[2], result[1]
  return value
end

return M
