--- Single layers: how far what each quantized layer computes is from what it stands for.

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"

local try = fail.try

local M = {}

---@class vise.LayerQuality
---@field name string
---@field type string
---@field weight_sqnr number   dB
---@field output_sqnr? number  dB; nil without a run, or if nothing flowed through the layer
---@field rows integer         That flowed through it.

-- 10 log10(signal / noise)
local function decibel(signal, noise)
  return noise == 0 and math.huge or 10 * math.log(signal / noise, 10)
end

local function weight_sqnr(layer, q)
  local stands_for <close> = try(q:dequantize())
  local weight <close> = try(layer.weight:to "f32")
  layer:release()
  return try(core.compare(stands_for, weight)).sqnr
end

-- Adds what float and quantized layer make of an input.
local function add(sums, layer, q, x)
  local float <close> = try(core.linear(x, layer.weight, layer.bias))
  local got <close> = try(q:forward(x))
  local count = float:count()
  sums.signal = sums.signal + try(float:norm()) ^ 2
  sums.noise = sums.noise + try(core.compare(got, float)).rmse ^ 2 * count
  sums.rows = sums.rows + count // layer.outputs
end

-- Runs the model with a look at what flows into each layer.  With float inputs the layers compute as if they
-- were not quantized, so that each is measured by itself.
local function watch(model, quantized, run, inputs)
  local undo, sums = {}, {}
  for i, entry in ipairs(quantized) do
    sums[i] = { signal = 0, noise = 0, rows = 0 }
    undo[i] = entry.layer:hook(function(layer, x) add(sums[i], layer, entry.q, x) end)
  end
  local ok, result, message, id = pcall(function()
    if inputs == "float" then
      for _, entry in ipairs(quantized) do entry.layer.quantized = nil end
    end
    return run(model)
  end)
  fail.whole(function()
    for i, entry in ipairs(quantized) do
      undo[i]()
      entry.layer.quantized = entry.q
    end
  end)
  if not ok then error(result, 0) end
  if result == nil and message then try(nil, message, id) end
  return sums
end

local function layers(model, options)
  local quantized, rows, sums = {}, {}, nil
  for _, layer in ipairs(model:layers()) do
    if layer.quantized then quantized[#quantized + 1] = { layer = layer, q = layer.quantized } end
  end
  if #quantized == 0 then fail.try(nil, "none of the layers is quantized", "E-EV-05") end
  if options.run then sums = watch(model, quantized, options.run, options.inputs or "float") end
  for i, entry in ipairs(quantized) do
    local s = sums and sums[i] or { rows = 0 }
    rows[i] = { name = entry.layer.name, type = entry.q.type.name, weight_sqnr = weight_sqnr(entry.layer, entry.q),
      output_sqnr = s.rows > 0 and decibel(s.signal, s.noise) or nil, rows = s.rows }
  end
  return rows
end

---@class vise.LayerQualityOptions
---@field run? fun(model: vise.Model)  Runs the model on what the outputs are measured with.
---@field inputs? "float"|"quantized"  What flows into the layers: as if no layer were quantized, or as all are.

--- The signal-to-noise ratio of every quantized layer against its float weight: of the weight it stands for,
--- and, over all that flows through it in a run, of its output.  Nothing is kept but sums.
---@param model vise.Model
---@param options? vise.LayerQualityOptions
---@return vise.LayerQuality[]?
---@return string? message
---@return string? id
function M.layers(model, options)
  expect.model(model, "eval.layers", "layers")
  options = options or {}
  for name, value in pairs(options) do
    local fits = name == "run" and type(value) == "function"
      or name == "inputs" and (value == "float" or value == "quantized")
    if not fits then fail.raise("E-DT-08", "option %s of layers is %s", tostring(name), tostring(value)) end
  end
  return fail.catch(layers, model, options)
end

M.public = { layers = M.layers }

return M
