--- Stubs for editors: the public interface in the notation of LuaCATS, for a language server to complete
--- and check what a script says of `vise`.

local core = require "vise.core"
local describe = require "vise.describe"
local values = require "vise.describe.values"

local M = {}

local HEADER = [[
---@meta vise
-- Made by `vise docs` from the descriptions of the interface; for editors only, it does nothing.
]]

-- The type of a value: its choices, or the class that is made for its fields.
local function type_of(value, class)
  if value.choices then return '"' .. table.concat(value.choices, '"|"') .. '"' end
  if value.fields then return (value[2]:gsub("^table", class)) end
  return value[2]
end

local function comment(words, out)
  if words then out[#out + 1] = "---" .. words end
end

-- A class of fields, and before it those of the fields that have fields themselves.
local function add_class(name, extends, about, fields, out)
  for _, field in ipairs(fields or {}) do
    if field.fields then add_class(name .. "." .. field[1], nil, field[3], field.fields, out) end
  end
  if out[#out] ~= "" then out[#out + 1] = "" end
  comment(about, out)
  out[#out + 1] = ("---@class %s%s"):format(name, extends and ": " .. extends or "")
  for _, field in ipairs(fields or {}) do
    out[#out + 1] = ("---@field %s%s %s %s"):format(field[1], describe.is_optional(field) and "?" or "",
      type_of(field, name .. "." .. field[1]), values.about(field, true))
  end
end

local function add_alias(alias, out)
  comment(alias[2], out)
  out[#out + 1] = ("---@alias %s %s\n"):format(alias[1], alias.choices and type_of(alias) or alias.type)
end

-- The name of a class that is made for a table of one function.
local function own_class(full, value)
  return "vise.of." .. full:gsub("^vise%.", ""):gsub(":", ".") .. "." .. value
end

local function add_results(fn, full, out)
  for _, result in ipairs(fn.returns or {}) do
    local type = type_of({ result[2], result[1], fields = result.fields, choices = result.choices },
      own_class(full, result[2]))
    if fn.fails and not type:find "%?$" then type = type:find "[|:]" and "(" .. type .. ")?" or type .. "?" end
    local name = result[2] == "..." and "..." or result[2]
    out[#out + 1] = ("---@return %s %s%s"):format(type, name, result[3] and " " .. result[3] or "")
  end
  if fn.fails then
    out[#out + 1] = "---@return string? message"
    out[#out + 1] = "---@return string? id"
  end
end

local function add_function(ref, fn, object, out)
  local full, names = describe.full_name(ref, fn), {}
  for i, argument in ipairs(fn.arguments) do
    names[i] = argument[1]
    if argument.fields then add_class(own_class(full, argument[1]), nil, argument[3], argument.fields, out) end
  end
  for _, result in ipairs(fn.returns or {}) do
    if result.fields then add_class(own_class(full, result[2]), nil, result[3], result.fields, out) end
  end
  out[#out + 1] = ""
  comment(fn.text, out)
  out[#out + 1] = "---```lua"
  for line in (fn.example .. "\n"):gmatch "([^\n]*)\n" do out[#out + 1] = "---" .. line end
  out[#out + 1] = "---```"
  for _, argument in ipairs(fn.arguments) do
    local optional = describe.is_optional(argument) and argument[1] ~= "..." and "?" or ""
    out[#out + 1] = ("---@param %s%s %s %s"):format(argument[1], optional, type_of(argument,
      own_class(full, argument[1])), values.about(argument, true))
  end
  add_results(fn, full, out)
  local method = ref.kind == "class" and not fn.static
  out[#out + 1] = ("function %s%s%s(%s) end"):format(object, method and ":" or ".", fn.name, table.concat(names, ", "))
end

local function add_part(ref, out)
  for _, alias in ipairs(ref.aliases or {}) do add_alias(alias, out) end
  for _, record in ipairs(ref.records or {}) do
    add_class(record[1], record.extends, record[2], record.fields, out)
  end
  local object
  if ref.kind == "module" then
    object = ref.name == "vise" and "vise" or "vise." .. ref.name
    add_class(object, nil, ref.summary, ref.fields, out)
    out[#out + 1] = object .. " = {}"
  else
    object = ref.path or ref.class:gsub("%.", "_")
    add_class(ref.class, ref.extends, ref.summary, ref.fields, out)
    if #ref.functions > 0 then out[#out + 1] = (ref.path and "" or "local ") .. object .. " = {}" end
  end
  for _, fn in ipairs(ref.functions) do add_function(ref, fn, object, out) end
  out[#out + 1] = ""
end

--- The stubs, a Lua file.
---@return string
function M.make()
  local out = { HEADER }
  for _, ref in describe.each() do add_part(ref, out) end
  out[#out + 1] = "return vise\n"
  return table.concat(out, "\n")
end

--- A .luarc.json for a folder with the stubs in `library`.
---@return string
function M.luarc()
  return assert(core.json_encode({
    ["$schema"] = "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
    ["runtime.version"] = "Lua 5.4",
    ["workspace.library"] = { "library" },
    ["diagnostics.globals"] = { "vise" },
  }, 2)) .. "\n"
end

return M
