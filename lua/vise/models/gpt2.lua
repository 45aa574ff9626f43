--- GPT-2: the decoder of transformers' GPT2LMHeadModel: LayerNorm, queries, keys and values in one layer,
--- learned positions, a GELU between two linear layers, usually with the embedding as output head.
---
--- Its layers are Conv1D: weights lie [inputs, outputs] in the file.  Names are those of the file, with
--- `transformer.` in front or without.

local FusedAttention = require "vise.nn.fused_attention"
local LayerNorm = require "vise.nn.layer_norm"
local MLP = require "vise.nn.mlp"
local RMSNorm = require "vise.nn.rms_norm"
local causal = require "vise.models.causal"
local config_reader = require "vise.models.config"
local core = require "vise.core"
local fail = require "vise.fail"
local family = require "vise.models.family"
local module = require "vise.nn.module"

local try = fail.try

--- Block: x + attention(norm(x)), then x + mlp(norm(x)).
local Block = module.class "Block"

-- A norm: RMSNorm once a transform has taken the mean out of the stream and the shift into the layers.
local function new_norm(name, weights, s)
  local weight, bias = weights:tensor(name .. ".weight", { s.n_embd }), weights:tensor(name .. ".bias", { s.n_embd })
  if s.norm == "rms" then return RMSNorm.new(name, weight, s.layer_norm_epsilon) end
  return LayerNorm.new(name, weight, bias, s.layer_norm_epsilon)
end

-- What scores are multiplied by, beside 1 / sqrt(head size), in block `index` from 0.
local function score_scale(s, index)
  local scale = s.scale_attn_weights and 1 or math.sqrt(s.head_dim)
  return s.scale_attn_by_inverse_layer_idx and scale / (index + 1) or scale
end

local function new_block(name, index, weights, s)
  local width = s.n_embd
  local self = {
    name = name,
    norm_1 = new_norm(name .. ".ln_1", weights, s),
    attention = FusedAttention.new(name .. ".attn", {
      qkv = weights:conv1d(name .. ".attn.c_attn", 3 * width, width, true),
      out = weights:conv1d(name .. ".attn.c_proj", width, width, true),
      heads = s.n_head, causal = true, scale = score_scale(s, index), turned = s.qk_rotation,
    }),
    norm_2 = new_norm(name .. ".ln_2", weights, s),
    mlp = MLP.new(name .. ".mlp", weights:conv1d(name .. ".mlp.c_fc", s.n_inner, width, true),
      weights:conv1d(name .. ".mlp.c_proj", width, s.n_inner, true), s.gelu),
  }
  self.children = { self.norm_1, self.attention, self.norm_2, self.mlp }
  return setmetatable(self, Block)
end

local function add_branch(x, norm, part, cache)
  local h <close> = norm:forward(x)
  local y <close> = part:forward(h, cache)
  try(x:add(y, x))
end

--- Changes x [B, T, width] in place.
function Block:forward(x, cache)
  add_branch(x, self.norm_1, self.attention, cache)
  add_branch(x, self.norm_2, self.mlp)
end

-- What a config calls the two forms of GELU.
local gelus = { gelu = "erf", gelu_python = "erf", gelu_new = "tanh", gelu_fast = "tanh", gelu_pytorch_tanh = "tanh" }
local gelu_names = { "gelu_new", "gelu", "gelu_pytorch_tanh", "gelu_fast", "gelu_python" }

local SIZE = config_reader.MAX_SIZE
local fields = {
  { "n_embd",                          "integer", min = 1, max = SIZE },
  { "n_layer",                         "integer", min = 1, max = 4096 },
  { "n_head",                          "integer", min = 1, max = SIZE },
  { "n_inner",                         "integer", min = 1, max = SIZE, optional = true },
  { "n_positions",                     "integer", min = 1, max = SIZE, default = 1024 },
  { "vocab_size",                      "integer", min = 1, max = SIZE },
  { "layer_norm_epsilon",              "number",  min = 0, max = 1, default = 1e-5 },
  { "activation_function",             "string",  default = "gelu_new", one_of = gelu_names },
  { "scale_attn_weights",              "boolean", default = true },
  { "scale_attn_by_inverse_layer_idx", "boolean", default = false },
  { "reorder_and_upcast_attn",         "boolean", default = false }, -- the same numbers: attention is in f32
  { "add_cross_attention",             "boolean", default = false, one_of = { false } },
  { "tie_word_embeddings",             "boolean", default = true },
  { "bos_token_id",                    "integer", min = 0, max = SIZE, optional = true },
}

-- Reads a config.json of this family.
local function settings_of(config, path)
  local s, message, id = config_reader.read(config, fields, path)
  if not s then return nil, message, id end
  if s.n_embd % s.n_head ~= 0 then
    return fail.fail("E-MD-10", '%s: "n_head" %d does not divide "n_embd" %d', path, s.n_head, s.n_embd)
  end
  s.n_inner = s.n_inner or 4 * s.n_embd
  if 3 * s.n_embd > SIZE or s.n_inner > SIZE then
    return fail.fail("E-MD-10", '%s: "n_embd" %d makes a layer wider than %d', path, s.n_embd, SIZE)
  end
  s.head_dim, s.max_position_embeddings = s.n_embd // s.n_head, s.n_positions
  s.gelu, s.norm = gelus[s.activation_function], "layer"
  return causal.with_stops(s, config, path)
end

local PREFIX = "transformer."

-- Who writes the residual stream and who reads it, for names with `prefix`.
local function stream_of(prefix)
  local block = prefix .. "h.*."
  return {
    width = "n_embd", norm = "norm",
    embeddings = { prefix .. "wte", prefix .. "wpe" },
    writers = { block .. "attn.c_proj", block .. "mlp.c_proj" },
    readers = {
      [block .. "ln_1"] = { block .. "attn.c_attn" }, [block .. "ln_2"] = { block .. "mlp.c_fc" },
      [prefix .. "ln_f"] = { "lm_head" },
    },
    head = { "lm_head", tied = "tie_word_embeddings" },
    values = { from = block .. "attn.c_attn", to = block .. "attn.c_proj", part = { 3, 3 } },
    heads = "head_dim", keys = "qk_rotation",
    transposed = { block .. "attn.c_attn", block .. "attn.c_proj", block .. "mlp.c_fc", block .. "mlp.c_proj" },
    settings = { { "norm", "string", one_of = { "layer", "rms" } }, { "tie_word_embeddings", "boolean" },
      { "qk_rotation", "integer", min = 0, max = SIZE } },
  }
end

local function build(settings, weights)
  local prefix = weights:info(PREFIX .. "wte.weight") and PREFIX or ""
  local embedding = weights:embedding(prefix .. "wte", settings.vocab_size, settings.n_embd)
  local positions = weights:embedding(prefix .. "wpe", settings.n_positions, settings.n_embd)
  local self = { children = { embedding, positions }, blocks = {}, prefix = prefix, stream = stream_of(prefix) }
  for i = 1, settings.n_layer do
    self.blocks[i] = new_block(("%sh.%d"):format(prefix, i - 1), i - 1, weights, settings)
    self.children[i + 2] = self.blocks[i]
  end
  self.embedding, self.positions = embedding, positions
  self.norm = new_norm(prefix .. "ln_f", weights, settings)
  self.children[#self.children + 1] = self.norm
  if not settings.tie_word_embeddings then
    -- The shift of the last norm, once a transform has fused it.
    local biased = weights:info "lm_head.bias" ~= nil
    self.head = weights:linear("lm_head", settings.vocab_size, settings.n_embd, biased)
    self.children[#self.children + 1] = self.head
  end
  return self
end

local chain = {}

function chain.start(self, inputs, options)
  local cache = options and options.cache
  local x = self.embedding:forward(inputs.ids)
  try(core.add_positions(x, self.positions.weight, { position = cache and cache:length() or 0 }, x))
  return { x = x }
end

function chain.step(self, index, state, options)
  local cache = options and options.cache
  self.blocks[index]:forward(state.x, cache and cache.layers[index])
end

local function logits_of(self, x)
  local h <close> = self.norm:forward(x)
  if self.head then return self.head:forward(h) end
  return try(core.linear(h, self.embedding.weight))
end

function chain.finish(self, state, options)
  if not (options and options.last) then return logits_of(self, state.x) end
  local last <close> = causal.last_position(state.x)
  return logits_of(self, last)
end

---@class vise.models.GPT2: vise.nn.Module
---@field family "gpt2"
---@field config table            config.json, decoded
---@field settings table          What of it the model uses, checked.
---@field checkpoint vise.Checkpoint
---@field forward fun(self: vise.models.GPT2, ids: vise.Tensor|integer[], options?: vise.CausalOptions):
---  vise.Tensor?, string?, string?  Predicts what follows each id: i64 or i32 [B, T] or [T], from 0 -> logits,
---  f32 [B, T, vocabulary]
local GPT2 = family.define {
  family = "gpt2", names = { "GPT2LMHeadModel", "gpt2" }, settings = settings_of,
  blocks = { PREFIX .. "h.", "n_layer" }, build = build, takes = { "ids" }, inputs = causal.inputs,
  workload = "language",
  chain = chain, stream = stream_of(PREFIX),
}

--- The prefix of the blocks' names in this file, and how many there are.
function GPT2:repeated()
  return self.prefix .. "h.", self.settings.n_layer
end

causal.extend(GPT2, "n_embd")

return GPT2
