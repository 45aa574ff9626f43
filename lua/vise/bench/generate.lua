--- Large models with random weights, written as model folders: the right sizes for measuring time and
--- memory, and no sense in what they answer.

local Weights = require "vise.models.weights"
local core = require "vise.core"

local M = {}

-- Every tensor that a model of this class and config consists of: a checkpoint with none of them says
-- what it misses.
local function tensors_of(class, config)
  local settings = assert(class.settings_of(config, "the generated config"))
  local weights = Weights.new { has = function() return false end }
  class.new(settings, weights)
  return weights.missing
end

-- Values that keep activations near one in size: of a matrix 1 / sqrt(inputs), of a norm's weight one.
local function values_of(random, entry, dtype)
  local shape, inputs = entry.shape, 1
  for i = 2, #shape do inputs = inputs * shape[i] end
  local t = random:normal(shape)
  local scale = #shape > 1 and inputs ^ -0.5 or 0.1
  t:mul(scale, t)
  if entry.name:find "norm%.weight$" or entry.name:find "layernorm%.weight$" then t:add(1, t) end
  if dtype == "f32" then return t end
  local converted = assert(t:to(dtype))
  t:close()
  return converted
end

local function write(folder, class, config, options)
  local random, list = core.random(options.seed or 1), {}
  for i, entry in ipairs(tensors_of(class, config)) do
    list[i] = { entry.name, values_of(random, entry, options.dtype or "f32") }
  end
  assert(core.disk.mkdir(folder))
  assert(core.safetensors_write(folder .. "/model.safetensors", list))
  assert(core.disk.write(folder .. "/config.json", core.json_encode(config)))
  for _, entry in ipairs(list) do entry[2]:close() end
  return folder
end

--- A diffusion transformer: `tokens` patches, heads of 64.
---@param folder string  Does not exist yet.
---@param options { width: integer, layers: integer, tokens?: integer, dtype?: string, seed?: integer }
---@return string folder
function M.dit(folder, options)
  local side = math.tointeger(math.sqrt(options.tokens or 256))
  return write(folder, require "vise.models.dit", {
    _class_name = "DiTTransformer2DModel", num_attention_heads = options.width // 64, attention_head_dim = 64,
    in_channels = 4, out_channels = 4, num_layers = options.layers, sample_size = 2 * side, patch_size = 2,
    num_embeds_ada_norm = 1000, norm_type = "ada_norm_zero", attention_bias = true,
  }, options)
end

--- A language model: heads of 64, a quarter as many for keys, a small vocabulary.
---@param folder string
---@param options { width: integer, layers: integer, dtype?: string, seed?: integer }
---@return string folder
function M.llama(folder, options)
  local heads = options.width // 64
  return write(folder, require "vise.models.llama", {
    architectures = core.array { "LlamaForCausalLM" }, model_type = "llama", hidden_size = options.width,
    intermediate_size = options.width * 11 // 4 // 64 * 64, num_hidden_layers = options.layers,
    num_attention_heads = heads, num_key_value_heads = math.max(1, heads // 4), head_dim = 64, vocab_size = 4096,
    max_position_embeddings = 4096, rms_norm_eps = 1e-5, tie_word_embeddings = true,
    bos_token_id = 1, eos_token_id = 2,
  }, options)
end

return M
