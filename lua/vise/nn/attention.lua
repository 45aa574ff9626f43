--- Attention: several heads over one sequence each, with fewer key heads, rotary positions, a causal
--- mask and a cache where the model asks for them.  Queries and keys may be turned after the positions,
--- (q H)(k H)' = q k', so that the keys that a cache holds have no channels of large numbers (R3 of QuaRot).

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.Attention: vise.nn.Module
---@field q vise.nn.Linear
---@field k vise.nn.Linear
---@field v vise.nn.Linear
---@field out vise.nn.Linear
---@field heads integer
---@field kv_heads integer
---@field causal boolean
---@field theta? number  Base of the rotary positions; nil: none.
---@field turned? integer  Queries and keys are turned by a Hadamard matrix, in blocks of so many; nil: not.
local Attention = module.class "Attention"

---@class vise.nn.AttentionParts
---@field q vise.nn.Linear
---@field k vise.nn.Linear
---@field v vise.nn.Linear
---@field out vise.nn.Linear
---@field heads integer
---@field kv_heads? integer  As many as `heads` unless given.
---@field causal? boolean
---@field theta? number
---@field turned? integer  Divides the width of a head.

---@param name string
---@param parts vise.nn.AttentionParts
---@return vise.nn.Attention
function Attention.new(name, parts)
  return setmetatable({
    name = name, children = { parts.q, parts.k, parts.v, parts.out },
    q = parts.q, k = parts.k, v = parts.v, out = parts.out,
    heads = parts.heads, kv_heads = parts.kv_heads or parts.heads,
    causal = parts.causal or false, theta = parts.theta, turned = parts.turned,
  }, Attention)
end

local function attend(self, q, k, v, position)
  local y <close> = try(core.attention(q, k, v, {
    heads = self.heads, kv_heads = self.kv_heads, causal = self.causal, position = position,
  }))
  return self.out:forward(y)
end

-- A causal query sees no further than the positions held: it may be given all that there is room for.
local function attend_cached(self, q, cache, position)
  local keys <close> = self.causal and cache:all_keys() or cache:keys()
  local values <close> = self.causal and cache:all_values() or cache:values()
  return attend(self, q, keys, values, position)
end

--- Attends from queries to keys, those of a cache included, and puts the result through `out`.
---@param q vise.Tensor  [B, T, heads * size]; this and k are turned in place where they are to be.
---@param k vise.Tensor  [B, T, kv_heads * size]
---@param v vise.Tensor
---@param cache? vise.nn.CacheLayer  The keys and values are added to it.
---@return vise.Tensor
function Attention:attend(q, k, v, cache)
  if self.turned then
    try(core.hadamard(q, self.turned, nil, q))
    try(core.hadamard(k, self.turned, nil, k))
  end
  if not cache then return attend(self, q, k, v, 0) end
  local position = cache.length
  cache:append(k, v)
  return attend_cached(self, q, cache, position)
end

---@param x vise.Tensor              [B, T, D]
---@param cache? vise.nn.CacheLayer  What came before, B = 1; x is added to it.
---@return vise.Tensor
function Attention:forward(x, cache)
  local q <close> = self.q:forward(x)
  local k <close> = self.k:forward(x)
  local v <close> = self.v:forward(x)
  if self.theta then
    local position = cache and cache.length or 0
    try(core.rope(q, { heads = self.heads, theta = self.theta, position = position }, q))
    try(core.rope(k, { heads = self.kv_heads, theta = self.theta, position = position }, k))
  end
  return self:attend(q, k, v, cache)
end

return Attention
