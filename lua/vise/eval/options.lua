--- Options of evaluations.

local fail = require "vise.fail"
local protocols = require "vise.eval.protocols"
local suggest = require "vise.suggest"

local M = {}

---@class vise.PerplexityOptions: vise.eval.ProtocolOptions
---@field logit_bytes? integer  Of the logits that exist at once.
---@field on_window? fun(index: integer)  After each window.

-- What every evaluation of texts takes: a type, or the least an integer may be.
local common = { protocol = "protocol", tokenizer = "tokenizer", context = 2, stride = 1, join = "string",
  logit_bytes = 1, on_window = "function" }

local function one_of(list, value)
  for _, name in ipairs(list) do
    if name == value then return true end
  end
  return false
end

local function fits(kind, value)
  if kind == "protocol" then return one_of(protocols.names(), value) end
  if kind == "tokenizer" then return type(value) == "table" or type(value) == "userdata" end
  if math.type(kind) == "integer" then
    return type(value) == "number" and math.tointeger(value) ~= nil and value >= kind
  end
  return type(value) == kind
end

local function wanted(kind)
  if kind == "protocol" then return "one of " .. table.concat(protocols.names(), ", ") end
  return math.type(kind) == "integer" and ("an integer from %d"):format(kind) or "a " .. kind
end

--- Checks options: E-DT-08 for a name that is none and for a value that does not fit.
---@param what string     Whose options they are.
---@param options? table
---@param more? table<string, string|integer>  What is taken beside what all take.
---@return table
function M.check(what, options, more)
  local names = {}
  for _, set in ipairs { common, more or {} } do
    for name in pairs(set) do names[#names + 1] = name end
  end
  for name, value in pairs(options or {}) do
    local kind = common[name] or more and more[name]
    if not kind then
      fail.raise("E-DT-08", "%s has no option '%s'%s", what, tostring(name), suggest.hint(tostring(name), names))
    end
    if not fits(kind, value) then
      fail.raise("E-DT-08", "%s is %s, expected %s", name, tostring(value), wanted(kind))
    end
  end
  return options or {}
end

return M
