--- The public module: verbs and tensors at one level, the pieces below as modules that are loaded
--- when first asked for.

local M = {}

-- Modules that are files of their own.
local modules = {
  algorithms = true, checkpoint = true, data = true, eval = true, generate = true, html = true, models = true,
  nn = true, observe = true, picture = true, plot = true, quant_types = true, samplers = true, statistics = true,
  tokenizers = true, transforms = true, workload = true,
}

-- Modules that are functions of the core under a name.
local groups = {
  coded = { "encode", "pack", "pack_floats", "packed_bytes", "product", "rows", "simulate", rebuild = "coded" },
  json = { "array", "null", decode = "json_decode", encode = "json_encode" },
  linalg = { "column_order", "eigh", "gptq", "hadamard", "hadamard_size", "inverse_factor", "matmul", "moments",
    "quadratic", "rotate", "svd" },
  machine = { "backend", "clock", "memory", "memory_limit", "reset_peak", "threads" },
  ops = { "add_positions", "attention", "compare", "cross_entropy", "divergence", "embedding", "gated_add", "gelu",
    "layer_norm", "likeliest", "linear", "matmul_rule", "modulate", "patchify", "rms_norm", "rope", "silu", "sinusoid",
    "softmax", "token_losses", "top_p", "unpatchify" },
  safetensors = { open = "safetensors_open", size = "safetensors_size", write = "safetensors_write" },
}

-- Verbs: where each one lives.
local verbs = {
  compile = "compile",
  config = "config",
  load = "load",
  open = "models",
  pattern = "pattern",
  quantize = "quantize",
  restore = "restore",
  save = "artefact",
  transform = "transform",
}

-- Functions of the core that are public as they are.
local from_core = { random = true, scheme = true, tensor = true, tensor_of = true, xxh3 = true }

--- What vise.quantize would do with a model, without doing it.
---@param model vise.Model|table<string, vise.Model>
---@param fields vise.Config|table
---@return vise.Plan? plan
---@return string? message
---@return string? id
function M.plan(model, fields)
  local cfg, message, id = require("vise.config").config(fields)
  if not cfg then return nil, message, id end
  return require("vise.fail").catch(require("vise.plan").make, model, cfg)
end

local function group(names)
  local core, out = require "vise.core", {}
  for key, name in pairs(names) do out[type(key) == "string" and key or name] = core[name] end
  return out
end

local function find(name)
  if from_core[name] then return require("vise.core")[name] end
  if verbs[name] then return require("vise." .. verbs[name])[name] end
  if groups[name] then return group(groups[name]) end
  if modules[name] then return require("vise." .. name) end
  if name == "version" then return require "vise.version" end
end

--- The names that are loaded when first asked for, for the prompt and the tests.
---@return string[]
function M.names()
  local names = { "version" }
  for _, set in ipairs { modules, groups, verbs, from_core } do
    for name in pairs(set) do names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

require("vise.unknown_methods").guard()

return setmetatable(M, {
  __index = function(_, name)
    local value = find(name)
    if value == nil then
      local names = M.names()
      for known in pairs(M) do names[#names + 1] = known end
      require("vise.fail").raise("E-US-13", "vise has no '%s'%s", tostring(name),
        require("vise.suggest").hint(tostring(name), names))
    end
    M[name] = value
    return value
  end,
})
