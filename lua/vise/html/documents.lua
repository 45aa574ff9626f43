--- Documents of what is no run: a quantization that a script made, a comparison, the tensors of a file.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

local OPTIONS = { "title", "model", "layers", "metrics", "images", "texts", "params" }

--- The document of one quantization.
---@param report vise.QuantizeReport
---@param options? { title?: string, model?: vise.Model, layers?: integer, metrics?: table[], images?: table[],
---  texts?: table[], params?: table[] }  With `model`, the histograms of its `layers` worst layers.
---@return vise.html.Document
function M.of_report(report, options)
  options = options or {}
  for name in pairs(options) do
    local known = false
    for _, option in ipairs(OPTIONS) do known = known or option == name end
    if not known then
      fail.raise("E-RP-03", "html: no option '%s'%s", tostring(name),
        require("vise.suggest").hint(tostring(name), OPTIONS))
    end
  end
  local histograms
  if options.model then
    histograms = fail.try(require("vise.html.histograms").of(options.model, report, { layers = options.layers }))
  end
  return { title = options.title or report.quant_type, kind = "report", metrics = options.metrics,
    images = options.images, texts = options.texts, params = options.params,
    quantized = { { label = report.quant_type, report = report:plain(), histograms = histograms } } }
end

-- A manifest as names and values: config.svdq.rank = 32.  What follows from the rest is left out.
local LEFT_OUT = { layers = true, checkpoint = true, manifest_xxh3_128 = true, calibration = true }

local function flatten(value, prefix, out)
  for key, v in pairs(value) do
    local name = prefix == "" and tostring(key) or prefix .. "." .. tostring(key)
    if prefix ~= "" or not LEFT_OUT[key] then
      if type(v) == "table" and next(v) ~= nil then
        flatten(v, name, out)
      else
        out[name] = type(v) == "table" and "none" or type(v) == "userdata" and "null" or tostring(v)
      end
    end
  end
  return out
end

local function parameters_of(path)
  local manifest = require("vise.inspect.about").manifest((path:gsub("(.)/+$", "%1")))
  return manifest and flatten(manifest, "", {}) or {}
end

-- The parameters that are not the same on both sides, by name.
local function differing(path_a, path_b)
  local a, b, names, out = parameters_of(path_a), parameters_of(path_b), {}, {}
  for name in pairs(a) do names[#names + 1] = name end
  for name in pairs(b) do
    if a[name] == nil then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    if a[name] ~= b[name] then out[#out + 1] = { name = name, a = a[name], b = b[name] } end
  end
  return out
end

--- The document of a comparison.
---@param path_a string
---@param path_b string
---@param result table  Of vise.compare.
---@return vise.html.Document
function M.of_comparison(path_a, path_b, result)
  return { title = ("%s and %s"):format(path_a, path_b), kind = "compare", comparison = { a = path_a, b = path_b,
    weights = result.weights, same = result.same, different = result.different, left_out = result.left_out,
    bytes = result.bytes, parameters = differing(path_a, path_b) } }
end

--- The document of the tensors of a file or folder.
---@param path string
---@param tensors table[]
---@param manifest? table
---@return vise.html.Document
function M.of_tensors(path, tensors, manifest)
  return { title = path, kind = "inspect", tensors = tensors,
    manifest = manifest and assert(core.json_encode(manifest, 2)) or nil }
end

return M
