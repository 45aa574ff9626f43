--- Explanations of what a person meets: an error id, a method, a quant type, a layer.

local errors = require "vise.errors"
local fail = require "vise.fail"
local methods = {}
for _, part in ipairs { "methods", "steps" } do
  for name, entry in pairs(require("vise.explain." .. part)) do methods[name] = entry end
end
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

-- Other names that people use for a method.
local ALIASES = {
  rtn = "round_to_nearest", rounding = "round_to_nearest", awq_clip = "awq",
  log_equalization = "smoothquant", activation = "smoothing",
  search = "smoothing_search", svdq = "svdquant", svd = "low_rank", refinement = "refine",
}

local function paragraph(s)
  return text.wrap(s, text.page_width(), "  ") .. "\n"
end

local function error_text(id, entry)
  local status = require("vise.cli.failure").status(id)
  return ("%s: %s\n\n%s\n  next: %s\n  exit status %d\n"):format(id, entry.title, paragraph(entry.explain),
    entry.next, status)
end

local function method_text(name, m)
  local out = { ("%s: %s\n\n"):format(name, m.title), paragraph(m.text) }
  if m.steps then out[#out + 1] = "\n    " .. table.concat(m.steps, "\n    ") .. "\n" end
  if m.when then out[#out + 1] = "\n" .. paragraph(m.when) end
  local rows = {}
  if m.options then rows[#rows + 1] = "\n  asked for by  " .. text.wrap(m.options, text.page_width() - 16,
    (" "):rep(16)):gsub("^%s+", "") end
  if m.paper then rows[#rows + 1] = "\n  after         " .. m.paper end
  if m.see then rows[#rows + 1] = "\n  see           " .. table.concat(m.see, ", ") end
  return table.concat(out) .. table.concat(rows) .. "\n"
end

-- Of a method that a script registered, what it says of itself.
local function registered_text(method)
  local options, rows = {}, { { "needs", table.concat(method.needs or {}, ", ") },
    { "for", text.escape(table.concat(method.types or { "every quant type" }, ", ")) } }
  for name, default in pairs(method.options or {}) do
    options[#options + 1] = text.escape(("%s = %s"):format(name, default))
  end
  table.sort(options)
  if #options > 0 then rows[#rows + 1] = { "options", table.concat(options, ", ") } end
  if rows[1][2] == "" then rows[1][2] = "no data" end
  return ("%s: a method that a script registered\n\n%s"):format(method.name, text.table(rows, "  "))
end

--- The names there are an explanation for, besides layers.
---@return string[]
function M.topics()
  local names = table.move(require("vise.quant_types").forms, 1, #require("vise.quant_types").forms, 1, {})
  for name in pairs(methods) do names[#names + 1] = name end
  for name in pairs(ALIASES) do names[#names + 1] = name end
  for id in pairs(errors) do names[#names + 1] = id end
  for name in pairs(require("vise.algorithms.methods").registered()) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- The text on an error id, a method or a quant type.
---@param topic string
---@return string? shown
---@return string? message
---@return string? id
function M.topic(topic)
  local id = topic:upper()
  if errors[id] then return error_text(id, errors[id]) end
  local name = topic:lower():gsub("[- ]", "_")
  name = ALIASES[name] or name
  if methods[name] then return method_text(name, methods[name]) end
  local registered = require("vise.algorithms.methods").registered()
  if registered[topic] then return registered_text(registered[topic]) end
  local of_type = require("vise.explain.type").explain(topic)
  if of_type then return of_type end
  return fail.fail("E-US-08", "nothing is known of '%s'%s", topic, suggest.hint(topic, M.topics()))
end

--- The text on a layer: of an artefact, or of a float model.
---@param name string
---@param path string  An artefact's folder or file, or a model.
---@param variant? string
---@return string? shown
---@return string? message
---@return string? id
function M.layer(name, path, variant)
  local layers, core = require "vise.explain.layer", require "vise.core"
  if core.disk.exists(path .. "/" .. require("vise.folder").MANIFEST) then
    local source, message, id = require("vise.load").resolve(path)
    if not source then return nil, message, id end
    return layers.in_artefact(name, source)
  end
  local model, message, id = require("vise").open(path, { variant = variant })
  if not model then return nil, message, id end
  local shown
  shown, message, id = fail.catch(layers.in_model, name, model)
  model:close()
  return shown, message, id
end

return M
