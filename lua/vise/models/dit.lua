--- DiT: the class-conditional diffusion transformer, diffusers' DiTTransformer2DModel (Peebles and
--- Xie 2023, adaLN-Zero).

local Attention = require "vise.nn.attention"
local MLP = require "vise.nn.mlp"
local ModulatedNorm = require "vise.nn.modulated_norm"
local PatchEmbed = require "vise.nn.patch_embed"
local config_reader = require "vise.models.config"
local core = require "vise.core"
local fail = require "vise.fail"
local family = require "vise.models.family"
local module = require "vise.nn.module"

local try = fail.try

local TIMESTEP_WIDTH = 256 -- of the sinusoid that enters the conditioning
local NORM_EPS = 1e-6      -- of norm1 and at the output; norm_eps is that of the norm before the MLP
local MAX_POSITIONS = 1 << 27 -- patches times width: 512 MiB

--- Conditioning: what a block knows of the timestep and the class; each block has its own.
local Conditioning = module.class "Conditioning"

local function new_conditioning(name, weights, config, width)
  local time = name .. ".timestep_embedder."
  local self = {
    name = name,
    linear_1 = weights:linear(time .. "linear_1", width, TIMESTEP_WIDTH, true),
    linear_2 = weights:linear(time .. "linear_2", width, width, true),
    -- One class more than the config counts: the null class, for guidance.
    classes = weights:embedding(name .. ".class_embedder.embedding_table",
      config.num_embeds_ada_norm + 1, width),
  }
  self.children = { self.linear_1, self.linear_2, self.classes }
  return setmetatable(self, Conditioning)
end

--- silu(linear_2(silu(linear_1(waves))) + table[class]): [B, width]
function Conditioning:forward(waves, labels)
  local h <close> = self.linear_1:forward(waves)
  try(core.silu(h, h))
  local y = self.linear_2:forward(h)
  local class <close> = self.classes:forward(labels)
  try(y:add(class, y))
  return try(core.silu(y, y))
end

--- Block: modulated attention, then a modulated MLP, each added through its gate.
local Block = module.class "Block"

local function new_block(name, weights, config, width)
  local attn, ff, biased = name .. ".attn1", name .. ".ff", config.attention_bias
  local self = {
    name = name,
    width = width,
    conditioning = new_conditioning(name .. ".norm1.emb", weights, config, width),
    linear = weights:linear(name .. ".norm1.linear", 6 * width, width, true),
    norm1 = ModulatedNorm.new(name .. ".norm1.norm", NORM_EPS),
    attn1 = Attention.new(attn, {
      heads = config.num_attention_heads,
      q = weights:linear(attn .. ".to_q", width, width, biased),
      k = weights:linear(attn .. ".to_k", width, width, biased),
      v = weights:linear(attn .. ".to_v", width, width, biased),
      out = weights:linear(attn .. ".to_out.0", width, width, true),
    }),
    norm3 = ModulatedNorm.new(name .. ".norm3", config.norm_eps),
    ff = MLP.new(ff,
      weights:linear(ff .. ".net.0.proj", 4 * width, width, true),
      weights:linear(ff .. ".net.2", width, 4 * width, true), "tanh"),
  }
  self.children = { self.conditioning, self.linear, self.norm1, self.attn1, self.norm3, self.ff }
  return setmetatable(self, Block)
end

-- The `index`-th of the equal slices that a modulation [B, n * width] consists of.
local function slice(modulation, index, width)
  return try(modulation:columns((index - 1) * width + 1, index * width))
end

-- x + gate * part(modulated norm of x), in place; `first` is the slice of the shift, then come scale
-- and gate.
local function add_branch(x, norm, part, modulation, first, width)
  local shift <close> = slice(modulation, first, width)
  local scale <close> = slice(modulation, first + 1, width)
  local gate <close> = slice(modulation, first + 2, width)
  local h <close> = norm:forward(x, shift, scale)
  local y <close> = part:forward(h)
  try(core.gated_add(x, y, gate, x))
end

--- Changes x [B, T, width] in place.
function Block:forward(x, waves, labels)
  local c <close> = self.conditioning:forward(waves, labels)
  local modulation <close> = self.linear:forward(c)
  add_branch(x, self.norm1, self.attn1, modulation, 1, self.width)
  add_branch(x, self.norm3, self.ff, modulation, 4, self.width)
end

local SIZE = config_reader.MAX_SIZE
local fields = {
  { "num_attention_heads",       "integer", min = 1, max = SIZE },
  { "attention_head_dim",        "integer", min = 1, max = SIZE },
  { "in_channels",               "integer", min = 1, max = SIZE },
  { "out_channels",              "integer", min = 1, max = SIZE, optional = true },
  { "num_layers",                "integer", min = 1, max = 4096 },
  { "attention_bias",            "boolean", default = true },
  { "sample_size",               "integer", min = 1, max = 4096 },
  { "patch_size",                "integer", min = 1, max = 4096 },
  { "activation_fn",             "string",  default = "gelu-approximate", one_of = { "gelu-approximate" } },
  { "num_embeds_ada_norm",       "integer", min = 1, max = SIZE },
  { "norm_type",                 "string",  default = "ada_norm_zero", one_of = { "ada_norm_zero" } },
  { "norm_elementwise_affine",   "boolean", default = false, one_of = { false } },
  { "norm_eps",                  "number",  min = 0, max = 1, default = 1e-5 },
}

local function check(s)
  s.out_channels = s.out_channels or s.in_channels
  local width = s.num_attention_heads * s.attention_head_dim
  if width % 4 ~= 0 or width > SIZE then
    return ('%d heads of %d make a width of %d, expected a multiple of 4 up to %d'):format(
      s.num_attention_heads, s.attention_head_dim, width, SIZE)
  end
  if s.sample_size % s.patch_size ~= 0 then
    return ('"patch_size" %d does not divide "sample_size" %d'):format(s.patch_size, s.sample_size)
  end
  local patches = (s.sample_size // s.patch_size) ^ 2
  if patches * width > MAX_POSITIONS then
    return ("%d patches of width %d are more than this program takes: %d numbers"):format(patches, width,
      MAX_POSITIONS)
  end
end

local function build(settings, weights)
  local width, patch = settings.num_attention_heads * settings.attention_head_dim, settings.patch_size
  local pos_embed = PatchEmbed.new("pos_embed",
    weights:tensor("pos_embed.proj.weight", { width, settings.in_channels, patch, patch }),
    weights:tensor("pos_embed.proj.bias", { width }),
    { patch = patch, grid = settings.sample_size // patch, width = width })
  local self = { children = { pos_embed }, pos_embed = pos_embed, blocks = {} }
  for i = 1, settings.num_layers do
    self.blocks[i] = new_block(("transformer_blocks.%d"):format(i - 1), weights, settings, width)
    self.children[i + 1] = self.blocks[i]
  end
  self.proj_out_1 = weights:linear("proj_out_1", 2 * width, width, true)
  self.norm_out = ModulatedNorm.new("norm_out", NORM_EPS)
  self.proj_out_2 = weights:linear("proj_out_2", patch * patch * settings.out_channels, width, true)
  table.move({ self.proj_out_1, self.norm_out, self.proj_out_2 }, 1, 3, #self.children + 1, self.children)
  self.width, self.null_class = width, settings.num_embeds_ada_norm
  return self
end

-- The layers that are quantized unless a plan says otherwise: attention and MLP of every block.
local function default_layers(self)
  local names = {}
  for _, block in ipairs(self.blocks) do
    for _, part in ipairs { block.attn1, block.ff } do
      for _, layer in ipairs(part:layers()) do names[#names + 1] = layer.name end
    end
  end
  return names
end

local function finish(self, x, waves, labels)
  local s = self.settings
  local c <close> = self.blocks[1].conditioning:forward(waves, labels)
  local modulation <close> = self.proj_out_1:forward(c)
  local shift <close> = slice(modulation, 1, self.width)
  local scale <close> = slice(modulation, 2, self.width)
  local h <close> = self.norm_out:forward(x, shift, scale)
  local y <close> = self.proj_out_2:forward(h)
  return try(core.unpatchify(y, {
    channels = s.out_channels, height = s.sample_size, width = s.sample_size, patch = s.patch_size,
  }))
end

-- One value for each image of the batch, from one number or a tensor.
local function per_image(value, dtype, batch, what)
  if math.type(value) then
    local values = {}
    for i = 1, batch do values[i] = value end
    return try(core.tensor_of(dtype, { batch }, values))
  end
  if type(value) ~= "userdata" then
    fail.raise("E-MD-12", "the %s are a %s, expected a number or a tensor", what, type(value))
  end
  if #value ~= batch then fail.raise("E-MD-12", "%d %s for %d images", #value, what, batch) end
  return try(value:reshape { batch })
end

-- Checks what a forward is given and makes tensors of it.
local function inputs_of(self, sample, timestep, class_labels)
  local s = self.settings
  if type(sample) ~= "userdata" then fail.raise("E-MD-12", "sample is a %s, expected a tensor", type(sample)) end
  local batch, channels, height, width = sample:shape()
  if channels ~= s.in_channels or height ~= s.sample_size or width ~= s.sample_size then
    fail.raise("E-MD-12", "sample is %s, expected f32 Bx%dx%dx%d", sample, s.in_channels,
      s.sample_size, s.sample_size)
  end
  return {
    sample = try(sample:reshape { batch, channels, height, width }),
    timestep = per_image(timestep, "f32", batch, "timesteps"),
    class_labels = per_image(class_labels, "i64", batch, "class labels"),
  }
end

-- The forward of checked inputs.
local chain = {}

function chain.start(self, inputs)
  local labels = try(inputs.class_labels:reshape { #inputs.class_labels })
  local waves = try(core.sinusoid(inputs.timestep, {
    dim = TIMESTEP_WIDTH, cos_first = true, shift = 1, max_period = 10000,
  }))
  return { x = self.pos_embed:forward(inputs.sample), waves = waves, labels = labels }
end

function chain.step(self, index, state)
  self.blocks[index]:forward(state.x, state.waves, state.labels)
end

function chain.finish(self, state)
  return finish(self, state.x, state.waves, state.labels)
end

---@class vise.models.DiT: vise.nn.Module
---@field family "dit"
---@field config table            config.json, decoded
---@field settings table          What of it the model uses, checked.
---@field checkpoint vise.Checkpoint
---@field null_class integer      The class that stands for "any", for guidance.
---@field forward fun(self: vise.models.DiT, sample: vise.Tensor, timestep: vise.Tensor|number,
---  class_labels: vise.Tensor|integer): vise.Tensor?, string?, string?  Predicts from noisy images: f32
---  [B, C, H, W], f32 [B] or one number for all, i64 [B] from 0 or one for all -> f32 [B, out_channels, H, W]

return family.define {
  family = "dit", names = { "DiTTransformer2DModel" }, settings = fields, check = check,
  blocks = { "transformer_blocks.", "num_layers" }, build = build, default_layers = default_layers,
  takes = { "sample", "timestep", "class_labels" }, inputs = inputs_of, chain = chain,
  close = function(self) self.pos_embed:close() end,
}
