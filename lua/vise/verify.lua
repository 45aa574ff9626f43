--- Verify: whether an artefact on disk is what was written, without a model.

local artefact = require "vise.artefact"
local core = require "vise.core"
local folders = require "vise.folder"
local load = require "vise.load"
local packages = require "vise.recipe.package"

local M = {}

---@class vise.Problem
---@field id string
---@field message string
---@field tensor? string  The damaged tensor.

---@class vise.Verification
---@field ok boolean
---@field layout? string
---@field quant_type? string
---@field checkpoint? string   Path of the .safetensors file.
---@field bytes? integer
---@field tensors? integer
---@field hashed boolean       The manifest has hashes, and they were compared.
---@field problems vise.Problem[]

local function check_hashes(source, found)
  local sha256, message, id = core.disk.sha256(source.path)
  if not sha256 then return found(id, message) end
  if sha256 ~= source.about.sha256 then
    found("E-AR-19", ("%s has SHA-256 %s, its manifest says %s"):format(source.path, sha256, source.about.sha256))
  end
  if not artefact.is_sealed(source.text) then
    found("E-AR-19", ("the manifest of %s was changed after it was written"):format(source.path))
  end
end

-- The recipe that an artefact carries: its lock is the one that the manifest knows, and the files are those
-- of the lock.
local function check_recipe(source, found)
  local about = source.manifest and source.manifest.recipe
  local folder = (source.path:match "^(.*)/[^/]*$" or ".") .. "/" .. folders.RECIPE
  if not about then return end
  local lock_path = folder .. "/lock.json"
  local text, message, id = core.disk.read(lock_path)
  if not text then return found(id, message) end
  if core.sha256(text) ~= about.lock_sha256 then
    return found("E-AR-19", ("%s was changed after it was written"):format(core.escape(lock_path)))
  end
  local lock = core.json_decode(text, lock_path)
  for _, file in ipairs(type(lock) == "table" and type(lock.files) == "table" and lock.files or { false }) do
    local name = type(file) == "table" and type(file.name) == "string" and file.name or ""
    if packages.name_problem(name) then
      return found("E-AR-03", ("%s is not the lock of a recipe"):format(core.escape(lock_path)))
    end
    local path = folder .. "/" .. name
    local sha256, why, why_id = core.disk.sha256(path)
    if not sha256 then
      found(why_id, why)
    elseif sha256 ~= file.sha256 then
      found("E-AR-19", ("%s was changed after it was written"):format(core.escape(path)))
    end
  end
end

--- Looks at every byte: manifest, size, header, each tensor's dtype, shape, hash and values, the SHA-256
--- of the file, the recipe beside it.  Goes on after a problem, to name all of them.
---@param given string  A folder or a .safetensors file.
---@return vise.Verification
function M.verify(given)
  local report = { ok = true, hashed = false, problems = core.array {} }
  local function found(id, message, tensor)
    report.ok = false
    report.problems[#report.problems + 1] = { id = id, message = message, tensor = tensor }
  end

  local source, message, id = load.resolve(given)
  if not source then
    found(id, message)
    return report
  end
  report.checkpoint, report.bytes = source.path, core.disk.size(source.path)
  local handle, meta
  handle, meta, id = load.open(source)
  report.layout = source.layout and source.layout.name
  if handle then
    report.quant_type, report.tensors = meta.quant_type, #handle:names()
    source.layout.survey(handle, meta, source.manifest, found)
    handle:close()
  else
    found(id, meta)
  end
  if source.about and source.about.sha256 then
    report.hashed = true
    check_hashes(source, found)
    check_recipe(source, found)
  end
  return report
end

return M
