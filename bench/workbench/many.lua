--- A file of 100,000 tensors, named as those of a language model.

local core = require "vise.core"

local M = {}

local TENSORS = 100000
local PARTS = { "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
  "mlp.up_proj", "mlp.down_proj", "input_layernorm", "post_attention_layernorm", "self_attn.rotary" }

---@return string path
---@return fun() remove
function M.file()
  local folder = os.tmpname()
  os.remove(folder)
  assert(core.disk.mkdir(folder))
  local path, entries, t = folder .. "/many.safetensors", {}, core.tensor("f16", { 16, 16 })
  for i = 0, TENSORS - 1 do
    entries[i + 1] = { ("model.layers.%d.%s.weight"):format(i // #PARTS, PARTS[i % #PARTS + 1]), t }
  end
  assert(core.safetensors_write(path, entries))
  return path, function() core.disk.remove_tree(folder) end
end

return M
