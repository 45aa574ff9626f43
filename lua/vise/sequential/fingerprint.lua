--- What a journal is of: hashes by name, so that a refusal can say what differs.

local config = require "vise.config"
local core = require "vise.core"
local try = require("vise.fail").try
local version = require "vise.version"

local M = {}

local ELSEWHERE = { save_to = true, verbose = true } -- what changes nothing in the layers

-- A hash of plain data: JSON has one order of keys.
local function hash(plain)
  return core.xxh3(assert(core.json_encode(plain)))
end

local function config_of(cfg)
  local plain = {}
  for key, value in pairs(config.plain(cfg)) do
    if not ELSEWHERE[key] then plain[key] = value end
  end
  if plain.calibration then plain.calibration.work = nil end
  return plain
end

-- Every layer with all that decides how it is made.
local function plan_of(plan)
  local layers = core.array {}
  for i, layer in ipairs(plan.layers) do
    local t = layer.type
    layers[i] = { name = layer.name, shape = core.array(layer.shape), storage = layer.storage, type = t and t.name,
      smooth = t and t.smooth, rank = t and t.rank, method = t and t.method.name }
  end
  return { mode = plan.mode, layers = layers }
end

--- The fingerprint of a target, without the data.
---@param target vise.Target
---@return table<string, string>
function M.of(target)
  local model = target.model
  local backend, blas = core.backend()
  return {
    plan = hash(plan_of(target.plan)),
    config = hash(config_of(target.cfg)),
    model = hash { family = model.family, identity = try(model.checkpoint:identity()),
      transforms = model.transforms },
    vise = version,
    numerics = hash { backend = backend, blas = blas, matmul = core.matmul_rule() },
  }
end

return M
