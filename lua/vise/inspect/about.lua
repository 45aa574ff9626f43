--- What a folder is besides its tensors: an artefact, a recipe.

local core = require "vise.core"
local folders = require "vise.folder"
local methods = require "vise.algorithms.methods"
local text = require "vise.text"

local M = {}

--- The manifest of an artefact; nil alone if the folder is none.
---@param folder string
---@return table?
---@return string? message
---@return string? id
function M.manifest(folder)
  local path = folder .. "/" .. folders.MANIFEST
  if not core.disk.exists(path) then return nil end
  local bytes, message, id = core.disk.read(path)
  if not bytes then return nil, message, id end
  return core.json_decode(bytes, path)
end

-- ", 12 by awq": the layers that own methods made.
local function made_by(layers)
  local count, names, words = {}, {}, {}
  for _, layer in ipairs(type(layers) == "table" and layers or {}) do
    local method = type(layer) == "table" and layer.method
    if type(method) == "string" and not methods.is_builtin(method) then
      if not count[method] then names[#names + 1] = method end
      count[method] = (count[method] or 0) + 1
    end
  end
  table.sort(names)
  for i, name in ipairs(names) do words[i] = (", %d by %s"):format(count[name], text.escape(name)) end
  return table.concat(words)
end

-- "rotate (12 tensors changed)": what was done to the float model before.
local function transforms_of(manifest)
  local names = {}
  for i, t in ipairs(type(manifest.transforms) == "table" and manifest.transforms or {}) do
    names[i] = type(t) == "table" and text.escape(tostring(t.name)) or "?"
  end
  if #names == 0 then return "none" end
  local changed = type(manifest.changed) == "table" and #manifest.changed or 0
  return ("%s, %d tensors beside the layers"):format(table.concat(names, ", "), changed)
end

--- The lines that a manifest is worth.
---@param manifest table
---@return string
function M.manifest_text(manifest)
  if manifest.format ~= "vise_artefact" then
    return text.pairs { { "artefact", tostring(manifest.quant_type) }, { "layout", tostring(manifest.format) } }
  end
  local layers = type(manifest.layers) == "table" and #manifest.layers or 0
  local base = type(manifest.base) == "table" and manifest.base or {}
  local lines = {
    { "artefact", tostring(manifest.quant_type) },
    { "layers", ("%d quantized%s"):format(layers, made_by(manifest.layers)) },
    { "base", ("%s %s"):format(tostring(base.family), tostring(base.identity)) },
    { "written by", "vise " .. tostring(manifest.vise) },
  }
  if manifest.transforms ~= nil then table.insert(lines, 3, { "transforms", transforms_of(manifest) }) end
  return text.pairs(lines)
end

--- The header of a recipe, of which nothing is run; nil alone if the folder is none.
---@param folder string
---@return table?
---@return string? message
---@return string? id
function M.recipe(folder)
  local path = folder .. "/header.lua"
  if not core.disk.exists(path) then return nil end
  local source, message, id = core.disk.read(path)
  if not source then return nil, message, id end
  local header
  header, message, id = require("vise.recipe.literals").parse(source, path)
  if not header then return nil, message, id end
  local ok
  ok, message, id = require("vise.recipe.header").check(header, path)
  if not ok then return nil, message, id end
  return header
end

--- The lines that a recipe's header is worth.
---@param header table
---@param folder string
---@return string
function M.recipe_text(header, folder)
  local names = {}
  for name in pairs(header.params or {}) do names[#names + 1] = name end
  table.sort(names)
  local wide = text.page_width()
  local summary = text.wrap(text.escape(header.summary), wide, (" "):rep(12)):gsub("^%s+", "")
  local params = text.wrap(text.escape(#names > 0 and table.concat(names, ", ") or "none"), wide, (" "):rep(12))
  return ("recipe      %s %s\nsummary     %s\nparameters  %s\nnext        vise recipes show %s\n"):format(
    text.escape(header.name), text.escape(header.version), summary, params:gsub("^%s+", ""), text.escape(folder))
end

return M
