--- Models and checkpoints by name: `model["blocks.0.to_q"]` is a layer, `model["blocks.0.to_q.weight"]` a
--- tensor of the checkpoint, mapped and read-only.

local M = {}

local named = setmetatable({}, { __mode = "k" }) -- classes whose objects are looked into

-- What `object[name]` is beside the fields and methods of its class.
local function find(object, name)
  if type(name) ~= "string" or not name:find(".", 1, true) then return nil end
  local checkpoint = rawget(object, "checkpoint") or object
  if rawget(checkpoint, "where") and checkpoint:has(name) then
    return require("vise.fail").try(checkpoint:tensor(name))
  end
  return rawget(object, "children") and object:layer(name)
end

--- Lets the objects of a class be looked into by full names, which have a dot.
---@param class table  Holds the methods and is its objects' metatable.
---@return table class
function M.allow(class)
  if rawget(class, "__index") ~= class then return class end -- done, or it has ways of its own
  named[class] = true
  class.__index = function(object, name)
    local method = class[name]
    if method ~= nil then return method end
    return find(object, name)
  end
  return class
end

--- Can `v` be looked into by full names?
---@param v any
---@return boolean
function M.has(v)
  local meta = type(v) == "table" and debug.getmetatable(v)
  return meta and named[meta] or false
end

M.find = find

--- The checkpoint of a model, or the one that it is.
---@param object table
---@return table? checkpoint  nil when it is none or closed.
function M.checkpoint(object)
  local checkpoint = rawget(object, "checkpoint") or object
  return rawget(checkpoint, "where") and checkpoint or nil
end

--- The full names of the tensors of a model or checkpoint, in the order of the file.
---@param object table
---@return string[]
function M.tensors(object)
  local checkpoint = M.checkpoint(object)
  return checkpoint and rawget(checkpoint, "order") or {}
end

local function collect(module, list)
  for _, child in ipairs(rawget(module, "children") or {}) do
    local class = debug.getmetatable(child)
    if type(class) == "table" and rawget(class, "kind") == "Linear" then list[#list + 1] = child end
    collect(child, list)
  end
  return list
end

--- The layers of a model that can be quantized, without calling a method of it.
---@param object table
---@return vise.nn.Linear[]
function M.layers(object)
  return collect(object, {})
end

return M
