--- A Llama of random f16 weights in a folder, written with little memory: for the test that quantizes a
--- model larger than the memory it may use.

local core = require "vise.core"
local vise = require "vise"

local M = {}

local SIGMA = 0.03
local VARIANTS = 3 -- of a matrix of one shape; the blocks take turns

-- The tensors of a config, in the order of the file: name and shape.
local function tensors_of(c)
  local list = { { "model.embed_tokens.weight", c.vocab_size, c.hidden_size }, { "model.norm.weight", c.hidden_size } }
  local h, f = c.hidden_size, c.intermediate_size
  for block = 0, c.num_hidden_layers - 1 do
    local prefix = ("model.layers.%d."):format(block)
    for _, t in ipairs { { "input_layernorm", h }, { "post_attention_layernorm", h }, { "self_attn.q_proj", h, h },
      { "self_attn.k_proj", h, h }, { "self_attn.v_proj", h, h }, { "self_attn.o_proj", h, h },
      { "mlp.gate_proj", f, h }, { "mlp.up_proj", f, h }, { "mlp.down_proj", h, f } } do
      list[#list + 1] = { prefix .. t[1] .. ".weight", t[2], t[3] }
    end
  end
  return list
end

local function header_of(list)
  local entries, offset = {}, 0
  for _, t in ipairs(list) do
    local bytes = 2 * t[2] * (t[3] or 1)
    entries[t[1]] = { dtype = "F16", shape = core.array { t[2], t[3] },
      data_offsets = core.array { offset, offset + bytes } }
    offset = offset + bytes
  end
  local text = assert(core.json_encode(entries))
  return text .. (" "):rep(-#text % 8), offset
end

-- The bytes of a tensor: norms are ones, matrices one of few draws.
local function bytes_of(t, seed)
  if not t[3] then
    local values = {}
    for i = 1, t[2] do values[i] = 1 end
    return core.tensor_of("f16", { t[2] }, values):tobytes()
  end
  local x <close> = vise.random(seed):normal { t[2], t[3] }
  assert(x:mul(SIGMA, x))
  local half <close> = assert(x:to "f16")
  return half:tobytes()
end

--- Writes the model.
---@param folder string
---@param config table  Of a Llama.
---@return integer bytes  Of all tensors.
function M.write(folder, config)
  assert(core.disk.mkdir(folder))
  assert(core.disk.write(folder .. "/config.json", assert(core.json_encode(config))))
  local list = tensors_of(config)
  local header, bytes = header_of(list)
  local file = assert(io.open(folder .. "/model.safetensors", "wb"))
  assert(file:write(string.pack("<I8", #header), header))
  local drawn = {}
  for i, t in ipairs(list) do
    local key = ("%d %d %d"):format(t[2], t[3] or 0, t[2] == config.vocab_size and 0 or i % VARIANTS)
    drawn[key] = drawn[key] or bytes_of(t, i)
    assert(file:write(drawn[key]))
  end
  file:close()
  return bytes
end

return M
