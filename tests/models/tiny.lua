--- Tiny models in folders of their own: real families with random weights, small enough to be
--- bent in every way.

local core = require "vise.core"
local support = require "support"

local M = {}

---@class tests.Tiny
---@field config table<string, any>
---@field tensors table<string, integer[]|userdata>  Shapes to fill with random values, or tensors.

--- What a Llama of one block holds.
---@return tests.Tiny
function M.llama()
  local tiny = {
    config = {
      architectures = core.array { "LlamaForCausalLM" }, model_type = "llama", hidden_size = 8,
      intermediate_size = 12, num_hidden_layers = 2, num_attention_heads = 4, num_key_value_heads = 2,
      vocab_size = 20, max_position_embeddings = 16, rms_norm_eps = 1e-5, tie_word_embeddings = true,
      bos_token_id = 1, eos_token_id = 2,
    },
    tensors = { ["model.embed_tokens.weight"] = { 20, 8 }, ["model.norm.weight"] = { 8 } },
  }
  for block = 0, 1 do
    local shapes = {
      ["input_layernorm.weight"] = { 8 }, ["post_attention_layernorm.weight"] = { 8 },
      ["self_attn.q_proj.weight"] = { 8, 8 }, ["self_attn.k_proj.weight"] = { 4, 8 },
      ["self_attn.v_proj.weight"] = { 4, 8 }, ["self_attn.o_proj.weight"] = { 8, 8 },
      ["mlp.gate_proj.weight"] = { 12, 8 }, ["mlp.up_proj.weight"] = { 12, 8 },
      ["mlp.down_proj.weight"] = { 8, 12 },
    }
    for name, shape in pairs(shapes) do tiny.tensors[("model.layers.%d.%s"):format(block, name)] = shape end
  end
  return tiny
end

--- What a DiT of one block holds: width 8, 2x2 patches of 2x2 pixels, two channels.
---@return tests.Tiny
function M.dit()
  local tiny = {
    config = {
      _class_name = "DiTTransformer2DModel", num_attention_heads = 2, attention_head_dim = 4, in_channels = 2,
      num_layers = 1, sample_size = 4, patch_size = 2, num_embeds_ada_norm = 3,
    },
    tensors = {
      ["pos_embed.proj.weight"] = { 8, 2, 2, 2 }, ["pos_embed.proj.bias"] = { 8 },
      ["proj_out_1.weight"] = { 16, 8 }, ["proj_out_1.bias"] = { 16 },
      ["proj_out_2.weight"] = { 8, 8 }, ["proj_out_2.bias"] = { 8 },
    },
  }
  local layers = {
    ["norm1.emb.timestep_embedder.linear_1"] = { 8, 256 }, ["norm1.emb.timestep_embedder.linear_2"] = { 8, 8 },
    ["norm1.linear"] = { 48, 8 }, ["attn1.to_q"] = { 8, 8 }, ["attn1.to_k"] = { 8, 8 },
    ["attn1.to_v"] = { 8, 8 }, ["attn1.to_out.0"] = { 8, 8 }, ["ff.net.0.proj"] = { 32, 8 },
    ["ff.net.2"] = { 8, 32 },
  }
  for name, shape in pairs(layers) do
    tiny.tensors["transformer_blocks.0." .. name .. ".weight"] = shape
    tiny.tensors["transformer_blocks.0." .. name .. ".bias"] = { shape[1] }
  end
  tiny.tensors["transformer_blocks.0.norm1.emb.class_embedder.embedding_table.weight"] = { 4, 8 }
  return tiny
end

local function sorted(names)
  local list = {}
  for name in pairs(names) do list[#list + 1] = name end
  table.sort(list)
  return list
end

--- Writes such a model.
---@param tiny tests.Tiny
---@return string folder
function M.write(tiny)
  local folder = os.tmpname()
  os.remove(folder)
  assert(core.disk.mkdir(folder))
  local list = {}
  for seed, name in ipairs(sorted(tiny.tensors)) do
    local what = tiny.tensors[name]
    list[seed] = { name, type(what) == "table" and support.random(what, seed) or what }
  end
  assert(core.safetensors_write(folder .. "/model.safetensors", list))
  if tiny.config then assert(core.disk.write(folder .. "/config.json", core.json_encode(tiny.config))) end
  return folder
end

--- Writes it, opens it, and removes the files; the weights stay mapped.
---@param tiny tests.Tiny
---@return table? model
---@return string? message
---@return string? id
function M.open(tiny)
  local folder = M.write(tiny)
  local model, message, id = require("vise.models").open(folder)
  assert(core.disk.remove_tree(folder))
  return model, message, id
end

return M
