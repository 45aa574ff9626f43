--- Model families: opens a checkpoint and builds the model that its config.json names.

local Bare = require "vise.models.bare"
local Weights = require "vise.models.weights"
local builder = require "vise.models.build"
local checkpoints = require "vise.checkpoint"
local core = require "vise.core"
local family = require "vise.models.family"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

--- The families by the name that a config gives them: diffusers' _class_name, transformers'
--- architectures and model_type.  Those of vise are loaded when first asked for.
local families = {
  DiTTransformer2DModel = { family = "dit", module = "vise.models.dit" },
  GPT2LMHeadModel = { family = "gpt2", module = "vise.models.gpt2" },
  gpt2 = { family = "gpt2", module = "vise.models.gpt2" },
  LlamaForCausalLM = { family = "llama", module = "vise.models.llama" },
  llama = { family = "llama", module = "vise.models.llama" },
}
local own = { weights = true } -- the families of vise
for _, entry in pairs(families) do own[entry.family] = true end

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

-- "gptq, 4 bit": what a quantization_config says of itself.
local function method_of(q)
  if type(q) ~= "table" then return "" end
  local words = {}
  local method = q.quant_method or q.quant_algo or (q.load_in_8bit or q.load_in_4bit) and "bitsandbytes"
  if type(method) == "string" then words[1] = core.escape(method) end
  local bits = q.bits or q.w_bit or q.load_in_8bit and 8 or q.load_in_4bit and 4
  if math.type(bits) == "integer" then words[#words + 1] = ("%d bit"):format(bits) end
  return #words > 0 and (" (%s)"):format(table.concat(words, ", ")) or ""
end

local KNOWN_DTYPES = { float64 = true, float32 = true, float16 = true, bfloat16 = true, half = true, float = true,
  auto = true }

-- What is odd about a config.json, but does no harm.
local function note_config(checkpoint, config, where)
  local function note(id, ...) checkpoint.notes[#checkpoint.notes + 1] = id .. ": " .. ("%s: %s"):format(where, ...) end
  if config.auto_map ~= nil and config.auto_map ~= core.null then
    note("E-MD-17", "auto_map names code that comes with the model; it is never executed")
  end
  local dtype = config.torch_dtype or config.dtype
  if dtype ~= nil and dtype ~= core.null
    and not (type(dtype) == "string" and KNOWN_DTYPES[dtype:gsub("^torch%.", "")]) then
    note("E-MD-18", ("torch_dtype %s is unknown; the types of the tensors count"):format(
      type(dtype) == "string" and ("%q"):format(core.escape(dtype)) or "of type " .. type(dtype)))
  end
end

-- A model without a forward, and a note that says why.
local function bare(checkpoint, message, id)
  local model, problem, why = Bare.new(checkpoint, message)
  if not model then return nil, problem, why end
  checkpoint.notes[#checkpoint.notes + 1] = ("%s: %s; opened as bare weights: types that need no calibration, "
    .. "or captured statistics"):format(id, message)
  model.notes = checkpoint.notes
  return model
end

local function from_checkpoint(checkpoint, path)
  local config = checkpoint.config
  if type(config) ~= "table" then
    return bare(checkpoint, ("%s has no config.json that says what model it is"):format(path), "E-MD-01")
  end
  local where = (checkpoint.folder or path) .. "/config.json"
  if config.quantization_config ~= nil and config.quantization_config ~= core.null then
    return fail.fail("E-MD-14", "%s has a quantization_config: the model is quantized already%s", where,
      method_of(config.quantization_config))
  end
  note_config(checkpoint, config, where)
  local found, message, id = find_family(config, where)
  if not found then return bare(checkpoint, message, id) end
  local class = found.class or require(found.module)
  local settings
  settings, message, id = class.settings_of(config, where)
  if not settings then return nil, message, id end
  local weights = Weights.new(checkpoint)
  local model
  model, message, id = fail.catch(builder.build, class, settings, weights)
  if not model then
    weights:close()
    return nil, message, id
  end
  model.config, model.family, model.notes = config, found.family, checkpoint.notes
  return model
end

--- Adds a model family: from then on vise.open builds such a model where config.json gives one of its
--- names.  A family that was registered before under the same name gives way; those of vise stay.
---@param description vise.Family
---@return table class  Its methods are the model's; more may be added.
function M.register(description)
  family.check(description)
  if own[description.family] then fail.raise("E-MD-20", "family \"%s\" comes with vise", description.family) end
  for _, name in ipairs(description.names) do
    local there = families[name]
    if there and own[there.family] then fail.raise("E-MD-20", "\"%s\" is a family of vise", name) end
  end
  for name, entry in pairs(families) do
    if entry.family == description.family then families[name] = nil end
  end
  local class = family.define(description)
  for _, name in ipairs(description.names) do
    families[name] = { family = description.family, class = class }
  end
  return class
end

--- Opens a model: a folder with config.json and weights.  Nothing is copied; the weights stay mapped.
--- A file or folder of a family that is not known opens as bare weights, without a forward; model.notes
--- says what was odd.
---@param path string
---@param options? { variant?: string, weights?: string }  Passed on to vise.checkpoint.
---@return vise.models.DiT|vise.models.Llama|vise.models.GPT2|vise.models.Bare|nil model
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
  require("vise.names").allow(getmetatable(model))
  return model
end

return M
