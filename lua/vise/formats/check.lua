--- What both layouts check of JSON from files.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

local ARRAY = getmetatable(core.array {})

---@param v any
---@return boolean  A list of JSON.
function M.is_array(v)
  return getmetatable(v) == ARRAY
end

---@param v any
---@return boolean  An object of JSON.
function M.is_object(v)
  return type(v) == "table" and not M.is_array(v)
end

---@param v any
---@return boolean
function M.is_string_list(v)
  if not M.is_array(v) then return false end
  for _, item in ipairs(v) do
    if type(item) ~= "string" then return false end
  end
  return true
end

--- A value as a message shows it.
---@param v any
---@return string
function M.show(v)
  if v == nil then return "missing" end
  if v == core.null then return "null" end
  if type(v) == "string" then return ('"%s"'):format(core.escape(v)) end
  if type(v) == "table" then return M.is_array(v) and "a list" or "an object" end
  return tostring(v)
end

--- The head of a manifest or of metadata: an object of this format and version.
---@param t any
---@param where string
---@param format string
---@param version integer
---@return true?
---@return string? message
---@return string? id
function M.head(t, where, format, version)
  if not M.is_object(t) then
    return fail.fail("E-AR-02", "%s must be an object, is %s", where, M.show(t))
  elseif t.format ~= format then
    return fail.fail("E-AR-02", "%s: format is %s, expected \"%s\"", where, M.show(t.format), format)
  elseif t.version ~= version then
    return fail.fail("E-AR-02", "%s: written by format version %s, this program reads %d", where, M.show(t.version),
      version)
  end
  return true
end

--- The name of a file in the manifest's own folder.
---@param name any
---@param where string  Names the field.
---@return true?
---@return string? message
---@return string? id
function M.file_name(name, where)
  if type(name) ~= "string" or name == "" then
    return fail.fail("E-AR-03", "%s is %s, expected the name of a file", where, M.show(name))
  elseif name:find "[/\\%z]" or name == ".." or name == "." then
    return fail.fail("E-AR-04", "%s is %s, expected a plain file name in this folder", where, M.show(name))
  end
  return true
end

---@param shape integer[]
---@return string
function M.shape(shape)
  return "[" .. table.concat(shape, ", ") .. "]"
end

--- Finds a tensor of the file and holds it to a dtype and a shape.
---@param handle vise.SafetensorsFile
---@param name string
---@param dtype string
---@param shape integer[]
---@return vise.Tensor?
---@return string? message
---@return string? id
function M.tensor(handle, name, dtype, shape)
  local info = handle:info(name)
  if not info then return fail.fail("E-AR-10", "tensor %s is missing", core.escape(name)) end
  if info.dtype ~= dtype or M.shape(info.shape) ~= M.shape(shape) then
    return fail.fail("E-AR-10", "tensor %s is %s %s, expected %s %s", core.escape(name), info.dtype,
      M.shape(info.shape), dtype, M.shape(shape))
  end
  return handle:tensor(name)
end

--- Every tensor of the file must have been claimed.
---@param handle vise.SafetensorsFile
---@param claimed table<string, true>
---@return true?
---@return string? message
---@return string? id
function M.nothing_left(handle, claimed)
  for _, name in ipairs(handle:names()) do
    if not claimed[name] then
      return fail.fail("E-AR-10", "tensor %s belongs to no listed layer", core.escape(name))
    end
  end
  return true
end

return M
