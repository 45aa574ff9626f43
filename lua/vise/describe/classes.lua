--- Which described class an object is of: objects of the core by the name of their metatable, others by
--- the methods and fields that they have.

local describe = require "vise.describe"

local M = {}

--- The classes of the core by the names of their metatables.
M.core = {
  ["vise.coded"] = "vise.Coded", ["vise.observer"] = "vise.Observer", ["vise.packed"] = "vise.Packed",
  ["vise.random"] = "vise.Generator", ["vise.rows"] = "vise.Rows", ["vise.safetensors"] = "vise.SafetensorsFile",
  ["vise.scheme"] = "vise.Scheme", ["vise.tensor"] = "vise.Tensor",
}

-- The table that holds an object's methods: behind its fields if it cannot be changed.
local function methods_of(meta)
  local index = rawget(meta, "__index")
  if type(index) ~= "table" then return meta end
  local behind = getmetatable(index)
  return type(behind) == "table" and type(behind.__index) == "table" and behind.__index or index
end

-- How many of a class's methods there are, its parents' counted; nil unless all are.
local function count_methods(methods, ref)
  local count = 0
  while ref do
    for _, fn in ipairs(ref.functions) do
      if not fn.static and type(rawget(methods, fn.name)) ~= "function" then return nil end
      count = count + (fn.static and 0 or 1)
    end
    ref = ref.extends and describe.type_named(ref.extends)
  end
  return count
end

local function has_fields(object, ref)
  for _, field in ipairs(ref.fields or {}) do
    if not describe.is_optional(field) and object[field[1]] == nil then return false end
  end
  return true
end

--- The description of an object's class; nil for what is none of ours.
---@param object any
---@return vise.Reference?
function M.of(object)
  local meta = debug.getmetatable(object)
  if type(meta) ~= "table" then return nil end
  if type(object) == "userdata" then return describe.type_named(M.core[rawget(meta, "__name")] or "") end
  if type(object) ~= "table" then return nil end
  local methods, best, most = methods_of(meta), nil, 0
  for _, ref in describe.each() do
    local count = ref.class and not M.core[ref.class] and count_methods(methods, ref)
    if count and count > most and has_fields(object, ref) then best, most = ref, count end
  end
  return best
end

return M
