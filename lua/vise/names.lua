--- Models and checkpoints by name: `model["blocks.0.to_q"]` is a layer, `model["blocks.0.to_q.weight"]` a
--- tensor of the checkpoint, mapped and read-only, or what a transform made of it.

local M = {}

local named = setmetatable({}, { __mode = "k" }) -- classes whose objects are looked into

-- What `object[name]` is beside the fields and methods of its class.
local function find(object, name)
  if type(name) ~= "string" or not name:find(".", 1, true) then return nil end
  local weights, checkpoint = rawget(object, "weights"), rawget(object, "checkpoint") or object
  if weights and weights.overlay[name] then return require("vise.fail").try(weights:current(name)) end
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

local linear = setmetatable({}, { __mode = "k" }) -- class -> is it the layer that can be quantized?

local function is_linear(module)
  local class = debug.getmetatable(module)
  if type(class) ~= "table" then return false end
  if linear[class] == nil then linear[class] = rawget(class, "kind") == "Linear" end
  return linear[class]
end

-- There may be 100,000 of them, and somebody waits for the Tab key.
local function collect(module, list)
  for _, child in ipairs(rawget(module, "children") or {}) do
    if is_linear(child) then
      list[#list + 1] = child
    else
      collect(child, list)
    end
  end
  return list
end

--- The layers of a model that can be quantized, without calling a method of it.
---@param object table
---@return vise.nn.Linear[]
function M.layers(object)
  return collect(object, {})
end

local known = setmetatable({}, { __mode = "k" }) -- model -> { children, names }

--- Their full names.  The tree of a model does not change, so it is walked once.
---@param object table
---@return string[]
function M.layer_names(object)
  local children, kept = rawget(object, "children"), known[object]
  if not kept or kept.children ~= children or kept.count ~= #(children or {}) then
    kept = { children = children, count = #(children or {}), names = M.layers(object) }
    for i, layer in ipairs(kept.names) do kept.names[i] = rawget(layer, "name") end
    known[object] = kept
  end
  return kept.names
end

return M
