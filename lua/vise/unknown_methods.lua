--- Methods that objects do not have: an error with the nearest name, where Lua would call nil.

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

-- The classes of the core that a script holds objects of.
local CLASSES = { "coded", "observer", "packed", "random", "rows", "safetensors", "scheme", "tensor", "timing",
  "tokenizer" }

local function names_of(methods)
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- What was likely meant: a method of nearly this name, or a function of a module that takes the object.
local function hint(methods, name)
  local near = suggest.hint(name, names_of(methods))
  if near ~= "" then return near end
  local vise = require "vise"
  for _, module in ipairs { "linalg", "ops", "coded", "plot" } do
    if rawget(vise[module], name) then return ("; did you mean vise.%s.%s?"):format(module, name) end
  end
  return ""
end

--- Makes every class of the core answer an unknown name with E-US-15.
function M.guard()
  require "vise.core"
  local registry = debug.getregistry()
  for _, class in ipairs(CLASSES) do
    local methods = registry["vise." .. class].__index
    setmetatable(methods, {
      __index = function(_, name)
        fail.raise("E-US-15", "a %s has no '%s'%s", class, tostring(name), hint(methods, tostring(name)))
      end,
    })
  end
end

return M
