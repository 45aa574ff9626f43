--- A small Llama and a calibration for the specs of calibration block by block.

local core = require "vise.core"
local vise = require "vise"

local M = { path = "recipes/quickstart/models/stories260K", blocks = 5 }

--- What all of them quantize with.
M.fields = { quant_type = "int8_per_row_static" }

--- Three short texts.
function M.calibrate(model)
  for text = 1, 3 do
    local ids = { 1 }
    for k = 2, 12 + text do ids[k] = (k * 37 + text * 11) % 500 + 3 end
    assert(model:forward(ids)):close()
  end
end

--- The usual fields, calibrated block by block, with others above.
function M.with(more)
  local fields = { quant_type = M.fields.quant_type, calibrate = M.calibrate, calibration = { mode = "sequential" } }
  for key, value in pairs(more or {}) do fields[key] = value end
  return fields
end

--- A copy of the model whose tensors `change(name, tensor)` may change: its folder.
function M.copy_with(change)
  local folder = os.tmpname()
  os.remove(folder)
  assert(core.disk.mkdir(folder))
  local checkpoint <close> = assert(vise.checkpoint.open(M.path))
  local entries = {}
  for _, name in ipairs(checkpoint:names()) do
    local mapped <close> = assert(checkpoint:tensor(name))
    local tensor = assert(mapped:copy())
    change(name, tensor)
    entries[#entries + 1] = { name, tensor }
  end
  assert(core.safetensors_write(folder .. "/model.safetensors", entries, {}))
  assert(core.disk.write(folder .. "/config.json", assert(core.disk.read(M.path .. "/config.json"))))
  return folder
end

return M
