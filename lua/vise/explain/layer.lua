--- Why a layer is as it is: in an artefact the rule that chose its type, in a float model what each
--- type would make of it.

local core = require "vise.core"
local fail = require "vise.fail"
local pattern = require "vise.pattern"
local quant_types = require "vise.quant_types"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

-- Which patterns of a list match the name: rows for people, and the place of the first.
local function match_rows(rows, where, list, name, take)
  local first
  for i, item in ipairs(list or {}) do
    local glob = type(item) == "table" and item[1] or item
    local place = ("%s[%d]"):format(where, i)
    local hit = pattern.of(glob, place):matches(name)
    if hit and not first then first = place end
    rows[#rows + 1] = { place, glob, hit and (first == place and take or "matches, too late") or "does not match" }
  end
  return first
end

-- The rules of a manifest's config, in the order in which they are asked.
local function rules(config, name)
  local rows = {}
  local excluded = match_rows(rows, "exclude", config.exclude, name, "decides: stays float")
  local ruled = match_rows(rows, "plan", config.plan, name, excluded and "matches, but exclude came first" or "decides")
  if type(config.regions) == "table" then match_rows(rows, "regions", config.regions, name, "asks for it") end
  return rows, excluded, ruled
end

local function about_layer(layer, config)
  local rows = {
    { "shape", ("[%s]"):format(table.concat(layer.shape, ", ")) },
    { "type", ("%s: %s"):format(layer.type, quant_types.parse(layer.type).summary) },
    { "made by", text.escape(tostring(layer.method or "unknown")) },
    { "scales in", layer.storage },
  }
  if layer.smooth then rows[#rows + 1] = { "smoothing", layer.smooth } end
  if type(layer.weight_error) == "number" then
    rows[#rows + 1] = { "weight error", ("%.5f of the weight's norm"):format(layer.weight_error) }
  end
  if type(layer.output_error) == "number" then
    rows[#rows + 1] = { "output error", ("%.5f of the output's norm"):format(layer.output_error) }
  end
  local tried, _, ruled = rules(config, layer.name)
  rows[#rows + 1] = { "chosen by", ruled and ("%s of the config"):format(ruled)
    or ("quant_type of the config, %s"):format(config.quant_type or layer.type) }
  return text.columns(rows, "  ") .. (#tried > 0 and "\n" .. text.columns(tried, "  ") or "")
end

local function names_of(layers)
  local names = {}
  for i, layer in ipairs(layers) do names[i] = layer.name end
  return names
end

local function bare_name(name)
  return (name:gsub("%.weight$", ""))
end

--- A layer of an artefact.
---@param name string
---@param source vise.Source  What vise.load finds.
---@return string? shown
---@return string? message
---@return string? id
function M.in_artefact(name, source)
  local manifest = source.manifest or {}
  local layers, config = manifest.layers or {}, manifest.config or {}
  config.quant_type = config.quant_type or manifest.quant_type
  for _, layer in ipairs(layers) do
    if layer.name == bare_name(name) then
      return ("%s, in an artefact of %s\n\n%s"):format(text.escape(layer.name), manifest.quant_type,
        about_layer(layer, config))
    end
  end
  local tried, excluded = rules(config, bare_name(name))
  if excluded then
    return ("%s is not in the artefact: it stays float, %s matches it\n\n%s"):format(text.escape(name), excluded,
      text.columns(tried, "  "))
  end
  return fail.fail("E-US-11", "%s: no layer '%s' in it%s", source.path, name, suggest.hint(bare_name(name),
    names_of(layers)))
end

-- What a type would make of a weight: bits, bytes, the error of its codes.
local function type_row(form, weight, shape, storage, bias)
  local t = quant_types.parse(form)
  if t.rank then return nil end
  local ok, layout = pcall(require("vise.nn.quantized_linear").layout, t, shape, storage, bias)
  if not ok then return { form, "-", "-", "-", "the shape does not fit" } end
  local bytes = 0
  for _, part in ipairs(layout) do bytes = bytes + part.bytes end
  local scheme = core.scheme(quant_types.scheme_args(t.weight, storage))
  local coded, message = core.encode(scheme, weight)
  if not coded then return { form, "-", "-", "-", message } end
  local again <close> = fail.try(coded:decode())
  local distance = fail.try(core.compare(again, weight)).rel_l2
  coded:close()
  return { form, ("%.3f"):format(8 * bytes / (shape[1] * shape[2])), bytes, ("%.5f"):format(distance), "" }
end

local function layer_table(linear)
  local out, inp = linear.outputs, linear.inputs
  local weight <close> = fail.try(linear.weight:to "f32")
  local storage, rows = quant_types.storage(linear:dtype()), { { "type", "bits", "bytes", "weight error", "" } }
  for _, form in ipairs(quant_types.forms) do
    if not form:find "_static$" then
      rows[#rows + 1] = type_row(form, weight, { out, inp }, storage, linear.bias and linear.bias:dtype())
    end
  end
  return rows
end

--- A layer of a float model: where it stands, and what each type would make of its weight.
---@param name string
---@param model vise.Model
---@return string? shown
---@return string? message
---@return string? id
function M.in_model(name, model)
  local wanted, regular = bare_name(name), {}
  for _, n in ipairs(model:default_layers()) do regular[n] = true end
  for _, linear in ipairs(model:layers()) do
    if linear.name == wanted then
      local out, inp = linear.outputs, linear.inputs
      return fail.catch(function()
        return ("%s [%d, %d] %s, a linear layer\n\n  %s\n\n%s"):format(text.escape(wanted), out, inp,
          linear:dtype(), regular[wanted] and "in the default regions: quantized unless a rule says otherwise"
          or "outside the default regions: stays float unless a plan entry or `regions` asks for it",
          text.columns(layer_table(linear), "  "))
      end)
    end
  end
  local info = model.checkpoint:info(name)
  if info then
    return ("%s [%s] %s is no linear layer: it is never quantized\n"):format(text.escape(name),
      table.concat(info.shape, ", "), info.dtype)
  end
  local known = names_of(model:layers())
  table.move(model.checkpoint:names(), 1, #model.checkpoint:names(), #known + 1, known)
  return fail.fail("E-US-11", "%s: no layer or tensor '%s'%s", model.checkpoint.path, name,
    suggest.hint(name, known))
end

return M
