--- Compiled execution: traces one forward of a model, takes out what need not run, fuses what can be
--- computed together, plans the memory, and replays the rest without allocating.

local Compiled = require "vise.compile.compiled"
local Program = require "vise.compile.program"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local fuse = require "vise.compile.fuse"
local new_inputs = require "vise.models.inputs"
local simplify = require "vise.compile.simplify"
local trace = require "vise.compile.trace"

local M = {}

local try = fail.try

-- The layers as they are now.  What hooks do is not part of a graph.
local function layers_of(model)
  if rawget(model, "recording") then
    fail.raise("E-CP-04", "the forwards of the model are recorded, for a calibration block by block; a compiled "
      .. "model's would not be")
  end
  local list = {}
  for i, layer in ipairs(model.kind == "Linear" and { model } or model.layers and model:layers() or {}) do
    if #layer.hooks > 0 then
      fail.raise("E-CP-04", "%s has a hook, which a compiled model does not call", layer.name)
    end
    list[i] = { layer = layer, quantized = layer.quantized }
  end
  return list
end

local function weight_bytes(layers)
  local bytes = 0
  for _, entry in ipairs(layers) do
    local layer, q = entry.layer, entry.quantized
    bytes = bytes + (q and q:bytes() or layer.weight:bytes() + (layer.bias and layer.bias:bytes() or 0))
  end
  return bytes
end

-- The inputs of a model by name, how to compute from them, the names in the order of the arguments, and the
-- cache among the options.
local function of_model(model, ...)
  local rest = table.pack(select(#model.takes + 1, ...))
  local inputs = model:inputs(...)
  local function run() return model:compute(inputs, table.unpack(rest, 1, rest.n)) end
  return inputs, run, model.takes, type(rest[1]) == "table" and rest[1].cache or nil
end

-- The same for a part of a model, or one whose forward takes tensors as they are.
local function of_module(model, ...)
  local tensors, names, given = {}, {}, { ... }
  for i, x in ipairs(given) do
    if type(x) ~= "userdata" then
      fail.raise("E-CP-05", "argument %d is a %s, expected a tensor", i, type(x))
    end
    names[i] = ("argument %d"):format(i)
    tensors[names[i]] = try(x:copy())
    given[i] = tensors[names[i]]
  end
  return new_inputs(tensors), function() return try(model:forward(table.unpack(given))) end, names
end

-- Operators that compute: views are made once.
local function count(graph)
  local operators = 0
  for _, op in ipairs(graph.ops) do operators = operators + (op.result.view_of and 0 or 1) end
  return operators
end

-- Takes the graph through all passes.
local function optimize(graph, facts)
  simplify.drop_unused(graph)
  facts.traced = count(graph)
  simplify.fold(graph)
  facts.constant = facts.traced - count(graph)
  facts.shared = simplify.share(graph)
  facts.fused = fuse.fuse(graph)
  simplify.drop_unused(graph)
  simplify.convert_vectors(graph)
  simplify.close_unused(graph)
end

-- Traces a forward; a cache is as long after it as before.
local function trace_with(cache, ...)
  if not cache then return trace.trace(...) end
  local length = cache:length()
  local ok, result = pcall(trace.trace, ...)
  cache:hold(length)
  if not ok then error(result, 0) end
  return result
end

local function places_of(cache)
  local places = {}
  for _, layer in ipairs(cache and cache.layers or {}) do
    places[#places + 1] = layer.k
    places[#places + 1] = layer.v
  end
  return places
end

local function compile(model, ...)
  expect.model(model, "compile", "forward")
  local layers = layers_of(model)
  local inputs <close>, run, names, cache = (model.takes and of_model or of_module)(model, ...)
  local list = {}
  for i, name in ipairs(names) do list[i] = { name = name, tensor = inputs[name] } end
  local facts = { weight_bytes = weight_bytes(layers) }
  local graph = trace_with(cache, model, list, run, places_of(cache))
  optimize(graph, facts)
  local program = Program.new(graph, cache and cache:length())
  local compiled = Compiled.new { model = model, names = names, layers = layers, facts = facts, made = graph.made,
    cache = cache, program = program }
  compiled:warm(...)
  return compiled
end

--- Compiles a model for inputs of these shapes and dtypes.
---@param model vise.Model
---@param ... any  What its forward takes.
---@return vise.Compiled?
---@return string? message
---@return string? id
function M.compile(model, ...)
  return fail.catch(compile, model, ...)
end

return M
