--- What functions expect of the model they are given: checked at their door, so that a failed open
--- (nil) or a model of another kind is named there and not somewhere inside.

local fail = require "vise.fail"

local M = {}

--- Raises E-MD-15 unless `model` can do what a function needs of it.
---@param model any
---@param where string   The function that got it, for the message.
---@param method string  What it needs: "layers" or "forward".
function M.model(model, where, method)
  if type(model) ~= "table" then
    fail.raise("E-MD-15", "%s takes a model, got %s", where,
      type(model) == "string" and ('the text "%s"'):format(model) or type(model))
  end
  if not model[method] then fail.raise("E-MD-15", "%s takes a model, got a table without %s", where, method) end
end

--- How many ids a language model takes.  Raises E-MD-15 for a model that takes none.
---@param model table
---@param where string  The function that got it, for the message.
---@return integer
function M.context(model, where)
  local context = model.settings and model.settings.max_position_embeddings
  if not context then
    fail.raise("E-MD-15", "%s takes a language model, this one is %s", where, tostring(model.family))
  end
  return context
end

return M
