--- FusedAttention: attention whose queries, keys and values are thirds of one layer's output.

local Attention = require "vise.nn.attention"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.FusedAttention: vise.nn.Module
---@field qkv vise.nn.Linear  Outputs queries, then keys, then values.
---@field out vise.nn.Linear
---@field heads integer
---@field causal boolean
---@field scale number  Of the scores, beside 1 / sqrt(head size).
---@field turned? integer  As of Attention.
local FusedAttention = module.class "FusedAttention"

---@param name string
---@param parts { qkv: vise.nn.Linear, out: vise.nn.Linear, heads: integer, causal?: boolean, scale?: number,
---  turned?: integer }
---@return vise.nn.FusedAttention
function FusedAttention.new(name, parts)
  return setmetatable({
    name = name, children = { parts.qkv, parts.out }, qkv = parts.qkv, out = parts.out,
    heads = parts.heads, kv_heads = parts.heads, causal = parts.causal or false, scale = parts.scale or 1,
    turned = parts.turned,
  }, FusedAttention)
end

-- Third `index` of rows [B T, 3 D], as [B, T, D].
local function third(rows, index, batch, count, width)
  local columns <close> = try(rows:columns((index - 1) * width + 1, index * width))
  local copy <close> = try(columns:copy())
  return try(copy:reshape { batch, count, width })
end

---@param x vise.Tensor              [B, T, D]
---@param cache? vise.nn.CacheLayer  What came before, B = 1; x is added to it.
---@return vise.Tensor
function FusedAttention:forward(x, cache)
  local fused <close> = self.qkv:forward(x)
  local batch, count, width = fused:shape()
  width = width // 3
  local rows <close> = try(fused:reshape { batch * count, 3 * width })
  local q <close> = third(rows, 1, batch, count, width)
  local k <close> = third(rows, 2, batch, count, width)
  local v <close> = third(rows, 3, batch, count, width)
  if self.scale ~= 1 then try(q:mul(self.scale, q)) end
  return Attention.attend(self, q, k, v, cache)
end

return FusedAttention
