--- Entries: the quantized models of a report document, in the form that the sections draw.
---
--- A report of a pipeline becomes one entry for each component.  Nothing is taken for granted: what a field
--- does not hold is left out.

local numbers = require "vise.html.numbers"

local M = {}

---@class vise.html.Layer
---@field name string
---@field index integer         In the model's order.
---@field type string
---@field shape? integer[]
---@field kind string           The name inside its block: "attn1.to_q".
---@field block? string         The block: "transformer_blocks.3".
---@field bits? number          Stored bits a weight.
---@field bytes? number
---@field weight_error? number
---@field output_error? number
---@field output_of? string
---@field id string             Its row on the page.

---@class vise.html.Entry
---@field id string
---@field label string
---@field report table
---@field layers vise.html.Layer[]
---@field worst vise.html.Layer[]   The largest output error first.
---@field histograms table<string, table>

local is_finite = numbers.is_finite

-- The elements of a weight; nil if the shape is none.
local function elements(shape)
  if type(shape) ~= "table" or #shape == 0 then return nil end
  local n = 1
  for _, d in ipairs(shape) do
    if type(d) ~= "number" then return nil end
    n = n * d
  end
  return n > 0 and n or nil
end

local function layer_of(raw, index, prefix)
  local name = tostring(raw.name)
  local block, kind = name:match "^(.-%.%d+)%.(.+)$"
  local count = elements(raw.shape)
  local bits = count and is_finite(raw.disk_bytes) and 8 * raw.disk_bytes / count or nil
  return { name = name, index = index, type = raw.type and tostring(raw.type) or numbers.NONE, shape = raw.shape,
    block = block, kind = kind or name, bits = bits, bytes = raw.disk_bytes,
    weight_error = raw.weight_error, output_error = raw.output_error, output_of = raw.output_of,
    id = ("%s-%d"):format(prefix, index) }
end

--- How bad a value is, for sorting: what is not finite is worst, what is missing is best.
---@param v any
---@return number
function M.badness(v)
  if v == nil or type(v) ~= "number" then return -math.huge end
  return v ~= v and math.huge or v
end

--- The layers with the largest value of a field first; equal ones in the model's order.
---@param layers vise.html.Layer[]
---@param field string
---@return vise.html.Layer[]
function M.sorted(layers, field)
  local list = table.move(layers, 1, #layers, 1, {})
  table.sort(list, function(a, b)
    local x, y = M.badness(a[field]), M.badness(b[field])
    if x ~= y then return x > y end
    return a.index < b.index
  end)
  return list
end

local function entry_of(label, report, histograms, position)
  local entry = { id = "q" .. position, label = label, report = report, layers = {}, histograms = histograms or {} }
  for i, raw in ipairs(type(report.layers) == "table" and report.layers or {}) do
    entry.layers[i] = layer_of(raw, i, entry.id)
  end
  entry.worst = M.sorted(entry.layers, "output_error")
  return entry
end

--- The entries of a document, in its order; the components of a pipeline by name.
---@param doc table
---@return vise.html.Entry[]
function M.of(doc)
  local out = {}
  for i, item in ipairs(doc.quantized or {}) do
    local report = item.report or {}
    local label = tostring(item.label or report.quant_type or i)
    if type(report.components) == "table" then
      local names = {}
      for name in pairs(report.components) do names[#names + 1] = name end
      table.sort(names)
      for _, name in ipairs(names) do
        out[#out + 1] = entry_of(("%s, %s"):format(label, name), report.components[name],
          item.histograms and item.histograms[name], #out + 1)
      end
    else
      out[#out + 1] = entry_of(label, report, item.histograms, #out + 1)
    end
  end
  return out
end

--- The mean of a field over the layers where it is finite; nil if there is none.
---@param layers vise.html.Layer[]
---@param field string
---@return number?
function M.mean(layers, field)
  local sum, n = 0, 0
  for _, layer in ipairs(layers) do
    if is_finite(layer[field]) then sum, n = sum + layer[field], n + 1 end
  end
  return n > 0 and sum / n or nil
end

--- Bytes of the float model's layers over those of the artefact.
---@param report table
---@return number?
function M.ratio(report)
  local before, after = report.source_bytes, report.file_bytes or report.disk_bytes
  return is_finite(before) and is_finite(after) and after > 0 and before / after or nil
end

return M
