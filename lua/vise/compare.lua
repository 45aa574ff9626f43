--- Compare: two artefacts or two checkpoints, layer by layer.
---
--- A side is a list of named weights.  Those of a checkpoint are its tensors; those of an artefact in
--- our layout are `<layer>.weight`, what the codes and factors stand for, and `<layer>.bias`.

local checkpoint = require "vise.checkpoint"
local core = require "vise.core"
local fail = require "vise.fail"
local load = require "vise.load"

local M = {}

---@class vise.Weight
---@field name string
---@field type string       A dtype, or the quant type.
---@field shape integer[]
---@field bytes integer
---@field digest fun(): string
---@field value fun(): vise.Tensor?  f32; nil for types that vise does not compute with.

---@class vise.Side
---@field weights vise.Weight[]
---@field by_name table<string, vise.Weight>
---@field is_artefact boolean
---@field packed? boolean     Tensors in cache-dit's order.
---@field close fun()

local function new_side(weights, is_artefact, handle)
  local by_name = {}
  for _, w in ipairs(weights) do by_name[w.name] = w end
  return { weights = weights, by_name = by_name, is_artefact = is_artefact, close = function() handle:close() end }
end

-- One tensor of a file: `held` has info() and tensor().
local function plain_weight(held, name, shown)
  local info = held:info(name)
  return {
    name = shown or name, type = info.dtype, shape = info.shape, bytes = info.bytes,
    digest = function()
      local t <close> = fail.try(held:tensor(name))
      return core.xxh3(t)
    end,
    value = function()
      local t <close> = fail.try(held:tensor(name))
      return t:dtype() == info.dtype and t:to "f32" or nil
    end,
  }
end

local function quantized_weight(handle, layout, entry, params)
  local bytes = 0
  for _, param in ipairs(params) do bytes = bytes + handle:info(entry.name .. "." .. param).bytes end
  return {
    name = entry.name .. ".weight", type = entry.type, shape = entry.shape, bytes = bytes,
    digest = function()
      local hashes = {}
      for i, param in ipairs(params) do
        local t <close> = fail.try(handle:tensor(entry.name .. "." .. param))
        hashes[i] = param .. core.xxh3(t)
      end
      return table.concat(hashes, " ")
    end,
    value = function()
      local q = fail.try(layout.read_layer(handle, entry, nil, {}))
      local weight = q:dequantize()
      q:close()
      return weight
    end,
  }
end

local function of_artefact(source)
  local handle, meta, id = load.open(source)
  if not handle then return nil, meta, id end
  local weights, of_layer = {}, {}
  for _, name in ipairs(handle:names()) do
    local layer, param = name:match "^(.*)%.([^.]*)$"
    if layer and param ~= "bias" then
      of_layer[layer] = of_layer[layer] or {}
      table.insert(of_layer[layer], param)
    end
  end
  for _, entry in ipairs(meta.layers) do
    weights[#weights + 1] = quantized_weight(handle, source.layout, entry, of_layer[entry.name] or {})
    if handle:info(entry.name .. ".bias") then
      weights[#weights + 1] = plain_weight(handle, entry.name .. ".bias")
    end
  end
  for _, entry in ipairs(meta.changed or {}) do -- what transforms changed beside the layers
    weights[#weights + 1] = plain_weight(handle, "base." .. entry.name, entry.name)
  end
  return new_side(weights, true, handle)
end

local function of_checkpoint(path, options)
  local opened, message, id = checkpoint.open(path, options)
  if not opened then return nil, message, id end
  local weights = {}
  for i, name in ipairs(opened:names()) do weights[i] = plain_weight(opened, name) end
  return new_side(weights, false, opened)
end

-- The weights of a float model that lie the other way round than those of an artefact.
local function turned_names(path, options)
  local names, model = {}, require("vise.models").open(path, options)
  for _, layer in ipairs(model and model:layers() or {}) do
    if layer.stored then names[layer.name .. ".weight"] = true end
  end
  if model then model:close() end
  return names
end

-- Turns those weights of a float model's side.
local function turn(side, path, options)
  for name in pairs(turned_names(path, options)) do
    local weight = side.by_name[name]
    local value = weight.value
    weight.shape = { weight.shape[2], weight.shape[1] }
    weight.value = function()
      local stored <close> = value()
      return fail.try(stored:transpose())
    end
  end
end

-- Is there something of ours, of cache-dit's, or a float model?
local function open(path, options)
  local manifest = path:gsub("/+$", "") .. "/quant_config.json"
  if core.disk.exists(path) == "folder" and not core.disk.exists(manifest) then return of_checkpoint(path, options) end
  if core.disk.exists(path) == "file" then
    local handle, message, id = core.safetensors_open(path)
    if not handle then return nil, message, id end
    local ours = handle:metadata().vise
    handle:close()
    if not ours then return of_checkpoint(path, options) end
  end
  local source, message, id = load.resolve(path)
  if not source then return nil, message, id end
  -- Their layout does not say where the padding begins, so its tensors are compared as they are.
  if source.layout and source.layout.name ~= "vise" then
    local side
    side, message, id = of_checkpoint(source.path)
    if side then side.packed = true end
    return side, message, id
  end
  return of_artefact(source)
end

local function same_shape(a, b)
  return table.concat(a, "x") == table.concat(b, "x")
end

local function compare_weight(a, b)
  local row = { name = a.name, a = { type = a.type, shape = core.array(a.shape), bytes = a.bytes },
    b = { type = b.type, shape = core.array(b.shape), bytes = b.bytes } }
  if not same_shape(a.shape, b.shape) then
    row.state = "other shape"
    return row
  end
  if a.type == b.type and a.digest() == b.digest() then
    row.state, row.rel_l2 = "same", 0
    return row
  end
  row.state = "differs"
  local x <close> = a.value()
  local y <close> = b.value()
  if x and y and x:count() > 0 then
    local m = fail.try(core.compare(y, x))
    row.rel_l2, row.max_abs, row.cosine = m.rel_l2, m.max_abs, m.cosine
  end
  return row
end

local function only(w, which)
  return { name = w.name, state = "only in " .. which,
    [which:lower()] = { type = w.type, shape = core.array(w.shape), bytes = w.bytes } }
end

local function compare_sides(a, b)
  local rows, left_out = core.array {}, 0
  -- An artefact is a delta: what it does not hold is no difference from a checkpoint.
  local delta = a.is_artefact ~= b.is_artefact
  local bar <close> = require("vise.progress").new("compare", #a.weights, "weights")
  for _, w in ipairs(a.weights) do
    local other = b.by_name[w.name]
    if other then
      rows[#rows + 1] = compare_weight(w, other)
    elseif delta and b.is_artefact then
      left_out = left_out + 1
    else
      rows[#rows + 1] = only(w, "A")
    end
    bar:step()
  end
  for _, w in ipairs(b.weights) do
    if not a.by_name[w.name] then
      if delta and a.is_artefact then left_out = left_out + 1 else rows[#rows + 1] = only(w, "B") end
    end
  end
  local counts, bytes = { same = 0, different = 0 }, { a = 0, b = 0 }
  for _, row in ipairs(rows) do
    local key = row.state == "same" and "same" or "different"
    counts[key] = counts[key] + 1
    for side in pairs(bytes) do bytes[side] = bytes[side] + (row[side] and row[side].bytes or 0) end
  end
  return { weights = rows, same = counts.same, different = counts.different, left_out = left_out, bytes = bytes }
end

--- Compares two folders or files.
---@param path_a string
---@param path_b string
---@param options? { variant?: string }  For model folders.
---@return table? result
---@return string? message
---@return string? id
function M.compare(path_a, path_b, options)
  local a, b, result, message, id
  a, message, id = open(path_a, options)
  if not a then return nil, message, id end
  b, message, id = open(path_b, options)
  if not b then
    a.close()
    return nil, message, id
  end
  if a.is_artefact and not b.is_artefact then turn(b, path_b, options) end
  if b.is_artefact and not a.is_artefact then turn(a, path_a, options) end
  if a.packed ~= b.packed then
    message, id = ("%s holds weights packed for cache-dit, %s does not: export it with --to vise first"):format(
      a.packed and path_a or path_b, a.packed and path_b or path_a), "E-US-12"
  else
    result, message, id = fail.catch(compare_sides, a, b)
  end
  a.close()
  b.close()
  return result, message, id
end

return M
