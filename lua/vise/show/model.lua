--- Models, layers, plans and configurations for people.

local names = require "vise.names"
local text = require "vise.text"

local M = {}

local function type_of(linear)
  local q = linear.quantized
  if q and q.type then return q.type.name end
  return linear.weight and not linear.weight:closed() and linear.weight:dtype() or "?"
end

-- The first of some rows as columns, and how many more there are.
local function listed(rows, options, what)
  local more = #rows - options.rows
  if more > 0 and not options.full then
    rows = table.move(rows, 1, options.rows, 1, {})
    return text.columns(rows, "  ") .. ("  ... %d more %s"):format(more, what)
  end
  return (text.columns(rows, "  "):gsub("\n$", ""))
end

--- A model: what it is of, how large, its layers.
function M.model(model, options)
  local layers, checkpoint = names.layers(model), names.checkpoint(model)
  local weights, quantized, rows = 0, 0, {}
  for i, layer in ipairs(layers) do
    weights = weights + layer.inputs * layer.outputs
    if layer.quantized then quantized = quantized + 1 end
    rows[i] = { layer.name, ("%d x %d"):format(layer.outputs, layer.inputs), type_of(layer) }
  end
  local out = {
    text.escape(("%s model%s"):format(tostring(model.family or model.kind),
      checkpoint and " " .. tostring(checkpoint.path) or "")),
    ("  %d linear layers, %d weights in them%s"):format(#layers, weights,
      quantized > 0 and (", %d layers quantized"):format(quantized) or ""),
  }
  for _, done in ipairs(model.transforms or {}) do out[#out + 1] = "  transformed: " .. text.escape(done.name) end
  for _, note in ipairs(model.notes or {}) do out[#out + 1] = "  note: " .. text.escape(tostring(note)) end
  if #rows > 0 then out[#out + 1] = listed(rows, options, "layers") end
  return table.concat(out, "\n")
end

--- A checkpoint: its tensors.
function M.checkpoint(checkpoint, options)
  local rows, all, bytes = {}, names.tensors(checkpoint), 0
  for i, name in ipairs(all) do
    local info = checkpoint:info(name)
    bytes = bytes + info.bytes
    if options.full or i <= options.rows then
      rows[i] = { name, info.dtype, "[" .. table.concat(info.shape, ", ") .. "]" }
    end
  end
  local more = #all - #rows
  return ("%s, %s\n%s%s"):format(text.escape(tostring(checkpoint)), text.bytes(bytes), text.columns(rows, "  "),
    more > 0 and ("  ... %d more tensors"):format(more) or ""):gsub("\n$", "")
end

--- A layer: its shape, its type, its weight.
function M.layer(layer, options)
  local line = text.escape(("%s %s"):format(tostring(layer.kind), tostring(layer.name)))
  if layer.kind ~= "Linear" then
    local rows = {}
    for i, child in ipairs(layer.children or {}) do rows[i] = { tostring(child.kind), tostring(child.name) } end
    return #rows > 0 and line .. "\n" .. listed(rows, options, "parts") or line
  end
  line = ("%s: %d inputs, %d outputs, %s%s"):format(line, layer.inputs, layer.outputs, type_of(layer),
    layer.bias and ", with bias" or "")
  if not layer.weight or layer.weight:closed() then return line end
  return line .. "\n" .. require("vise.show.tensor").text(layer.weight, options)
end

--- A plan: how many layers get which type, why others get none, the sizes.
function M.plan(plan, options)
  local out = { ("plan: %d layers quantized, %d skipped; %s on disk instead of %s, %.2f bits a weight"):format(
    plan.quantized, plan.skipped, text.bytes(plan.disk_bytes), text.bytes(plan.source_bytes), plan.bits_per_weight) }
  local parts = plan.components or { [""] = plan }
  for name, part in pairs(parts) do
    local rows = {}
    for i, l in ipairs(part.layers) do
      rows[i] = { name ~= "" and name .. ": " .. l.name or l.name, ("%d x %d"):format(l.shape[1], l.shape[2]),
        l.type and l.type.name or "-", l.reason or "" }
    end
    out[#out + 1] = listed(rows, options, "layers")
  end
  return table.concat(out, "\n")
end

return M
