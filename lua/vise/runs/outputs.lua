--- What a run left in its output folder: artefacts and other files, with their hashes.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"

local disk = core.disk

local M = {}

---@class vise.Output
---@field name string                 Below the output folder; "." for the folder itself.
---@field files { file: string, bytes: integer, sha256: string }[]

local function entry(path, name)
  return { file = name, bytes = fail.try(disk.size(path)), sha256 = fail.try(disk.sha256(path)) }
end

-- Every regular file below a folder.
local function walk(folder, prefix, list)
  for _, name in ipairs(fail.try(disk.list(folder))) do
    local path = folder .. "/" .. name
    local kind = disk.exists(path)
    if kind == "folder" then
      walk(path, prefix .. name .. "/", list)
    elseif kind == "file" then
      list[#list + 1] = entry(path, prefix .. name)
    end
  end
  return list
end

--- The files of a folder, by name.
---@param folder string
---@return { file: string, bytes: integer, sha256: string }[]
function M.files(folder)
  return walk(folder, "", core.array {})
end

--- What the names that a job gave out hold now.
---@param out string
---@param names string[]
---@return vise.Output[] artefacts
---@return { file: string, bytes: integer, sha256: string }[] others
function M.of(out, names)
  local artefacts, others, seen = core.array {}, core.array {}, {}
  for _, name in ipairs(names) do
    local path = (out .. "/" .. name):gsub("/+$", "")
    local kind = not seen[path] and disk.exists(path)
    seen[path] = true
    if kind == "folder" and disk.exists(path .. "/" .. folders.MANIFEST) == "file" then
      artefacts[#artefacts + 1] = { name = name, files = M.files(path) }
    elseif kind == "folder" then
      walk(path, name .. "/", others)
    elseif kind == "file" then
      others[#others + 1] = entry(path, name)
    end
  end
  return artefacts, others
end

--- The first difference between two lists of files.
---@param before table[]
---@param after table[]
---@return string? difference  nil if they are the same.
function M.difference(before, after)
  local new = {}
  for _, file in ipairs(after) do new[file.file] = file end
  for _, old in ipairs(before) do
    local now = new[old.file]
    if not now then return ("%s is missing"):format(core.escape(old.file)) end
    if now.sha256 ~= old.sha256 then
      return ("%s has other bytes (%d, were %d)"):format(core.escape(old.file), now.bytes, old.bytes)
    end
    new[old.file] = nil
  end
  local extra = next(new)
  return extra and ("%s is new"):format(core.escape(extra)) or nil
end

return M
