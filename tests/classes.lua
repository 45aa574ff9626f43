-- The method tables of the public classes, by the names that type expressions give them.

local vise = require "vise"

local M = {}

--- Classes of the core: the names of their metatables.
M.registered = {}
for metatable, class in pairs(require("vise.describe.classes").core) do M.registered[class] = metatable end

--- Where the models are.
M.models = { dit = "recipes/quickstart/models/dit-fashion-mnist", llama = "recipes/quickstart/models/stories260K" }

local function dit()
  return assert(vise.open(M.models.dit, { variant = "fp16" }))
end

local function llama()
  return assert(vise.open(M.models.llama))
end

local function few_shot()
  return assert(vise.quantize(dit(), { quant_type = "svdq_int4_r8_dq", svdq = { smooth_strategy = "few_shot" } }))
end

local function quantized(of)
  local report = assert(vise.quantize(of, { quant_type = "int8_per_row", regions = { "*.0.attn1.to_q" } }))
  return report, of:layer(report.layers[1].name).quantized
end

-- Something of each other class.
local makers = {
  ["vise.Armed"] = few_shot,
  ["vise.Checkpoint"] = function() return dit().checkpoint end,
  ["vise.Compiled"] = function() return assert(vise.compile(dit(), vise.tensor("f32", { 1, 1, 28, 28 }), 1, 1)) end,
  ["vise.Config"] = function() return vise.config { quant_type = "int8_per_row" } end,
  ["vise.Model"] = dit,
  ["vise.Pattern"] = function() return vise.pattern "x" end,
  ["vise.Plan"] = function() return assert(vise.plan(dit(), { quant_type = "int8_per_row" })) end,
  ["vise.QuantizeReport"] = function() return (quantized(dit())) end,
  ["vise.QuantizedLinear"] = function() return select(2, quantized(dit())) end,
  ["vise.Statistics"] = function()
    local ids = vise.tensor_of("i64", { 1, 2 }, { 1, 403 })
    local model = llama()
    return assert(vise.statistics.capture(model, 1, function() return model:forward(ids) end))
  end,
  ["vise.Tokenizer"] = function() return assert(vise.tokenizers.open(M.models.llama)) end,
  ["vise.Watch"] = function() return assert(vise.observe.attach(dit(), { "proj_out_1" }, "range")) end,
  ["vise.Workload"] = function() return assert(vise.workload.of(dit())) end,
  ["vise.models.DiT"] = dit,
  ["vise.models.Llama"] = llama,
  ["vise.nn.Cache"] = function() return vise.nn.cache.new(1, 2, 2) end,
  ["vise.nn.CacheLayer"] = function() return vise.nn.cache.new(1, 2, 2).layers[1] end,
  ["vise.nn.Module"] = dit,
}

-- The table where methods are found: behind the fields, for what cannot be changed; the metatable itself,
-- for what answers other names too.
local function methods_of(object)
  local index = getmetatable(object).__index
  if type(index) == "function" then return getmetatable(object) end
  local behind = getmetatable(index)
  return behind and type(behind.__index) == "table" and behind.__index or index
end

-- The methods of jobs, which are looked up in several tables.
local function of_job()
  local methods = { open = true }
  for _, part in ipairs { "events", "output", "work" } do
    for name, method in pairs(require("vise.job." .. part)) do
      if type(method) == "function" then methods[name] = method end
    end
  end
  return methods
end

--- Something of each class that is written in Lua: name, object.
---@return fun(): string?, any
function M.objects()
  local name, make
  return function()
    name, make = next(makers, name)
    if name then return name, make() end
  end
end

local found = {}

--- The methods of a class; nil if there is none of that name.
---@param name string
---@return table<string, any>?
function M.methods(name)
  if found[name] then return found[name] end
  local registered, of_nn = M.registered[name], name:match "^vise%.nn%.(%u%w+)$"
  if registered then
    found[name] = debug.getregistry()[registered].__index
  elseif name == "vise.Job" then
    found[name] = of_job()
  elseif makers[name] then
    found[name] = methods_of(makers[name]())
  elseif of_nn then
    found[name] = vise.nn[of_nn]
  end
  return found[name]
end

return M
