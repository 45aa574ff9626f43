--- What there is to say of an argument, a field or an option, in words.

local describe = require "vise.describe"

local M = {}

--- A default as Lua writes it.
---@param value boolean|number|string|table
---@return string
function M.literal(value)
  if type(value) == "string" then return ('"%s"'):format(value) end
  if type(value) == "table" then return "{}" end
  if type(value) == "number" then return ("%.14g"):format(value) end
  return tostring(value)
end

--- Words with commas and "or".
---@param words string[]
---@return string
function M.either(words)
  if #words == 1 then return words[1] end
  return table.concat(words, ", ", 1, #words - 1) .. " or " .. words[#words]
end

--- What a value may be: "from 1 to 256", "f16 or bf16"; nil if nothing bounds it.
---@param value vise.Value
---@return string?
function M.range(value)
  if value.choices then return M.either(value.choices) end
  local low = value.above and "above " .. M.literal(value.above) or value.min and "from " .. M.literal(value.min)
  local high = value.max and (value.above and "up to " or "to ") .. M.literal(value.max)
  if low or high then return (low or "") .. (low and high and " " or "") .. (high or "") end
  return value.range or value.filled and "not empty" or nil
end

--- What nil stands for: "default 3", "default a new tensor"; nil where it stands for nothing.
---@param value vise.Value
---@return string?
function M.default(value)
  if value.default ~= nil then return "default " .. M.literal(value.default) end
  if value.otherwise then return "default: " .. value.otherwise end
  return value.optional and "optional" or nil
end

--- The unit of a number, to stand behind what it is; nothing where its name says it.
---@param value vise.Value
---@return string
function M.unit(value)
  return value.unit and not value[1]:find(value.unit, 1, true) and ", in " .. value.unit or ""
end

--- Everything about a value in one line.
---@param value vise.Value
---@param typed? boolean  Without what its type says: the choices, and that it may be nil.
---@return string
function M.about(value, typed)
  local words = { value[3] and value[3] .. M.unit(value) }
  if not (typed and value.choices) then words[#words + 1] = M.range(value) end
  if not (typed and value.optional) then words[#words + 1] = M.default(value) end
  return table.concat(words, "; ")
end

--- How a function is called: "vise.svd(a[, options])".
---@param ref vise.Reference
---@param fn vise.Function
---@return string
function M.call(ref, fn)
  local line, open = "", 0
  for i, argument in ipairs(fn.arguments) do
    local word = (i > 1 and ", " or "") .. argument[1]
    if describe.is_optional(argument) then
      word, open = "[" .. word, open + 1
    end
    line = line .. word
  end
  return ("%s(%s%s)"):format(describe.full_name(ref, fn), line, ("]"):rep(open))
end

--- The same with the names of what comes back: "... -> u, s, vt | nil, message, id".
---@param ref vise.Reference
---@param fn vise.Function
---@return string
function M.signature(ref, fn)
  if not fn.returns then return M.call(ref, fn) end
  local words = {}
  for i, result in ipairs(fn.returns) do words[i] = result[2] end
  return ("%s -> %s%s"):format(M.call(ref, fn), table.concat(words, ", "), fn.fails and " | nil, message, id" or "")
end

--- A type as people read it: without the "vise." of each name.
---@param type string
---@return string
function M.short(type)
  return (type:gsub("vise%.", ""))
end

return M
