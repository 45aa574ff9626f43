--- Modules: the parts that models are made of, and the quantized layer that takes a Linear's place.

return {
  Attention = require "vise.nn.attention",
  Conv1D = require "vise.nn.conv1d",
  Embedding = require "vise.nn.embedding",
  FusedAttention = require "vise.nn.fused_attention",
  GatedMLP = require "vise.nn.gated_mlp",
  LayerNorm = require "vise.nn.layer_norm",
  Linear = require "vise.nn.linear",
  MLP = require "vise.nn.mlp",
  ModulatedNorm = require "vise.nn.modulated_norm",
  PatchEmbed = require "vise.nn.patch_embed",
  RMSNorm = require "vise.nn.rms_norm",
  cache = require "vise.nn.cache",
  class = require("vise.nn.module").class,
  quantized_linear = require "vise.nn.quantized_linear",
}
