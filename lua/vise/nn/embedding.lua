--- Embedding: a row of a table for each id.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.Embedding: vise.nn.Module
---@field weight vise.Tensor  [ids, width]
local Embedding = module.class "Embedding"

---@param name string
---@param weight vise.Tensor
---@return vise.nn.Embedding
function Embedding.new(name, weight)
  return setmetatable({ name = name, children = {}, weight = weight }, Embedding)
end

---@param ids vise.Tensor  i32 or i64, from 0
---@return vise.Tensor     f32 [..., width]
function Embedding:forward(ids)
  return try(core.embedding(self.weight, ids))
end

return Embedding
