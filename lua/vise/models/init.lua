--- Model families: opens a checkpoint and builds the model that its config.json names.

local Weights = require "vise.models.weights"
local checkpoints = require "vise.checkpoint"
local core = require "vise.core"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

--- The families by the name that a config gives them: diffusers' _class_name, transformers'
--- architectures and model_type.
local families = {
  DiTTransformer2DModel = { family = "dit", module = "vise.models.dit" },
  LlamaForCausalLM = { family = "llama", module = "vise.models.llama" },
  llama = { family = "llama", module = "vise.models.llama" },
}

-- What the config calls its family, the surest name first.
local function names_in(config)
  local names = { config._class_name }
  if type(config.architectures) == "table" then names[#names + 1] = config.architectures[1] end
  names[#names + 1] = config.model_type
  return names
end

local function known_names()
  local names = {}
  for name in pairs(families) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function find_family(config, path)
  local names = names_in(config)
  for _, name in ipairs(names) do
    if families[name] then return families[name] end
  end
  local known = known_names()
  if #names == 0 or type(names[1]) ~= "string" then
    return fail.fail("E-MD-02",
      "%s names no model family: _class_name, architectures or model_type should be one of %s", path,
      table.concat(known, ", "))
  end
  return fail.fail("E-MD-02", "%s: no model family %q%s; there are %s", path, names[1],
    suggest.hint(names[1], known), table.concat(known, ", "))
end

local function build(class, settings, weights)
  local model = class.new(settings, weights)
  model.checkpoint, model.weights = weights.checkpoint, weights
  local message, id = weights:verdict(model:repeated())
  if not message then return model end
  model:close()
  return nil, message, id
end

local function from_checkpoint(checkpoint, path)
  local config = checkpoint.config
  if type(config) ~= "table" then
    return fail.fail("E-MD-01", "%s has no config.json that says what model it is", path)
  end
  local where = (checkpoint.folder or path) .. "/config.json"
  local found, message, id = find_family(config, where)
  if not found then return nil, message, id end
  if config.quantization_config ~= nil and config.quantization_config ~= core.null then
    return fail.fail("E-MD-14", "%s has a quantization_config: the model is quantized already", where)
  end
  local class = require(found.module)
  local settings
  settings, message, id = class.settings_of(config, where)
  if not settings then return nil, message, id end
  local weights = Weights.new(checkpoint)
  local model
  model, message, id = fail.catch(build, class, settings, weights)
  if not model then
    weights:close()
    return nil, message, id
  end
  model.config, model.family = config, found.family
  return model
end

--- Opens a model: a folder with config.json and weights.  Nothing is copied; the weights stay mapped.
---@param path string
---@param options? { variant?: string, weights?: string }  Passed on to vise.checkpoint.
---@return vise.models.DiT|vise.models.Llama|nil model
---@return string? message
---@return string? id
function M.open(path, options)
  local checkpoint, message, id = checkpoints.open(path, options)
  if not checkpoint then return nil, message, id end
  local model
  model, message, id = from_checkpoint(checkpoint, path)
  if not model then
    checkpoint:close()
    return nil, message, id
  end
  return model
end

return M
