--- Layers in files while a quantization goes on: those of one stage are written when they are made, and
--- read back mapped, so that the memory holds what the kernels need of them alone.

local core = require "vise.core"
local fail = require "vise.fail"
local quantized_linear = require "vise.nn.quantized_linear"

local try = fail.try

local M = {}

--- Writes layers.
---@param path string
---@param names string[]
---@param made table<string, vise.QuantizedLinear>
function M.write(path, names, made)
  local entries = {}
  for _, name in ipairs(names) do
    for _, t in ipairs(made[name]:tensors()) do entries[#entries + 1] = { name .. "." .. t.param, t.tensor } end
  end
  try(core.safetensors_write(path, entries, {}))
end

local function read_layer(file, layer)
  local tensors, prefix, rotate = {}, layer.name .. ".", layer.type.rotate
  for _, full in ipairs(file:names()) do
    local param = full:sub(1, #prefix) == prefix and full:sub(#prefix + 1)
    -- A name of a layer may begin with that of another; those of parameters have no dots.
    if param and not param:find(".", 1, true) then tensors[param] = try(file:tensor(full)) end
  end
  return try(quantized_linear.from_tensors(layer.type, layer.shape, layer.storage, tensors,
    rotate and rotate(layer.shape[2])))
end

--- Reads layers back: in the place of those in `made`, which are freed.
---@param path string
---@param layers vise.PlannedLayer[]
---@param made table<string, vise.QuantizedLinear>
function M.read(path, layers, made)
  local file <close> = try(core.safetensors_open(path))
  for _, layer in ipairs(layers) do
    local q = read_layer(file, layer)
    if made[layer.name] then made[layer.name]:close() end
    made[layer.name] = q
  end
end

return M
