--- The report of a run, as the plain document that vise.html draws.

local core = require "vise.core"
local folders = require "vise.folder"
local text = require "vise.text"

local M = {}

local function params_of(p)
  local names, rows, header = {}, {}, p.opened.header.params or {}
  for name in pairs(p.values) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local spec = header[name] or {}
    rows[i] = { name = name, value = p.values[name], default = spec.default, help = spec.help, unit = spec.unit }
  end
  return rows
end

-- The texts of the package, by name.
local function recipe_of(p)
  local files = {}
  for _, file in ipairs(p.bytes) do
    if file.name:find "%.lua$" or file.name:find "%.md$" then files[file.name] = file.bytes end
  end
  return files
end

-- The manifest of the first artefact.
local function manifest_of(record, out)
  local first = record.artefacts[1]
  return first and core.disk.read(("%s/%s/%s"):format(out, first.name, folders.MANIFEST)) or nil
end

local function environment_of(record)
  local rows = {
    { "vise", record.vise }, { "engine", record.engine.class }, { "products", record.engine.matmul },
    { "threads", record.threads }, { "CPU", record.cpu },
    { "memory", text.bytes(require("vise.host").memory() or 0) },
    { "recipe", ("%s %s, hash %s"):format(record.recipe.name, record.recipe.version, record.recipe.package) },
  }
  local function add(what, files)
    for _, file in ipairs(files) do
      rows[#rows + 1] = { what .. " " .. file.file, ("%s, SHA-256 %s"):format(text.bytes(file.bytes), file.sha256) }
    end
  end
  add("model", record.model and record.model.files or {})
  add("data", record.data)
  return rows
end

--- The document of a run that has ended.
---@param p vise.Prepared
---@param job vise.Job
---@param status string
---@return table
function M.of(p, job, status)
  local log = p.log
  local record = log.record
  return {
    schema = 1, kind = "run",
    title = ("%s on %s"):format(record.recipe.name,
      record.model and record.model.given:match "[^/]*[^/]/*$" or "no model"),
    run = { id = log.id, recipe = record.recipe.name, version = record.recipe.version, started = record.started,
      seconds = math.floor((core.clock() - log.clock) * 1000) / 1000, command = table.concat(record.command, " "),
      status = status, out = record.artefacts[1] and ("%s/%s"):format(p.out, record.artefacts[1].name) or nil },
    params = params_of(p), quantized = job.quantized, sensitivity = job.rows, metrics = job.metrics,
    images = job.images, texts = job.texts, recipe = recipe_of(p), resolved = p.params_text,
    manifest = manifest_of(record, p.out), environment = environment_of(record), log = log.log,
  }
end

--- Writes report.html into the run's folder.
---@param p vise.Prepared
---@param job vise.Job
---@param status string
---@return true?
---@return string? message
---@return string? id
function M.write(p, job, status)
  return folders.replace(p.log.folder .. "/report.html", require("vise.html").render(M.of(p, job, status)))
end

return M
