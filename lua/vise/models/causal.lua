--- What causal language models have in common: ids in, logits out, a cache of what came before, ids that
--- end a text.

local Cache = require "vise.nn.cache"
local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

---@class vise.CausalOptions
---@field cache? vise.nn.Cache  What came before; the ids are added to it.
---@field last? boolean         Only the logits after the last id: [B, 1, vocabulary].

-- Ids as an integer tensor [B, T]; a list of ids is one sequence.
local function as_ids(ids)
  if type(ids) == "table" then return try(core.tensor_of("i64", { 1, #ids }, ids)) end
  local rank = select("#", ids:shape())
  if rank > 2 or rank == 0 then fail.raise("E-MD-12", "ids are %s, expected [T] or [B, T]", ids) end
  return try(ids:reshape { rank == 1 and 1 or #ids, -1 })
end

--- Checks what a forward is given and makes tensors of it.
---@param model table
---@param ids vise.Tensor|integer[]
---@param options? vise.CausalOptions
---@return { ids: vise.Tensor }
function M.inputs(model, ids, options)
  local cache = options and options.cache
  local inputs = { ids = as_ids(ids) }
  model:check_length(cache and cache:length() or 0, select(2, inputs.ids:shape()))
  return inputs
end

--- The last position of x [B, T, D] for each of the batch: [B, 1, D].
---@param x vise.Tensor
---@return vise.Tensor
function M.last_position(x)
  local batch, count, width = x:shape()
  local rows <close> = try(x:reshape { batch, count * width })
  local columns <close> = try(rows:columns((count - 1) * width + 1, count * width))
  local copy <close> = try(columns:copy())
  return try(copy:reshape { batch, 1, width })
end

-- The ids that end a text: one, several or none.
local function stop_ids(config)
  local eos = config.eos_token_id
  if eos == nil or eos == core.null then return {} end
  local ids = {}
  for i, id in ipairs(type(eos) == "table" and eos or { eos }) do
    ids[i] = type(id) == "number" and math.tointeger(id)
    if not ids[i] then return nil end
  end
  return ids
end

--- Adds to a model's settings the ids that end a text: `eos`, a list.
---@param settings table
---@param config table
---@param path string
---@return table? settings
---@return string? message
---@return string? id
function M.with_stops(settings, config, path)
  settings.eos = stop_ids(config)
  if settings.eos then return settings end
  return fail.fail("E-MD-04", '%s: "eos_token_id" is neither an integer nor a list of them', path)
end

--- Gives a class of causal models its cache and the check of lengths.  Its settings have
--- max_position_embeddings, its models `blocks`.
---@param class table
---@param width string  The setting with the width of one key.
function M.extend(class, width)
  --- Makes an empty cache for one sequence.
  ---@param capacity? integer  Positions; the model's whole context if not given.
  ---@return vise.nn.Cache? cache
  ---@return string? message
  ---@return string? id
  function class:cache(capacity)
    local s = self.settings
    return fail.catch(Cache.new, #self.blocks, capacity or s.max_position_embeddings, s[width])
  end

  --- Raises E-MD-12 unless `count` ids after `held` fit the model's context.
  ---@param held integer
  ---@param count integer
  function class:check_length(held, count)
    local most = self.settings.max_position_embeddings
    if count == 0 then fail.raise("E-MD-12", "no ids to run on") end
    if held + count > most then
      fail.raise("E-MD-12", "%d ids after %d, the model's context is %d", count, held, most)
    end
  end
end

return M
