--- What a report counts together: the blocks of a model, the layers of a type.

local core = require "vise.core"

local M = {}

--- The names of the blocks that hold quantized layers: "transformer_blocks.0-5".
---@param plan vise.Plan
---@return string[]
function M.regions(plan)
  local order, blocks, rest = {}, {}, 0
  for _, layer in ipairs(plan.layers) do
    if layer.type then
      local prefix, index = layer.name:match "^(.-)%.(%d+)%."
      if prefix then
        local b = blocks[prefix]
        if not b then
          b = { first = tonumber(index), last = tonumber(index) }
          blocks[prefix], order[#order + 1] = b, prefix
        end
        b.first, b.last = math.min(b.first, tonumber(index)), math.max(b.last, tonumber(index))
      else
        rest = rest + 1
      end
    end
  end
  local words = {}
  for i, prefix in ipairs(order) do
    local b = blocks[prefix]
    words[i] = b.first == b.last and ("%s.%d"):format(prefix, b.first)
      or ("%s.%d-%d"):format(prefix, b.first, b.last)
  end
  if rest > 0 then words[#words + 1] = ("%d outside blocks"):format(rest) end
  return words
end

--- How many layers each type has and which method made them, in the order of their names.
---@param layers vise.LayerReport[]
---@return { type: string, method: string, layers: integer }[]
function M.types(layers)
  local count, list = {}, core.array {}
  for _, layer in ipairs(layers) do
    local key = layer.type .. " " .. layer.method
    if not count[key] then
      count[key] = { type = layer.type, method = layer.method, layers = 0 }
      list[#list + 1] = count[key]
    end
    count[key].layers = count[key].layers + 1
  end
  table.sort(list, function(a, b)
    if a.type ~= b.type then return a.type < b.type end
    return a.method < b.method
  end)
  return list
end

return M
