--- One side of a comparison: an artefact, an output folder or a logged run, brought into one form.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"
local runs = require "vise.runs"

local disk = core.disk

local M = {}

---@class vise.DiffSide
---@field name string           As given.
---@field kind "artefact"|"run"
---@field recipe? { name: string, version: string, package: string }
---@field params table<string, any>
---@field model table[]         Files: { file, sha256 }.
---@field data table[]
---@field engine table<string, any>
---@field config? table         Of the manifest.
---@field metrics vise.Metric[]
---@field seconds? number
---@field artefact? string      The folder.
---@field manifest? table
---@field source? vise.Source

local function json_of(path)
  if disk.exists(path) ~= "file" then return nil end
  local found = core.json_decode(fail.try(disk.read(path)), path)
  return type(found) == "table" and getmetatable(found) == nil and found or nil
end

local function list(value)
  return type(value) == "table" and value or {}
end

-- Puts what a manifest and its recipe/ say into a side.
local function add_artefact(side, folder)
  local source = fail.try(require("vise.load").resolve(folder))
  local manifest, lock = source.manifest, json_of(("%s/%s/lock.json"):format(folder, folders.RECIPE)) or {}
  side.artefact, side.source, side.manifest = folder, source, manifest
  side.config = manifest.config
  side.recipe = side.recipe or type(lock.recipe) == "table" and lock.recipe or nil
  side.params = side.params or list(lock.params)
  local model = type(lock.model) == "table" and lock.model or manifest.base
  side.model = side.model or list(list(model).files)
  side.data = side.data or list(lock.data)
  local numerics = list(manifest.numerics)
  side.engine = side.engine or type(lock.engine) == "table" and lock.engine or { vise = manifest.vise,
    backend = numerics.backend, blas = numerics.blas, matmul = numerics.matmul }
  return side
end

local function of_run(run, name)
  local record = run.record
  local side = { name = name, kind = "run", recipe = record.recipe, params = record.params,
    model = list(record.model and record.model.files), data = record.data, engine = record.engine,
    metrics = record.metrics, seconds = record.seconds, status = record.status }
  local first, out = record.artefacts[1], list(record.out).path
  local folder = first and type(out) == "string" and out .. "/" .. tostring(first.name)
  if folder and disk.exists(folder .. "/" .. folders.MANIFEST) == "file" then add_artefact(side, folder) end
  return side
end

local function of_artefact(folder, name)
  -- What was measured stands in the output folder around it.
  local summary = json_of((folder:match "^(.*)/[^/]+$" or ".") .. "/run.json") or {}
  return add_artefact({ name = name, kind = "artefact", metrics = list(summary.metrics) }, folder)
end

--- Finds what a word means: an artefact, an output folder with one, a run's folder, an id.
---@param word string
---@param place string  Of the runs.
---@return vise.DiffSide? side
---@return string? message
---@return string? id
function M.open(word, place)
  return fail.catch(function()
    local folder = word:gsub("(.)/+$", "%1")
    for _, at in ipairs { folder, folder .. "/artefact" } do
      if disk.exists(at .. "/" .. folders.MANIFEST) == "file" then return of_artefact(at, word) end
    end
    local record = json_of(folder .. "/run.json")
    if record and record.id then return of_run(fail.try(runs.read(folder)), word) end
    if disk.exists(folder) then
      fail.try(nil, ("%s holds neither an artefact nor the log of a run"):format(core.escape(word)), "E-RU-07")
    end
    if word:find("/", 1, true) then
      fail.try(nil, ("%s: No such file or directory"):format(core.escape(word)), "E-US-06")
    end
    return of_run(fail.try(runs.find(place, word)), word)
  end)
end

return M
