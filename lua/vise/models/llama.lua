--- Llama: the decoder of transformers' LlamaForCausalLM: RMSNorm, grouped-query attention with
--- half-split rotary positions, SwiGLU, tied or separate output head.

local Attention = require "vise.nn.attention"
local GatedMLP = require "vise.nn.gated_mlp"
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

local function new_block(name, weights, s)
  local attn, mlp, hidden, kv = name .. ".self_attn", name .. ".mlp", s.hidden_size, s.kv_width
  local self = {
    name = name,
    input_norm = RMSNorm.new(name .. ".input_layernorm",
      weights:tensor(name .. ".input_layernorm.weight", { hidden }), s.rms_norm_eps),
    attention = Attention.new(attn, {
      heads = s.num_attention_heads, kv_heads = s.num_key_value_heads, causal = true, theta = s.rope_theta,
      turned = s.qk_rotation,
      q = weights:linear(attn .. ".q_proj", s.q_width, hidden, s.attention_bias),
      k = weights:linear(attn .. ".k_proj", kv, hidden, s.attention_bias),
      v = weights:linear(attn .. ".v_proj", kv, hidden, s.attention_bias),
      out = weights:linear(attn .. ".o_proj", hidden, s.q_width, s.attention_bias),
    }),
    post_norm = RMSNorm.new(name .. ".post_attention_layernorm",
      weights:tensor(name .. ".post_attention_layernorm.weight", { hidden }), s.rms_norm_eps),
    mlp = GatedMLP.new(mlp,
      weights:linear(mlp .. ".gate_proj", s.intermediate_size, hidden, s.mlp_bias),
      weights:linear(mlp .. ".up_proj", s.intermediate_size, hidden, s.mlp_bias),
      weights:linear(mlp .. ".down_proj", hidden, s.intermediate_size, s.mlp_bias)),
  }
  self.children = { self.input_norm, self.attention, self.post_norm, self.mlp }
  return setmetatable(self, Block)
end

local function add_branch(x, norm, part, cache)
  local h <close> = norm:forward(x)
  local y <close> = part:forward(h, cache)
  try(x:add(y, x))
end

--- Changes x [B, T, hidden] in place.
function Block:forward(x, cache)
  add_branch(x, self.input_norm, self.attention, cache)
  add_branch(x, self.post_norm, self.mlp)
end

local SIZE = config_reader.MAX_SIZE
local fields = {
  { "hidden_size",             "integer", min = 1, max = SIZE },
  { "intermediate_size",       "integer", min = 1, max = SIZE },
  { "num_hidden_layers",       "integer", min = 1, max = 4096 },
  { "num_attention_heads",     "integer", min = 1, max = SIZE },
  { "num_key_value_heads",     "integer", min = 1, max = SIZE, optional = true },
  { "head_dim",                "integer", min = 1, max = SIZE, optional = true },
  { "vocab_size",              "integer", min = 1, max = SIZE },
  { "max_position_embeddings", "integer", min = 1, max = 1 << 24 },
  { "rms_norm_eps",            "number",  min = 0, max = 1 },
  { "rope_theta",              "number",  min = 1, max = 1e12, default = 10000 },
  { "hidden_act",              "string",  default = "silu", one_of = { "silu" } },
  { "attention_bias",          "boolean", default = false },
  { "mlp_bias",                "boolean", default = false },
  { "tie_word_embeddings",     "boolean", default = false },
  { "bos_token_id",            "integer", min = 0, max = SIZE, optional = true },
}

-- Sizes that have to divide one another, and the widths that follow.
local function complete(s)
  s.num_key_value_heads = s.num_key_value_heads or s.num_attention_heads
  if not s.head_dim and s.hidden_size % s.num_attention_heads ~= 0 then
    return ('"num_attention_heads" %d does not divide "hidden_size" %d'):format(
      s.num_attention_heads, s.hidden_size)
  end
  if s.num_attention_heads % s.num_key_value_heads ~= 0 then
    return ('"num_key_value_heads" %d does not divide "num_attention_heads" %d'):format(
      s.num_key_value_heads, s.num_attention_heads)
  end
  s.head_dim = s.head_dim or s.hidden_size // s.num_attention_heads
  s.q_width, s.kv_width = s.num_attention_heads * s.head_dim, s.num_key_value_heads * s.head_dim
  if s.head_dim % 2 ~= 0 then return ("heads of %d, rotary positions turn pairs"):format(s.head_dim) end
  if s.q_width > SIZE then
    return ("%d heads of %d make a width of %d, expected at most %d"):format(
      s.num_attention_heads, s.head_dim, s.q_width, SIZE)
  end
end

-- What a config says of its rotary positions, in the older place and the newer one: the base, if it
-- stands there, and the kind.
local function rope_of(config)
  local theta, kind = nil, "default"
  for _, key in ipairs { "rope_scaling", "rope_parameters" } do
    local found = config[key]
    if type(found) == "table" then
      theta = theta or found.rope_theta
      if kind == "default" then kind = tostring(found.rope_type or found.type) end
    elseif found ~= nil and found ~= core.null then
      kind = tostring(found)
    end
  end
  return theta, kind
end

-- Reads a config.json of this family.
local function settings_of(config, path)
  local theta, rope = rope_of(config)
  if rope ~= "default" then
    return fail.fail("E-MD-05", "%s: rotary positions of kind %q, this program computes \"default\"", path, rope)
  end
  local settings, message, id = config_reader.read(config, fields, path, { rope_theta = theta })
  if not settings then return nil, message, id end
  local problem = complete(settings)
  if problem then return fail.fail("E-MD-10", "%s: %s", path, problem) end
  return causal.with_stops(settings, config, path)
end

local function build(settings, weights)
  local hidden, vocabulary = settings.hidden_size, settings.vocab_size
  local embedding = weights:embedding("model.embed_tokens", vocabulary, hidden)
  local norm = RMSNorm.new("model.norm", weights:tensor("model.norm.weight", { hidden }),
    settings.rms_norm_eps)
  local self = { children = { embedding }, blocks = {} }
  for i = 1, settings.num_hidden_layers do
    self.blocks[i] = new_block(("model.layers.%d"):format(i - 1), weights, settings)
    self.children[i + 1] = self.blocks[i]
  end
  self.embedding, self.norm = embedding, norm
  self.children[#self.children + 1] = norm
  if not settings.tie_word_embeddings then
    self.head = weights:linear("lm_head", vocabulary, hidden, false)
    self.children[#self.children + 1] = self.head
  end
  return self
end

local function logits_of(self, x)
  local h <close> = self.norm:forward(x)
  if self.head then return self.head:forward(h) end
  return try(core.linear(h, self.embedding.weight))
end

-- The forward of checked inputs.
local chain = {}

function chain.start(self, inputs)
  return { x = self.embedding:forward(inputs.ids) }
end

function chain.step(self, index, state, options)
  local cache = options and options.cache
  self.blocks[index]:forward(state.x, cache and cache.layers[index])
end

function chain.finish(self, state, options)
  if not (options and options.last) then return logits_of(self, state.x) end
  local last <close> = causal.last_position(state.x)
  return logits_of(self, last)
end

local ATTENTION, MLP = "model.layers.*.self_attn.", "model.layers.*.mlp."

local stream = {
  width = "hidden_size",
  embeddings = { "model.embed_tokens" },
  writers = { ATTENTION .. "o_proj", MLP .. "down_proj" },
  readers = {
    ["model.layers.*.input_layernorm"] = { ATTENTION .. "q_proj", ATTENTION .. "k_proj", ATTENTION .. "v_proj" },
    ["model.layers.*.post_attention_layernorm"] = { MLP .. "gate_proj", MLP .. "up_proj" },
    ["model.norm"] = { "lm_head" },
  },
  head = { "lm_head", tied = "tie_word_embeddings" },
  values = { from = ATTENTION .. "v_proj", to = ATTENTION .. "o_proj" },
  heads = "head_dim",
  keys = "qk_rotation",
  settings = { { "tie_word_embeddings", "boolean" }, { "qk_rotation", "integer", min = 0, max = SIZE } },
}

---@class vise.models.Llama: vise.nn.Module
---@field family "llama"
---@field config table            config.json, decoded
---@field settings table          What of it the model uses, checked.
---@field checkpoint vise.Checkpoint
---@field forward fun(self: vise.models.Llama, ids: vise.Tensor|integer[], options?: vise.CausalOptions):
---  vise.Tensor?, string?, string?  Predicts what follows each id: i64 or i32 [B, T] or [T], from 0 -> logits,
---  f32 [B, T, vocabulary]
local Llama = family.define {
  family = "llama", names = { "LlamaForCausalLM", "llama" }, settings = settings_of,
  blocks = { "model.layers.", "num_hidden_layers" }, build = build, takes = { "ids" }, inputs = causal.inputs,
  workload = "language",
  chain = chain, stream = stream,
}

causal.extend(Llama, "kv_width")

return Llama
