--- Why two results differ: what they were made from first, then what came out, and one sentence.

local core = require "vise.core"
local fail = require "vise.fail"
local sides = require "vise.runs.side"

local M = {}

---@class vise.Difference
---@field what string   "parameter rank", "model file config.json".
---@field a any
---@field b any

---@class vise.LayerDifference
---@field name string
---@field a? { type: string, bytes: integer, weight_error?: number, output_error?: number }
---@field b? table

local function sorted_keys(...)
  local seen, keys = {}, {}
  for _, t in ipairs { ... } do
    for key in pairs(t) do
      if not seen[key] then seen[key], keys[#keys + 1] = true, key end
    end
  end
  table.sort(keys, function(x, y) return tostring(x) < tostring(y) end)
  return keys
end

local function same(a, b)
  return core.json_encode { a } == core.json_encode { b }
end

local function compare_fields(list, prefix, a, b)
  for _, key in ipairs(sorted_keys(a, b)) do
    if not same(a[key], b[key]) then list[#list + 1] = { what = prefix .. tostring(key), a = a[key], b = b[key] } end
  end
end

local function short_hashes(files)
  local out = {}
  for _, file in ipairs(files) do
    if type(file) == "table" and type(file.file) == "string" then out[file.file] = tostring(file.sha256):sub(1, 12) end
  end
  return out
end

-- A lock hashes more of a model's folder than a manifest: only what both know is compared.
local function compare_models(list, a, b)
  local x, y = short_hashes(a.model), short_hashes(b.model)
  for _, key in ipairs(sorted_keys(x, y)) do
    local known = a.recipe and b.recipe or x[key] and y[key]
    if known and x[key] ~= y[key] then list[#list + 1] = { what = "model file " .. key, a = x[key], b = y[key] } end
  end
end

-- What the two were made from.
local function causes_of(a, b)
  local list = core.array {}
  local x, y = a.recipe or {}, b.recipe or {}
  for _, key in ipairs { "name", "version" } do
    local what = key == "name" and "recipe" or key
    if x[key] ~= y[key] then list[#list + 1] = { what = what, a = x[key], b = y[key] } end
  end
  if x.package ~= y.package and x.name == y.name and x.version == y.version then
    local from, to = tostring(x.package):sub(1, 12), tostring(y.package):sub(1, 12)
    list[#list + 1] = { what = "recipe's files", a = from, b = to }
  end
  compare_fields(list, "parameter ", a.params, b.params)
  compare_models(list, a, b)
  compare_fields(list, "data file ", short_hashes(a.data), short_hashes(b.data))
  local engine_a, engine_b = {}, {}
  for _, key in ipairs { "vise", "backend", "blas", "matmul" } do
    engine_a[key], engine_b[key] = a.engine[key], b.engine[key]
  end
  compare_fields(list, "engine ", engine_a, engine_b)
  -- A configuration follows from recipe and parameters; it tells more only where there are none.
  if a.config and b.config and not (a.recipe and b.recipe) then compare_fields(list, "config ", a.config, b.config) end
  return list
end

-- Bytes and hashes of each layer, from the manifest and the file's header.
local function layers_of(side)
  local by_name, handle = {}, fail.try(core.safetensors_open(side.source.path))
  for _, layer in ipairs(side.manifest.layers or {}) do
    by_name[layer.name] = { type = layer.type, bytes = 0, weight_error = layer.weight_error,
      output_error = layer.output_error, hashes = layer.xxh3_128 }
  end
  for _, name in ipairs(handle:names()) do
    local layer = by_name[name:match "^(.*)%.[^.]*$" or ""]
    if layer then layer.bytes = layer.bytes + handle:info(name).bytes end
  end
  handle:close()
  return by_name
end

local function compare_layers(a, b)
  local x, y, list, total = layers_of(a), layers_of(b), core.array {}, 0
  for _, name in ipairs(sorted_keys(x, y)) do
    local p, q = x[name], y[name]
    total = total + 1
    if not p or not q or not same(p, q) then
      local row = { name = name, a = p, b = q }
      for _, layer in pairs { p, q } do layer.hashes = nil end
      list[#list + 1] = row
    end
  end
  return list, total
end

-- The summary of an output folder may have been edited; a record is checked when it is read.
local function is_metric(metric)
  return type(metric) == "table" and type(metric.name) == "string"
    and (type(metric.value) == "number" or type(metric.value) == "string")
    and (metric.unit == nil or type(metric.unit) == "string")
end

local function last_values(metrics)
  local values, order = {}, {}
  for _, metric in ipairs(metrics) do
    if is_metric(metric) then
      if not values[metric.name] then order[#order + 1] = metric.name end
      values[metric.name] = metric
    end
  end
  return values, order
end

local function compare_metrics(a, b)
  local x, order = last_values(a.metrics)
  local y, more = last_values(b.metrics)
  for _, name in ipairs(more) do
    if not x[name] then order[#order + 1] = name end
  end
  local list = core.array {}
  for i, name in ipairs(order) do
    local about = x[name] or y[name]
    list[i] = { name = name, unit = about.unit, better = about.better, a = x[name] and x[name].value,
      b = y[name] and y[name].value }
  end
  return list
end

local function files_differ(a, b)
  local outputs = require "vise.runs.outputs"
  return outputs.difference(outputs.files(a.artefact), outputs.files(b.artefact))
end

local function compare(a, b)
  local result = { causes = causes_of(a, b), metrics = compare_metrics(a, b), layers = core.array {}, layers_total = 0,
    bytes = {}, kind = { a = a.kind, b = b.kind } }
  if a.artefact and b.artefact then
    result.file_difference = files_differ(a, b)
    result.same_bytes = result.file_difference == nil
    if a.source.layout.name == "vise" and b.source.layout.name == "vise" then
      result.layers, result.layers_total = compare_layers(a, b)
    end
    result.bytes = { a = core.disk.size(a.source.path), b = core.disk.size(b.source.path) }
  end
  result.verdict = require("vise.runs.verdict").of(result, a, b)
  return result
end

--- Compares two artefacts or runs.
---@param first string   A folder, or the id of a run.
---@param second string
---@param place string  Of the runs.
---@return table? result
---@return string? message
---@return string? id
function M.diff(first, second, place)
  local a, b, message, id
  a, message, id = sides.open(first, place)
  if not a then return nil, message, id end
  b, message, id = sides.open(second, place)
  if not b then return nil, message, id end
  return fail.catch(compare, a, b)
end

return M
