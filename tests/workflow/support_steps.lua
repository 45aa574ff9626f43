--- A layer for the steps of chains: its weight, rows of an input whose channels belong together, and all
--- statistics of these rows.

local core = require "vise.core"
local inputs = require "vise.algorithms.inputs"
local layer_work = require "vise.algorithms.layer_work"
local methods = require "vise.algorithms.methods"
local quant_types = require "vise.quant_types"

local M = {}

--- Rows of input: mixed channels, some of them larger than others.
---@param rows integer
---@param channels integer
---@param seed integer
function M.rows(rows, channels, seed)
  local g = core.random(seed)
  local free, mix = g:normal { rows, channels }, g:normal { channels, channels }
  local x = core.matmul(free, mix)
  x:mul(0.5 / math.sqrt(channels), x)
  x:axpy(0.5, free, x)
  local loud = {}
  for j = 1, channels do loud[j] = j % 7 == 3 and 8 or 1 end
  return x:mul(core.tensor_of("f32", { channels }, loud))
end

local function statistic(kind, x)
  local _, channels = x:shape()
  local o <close> = core.observer(kind, { channels = channels })
  assert(o:update(x))
  return assert(o:result())
end

--- What calibration finds in some rows.
function M.statistics(x)
  return { span = statistic("channel_span", x), mean = statistic("mean", x), importance = statistic("importance", x),
    moments = core.moments(x, 1 / x:shape()), samples = x }
end

--- Of a weight, rows `x` or other `inputs`, a type, a name and a bias.
---@param fields table
---@return vise.LayerWork
function M.layer(fields)
  local type = quant_types.parse(fields.type or "int4_weight_only")
  local found = fields.inputs or fields.x and inputs.new(M.statistics(fields.x)) or inputs.new {}
  return layer_work.new(fields.weight, { name = fields.name or "layer", shape = { fields.weight:shape() }, type = type,
    storage = "bf16", bias = fields.bias, scheme = core.scheme(quant_types.scheme_args(type.weight, "bf16")) }, found)
end

--- A step with its options completed, as a configuration gives it.
---@param name string
---@param options? table
function M.step(name, options)
  local method = methods.of({ name = name, options = options }, "method")
  for _, step in ipairs(method.steps or { method }) do
    if step.name == name then return step end
  end
end

--- Runs a step that prepares.
function M.prepare(name, options, layers)
  local step = M.step(name, options)
  return step.prepare(layers, step.options)
end

--- The codes that a step makes of a layer.
function M.round(name, options, layer)
  local step = M.step(name, options)
  return step.round(layer, step.options)
end

--- A weight, rows of its input, and a layer of both.
function M.case(outputs, channels, type)
  local weight = core.random(7):normal { outputs, channels }
  weight:mul(0.1, weight)
  local x = M.rows(3 * channels, channels, 5)
  return M.layer { weight = weight, x = x, type = type }, weight, x
end

--- How far codes are from what is left to round: tr(D M D').
function M.loss(layer, coded)
  local delta = coded:decode()
  return layer:energy(delta:sub(layer.weight))
end

return M
