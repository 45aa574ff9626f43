--- Folders and files that are written in one step: whoever looks sees the old one or the new one, whole.
---
--- The files of a folder go to a sibling, DIR.partial-<process>, which takes the target's place by a
--- rename, or by an exchange when there is something already.  So does a file that is replaced.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

--- The file that says that a folder holds an artefact.
M.MANIFEST = "quant_config.json"

--- The folder in an artefact that repeats the run it comes from.
M.RECIPE = "recipe"

--- The number of this process.
---@return integer
function M.own_pid()
  local f = io.open "/proc/self/stat"
  local pid = f and f:read "n" or 0
  if f then f:close() end
  return pid
end

--- Removes what a killed save left beside `dir`: siblings whose process is gone.
local function sweep_leftovers(dir)
  local parent, base = dir:match "^(.*)/([^/]+)$"
  for _, name in ipairs(core.disk.list(parent or ".") or {}) do
    local pid = name:sub(1, #(base or dir) + 9) == (base or dir) .. ".partial-" and name:match "%-(%d+)$"
    if pid and not core.disk.exists("/proc/" .. pid) then
      core.disk.remove_tree((parent and parent .. "/" or "") .. name)
    end
  end
end

--- What a folder holds already, for deciding whether it may be replaced.
---@return string[]? kept     Names of files that are not ours and move along.
---@return string? message
---@return string? id
local function inspect_target(dir)
  local kind = core.disk.exists(dir)
  if not kind then return {} end
  if kind ~= "folder" then return fail.fail("E-AR-13", "%s is a file, expected a folder to save into", dir) end
  local names, message, id = core.disk.list(dir)
  if not names then return nil, message, id end
  local has_manifest = core.disk.exists(dir .. "/" .. M.MANIFEST) == "file"
  if #names > 0 and not has_manifest then
    return fail.fail("E-AR-13", "%s holds %d entries and is no artefact: choose another folder or empty it", dir,
      #names)
  end
  local kept = {}
  for _, name in ipairs(names) do
    local kind_of = core.disk.exists(dir .. "/" .. name)
    local ours = name == M.RECIPE and kind_of == "folder"
    if kind_of ~= "file" and not ours then
      return fail.fail("E-AR-13", "%s/%s is a folder: an artefact folder holds files only", dir, name)
    end
    ours = ours or name == M.MANIFEST or name:find "%.safetensors$"
    if not ours then kept[#kept + 1] = name end
  end
  return kept
end

--- Makes the folders above a path.
---@param path string
---@return true?
---@return string? message
---@return string? id
function M.make_parents(path)
  local at = 1
  while true do
    local slash = path:find("/", at + 1, true)
    if not slash then return true end
    local part = path:sub(1, slash - 1)
    if not core.disk.exists(part) then
      local ok, message, id = core.disk.mkdir(part)
      if not ok then return nil, message, id end
    end
    at = slash
  end
end

--- Runs steps that return ok or nil, message, id, until one fails.
local function each(steps)
  for _, step in ipairs(steps) do
    local ok, message, id = step()
    if not ok then return nil, message, id end
  end
  return true
end

--- The folder that `dir` means: behind a link it is the one the link points at, which is replaced and
--- not the link.
---@return string? folder
---@return string? message
---@return string? id
local function behind_links(dir)
  dir = dir:gsub("(.)/+$", "%1")
  if not core.disk.exists(dir) then return dir end
  local real, message, id = core.disk.real(dir)
  if not real then return nil, message, id end
  if real == core.disk.real "." then
    return fail.fail("E-AR-13", "%s is the current folder, which cannot be replaced: name a folder in it", dir)
  end
  return real
end

local function parent_of(path)
  return path:match "^(.*)/[^/]+$" or "."
end

--- Writes files into a new folder, with the folders that their names need; all of it is synced.
local function put(temp, files)
  local folders, list = { [temp] = true }, {}
  for _, file in ipairs(files) do
    local path = temp .. "/" .. file.name
    local ok, message, id = M.make_parents(path)
    if ok then ok, message, id = core.disk.write(path, file.bytes) end
    if not ok then return nil, message, id end
    local folder = parent_of(path)
    while not folders[folder] do
      folders[folder], list[#list + 1] = true, folder
      folder = parent_of(folder)
    end
  end
  for _, folder in ipairs(list) do
    local ok, message, id = core.disk.sync(folder)
    if not ok then return nil, message, id end
  end
  return true
end

--- Lets `fill(temp)` write a sibling folder, which then takes the place of `dir`.
local function swap_in(dir, fill)
  local message, id
  dir, message, id = behind_links(dir)
  if not dir then return nil, message, id end
  sweep_leftovers(dir)
  local disk, temp = core.disk, ("%s.partial-%d"):format(dir, M.own_pid())
  local there = disk.exists(dir) == "folder"
  local ok
  ok, message, id = each {
    function() return M.make_parents(dir) end,
    function() return disk.mkdir(temp) end,
    function() return fill(temp, dir) end,
    function() return disk.sync(temp) end,
    function() -- the one step that others can see
      if there then return disk.exchange(temp, dir) end
      return disk.rename(temp, dir)
    end,
  }
  if not ok or there then disk.remove_tree(temp) end -- half a save, or the old folder
  if not ok then return nil, message, id end
  disk.sync(parent_of(dir))
  return true
end

--- Writes an artefact folder: the checkpoint first, then the manifest that describes it.
---@param dir string
---@param file string  The checkpoint's name.
---@param entries table[]  { name, tensor } each
---@param metadata table<string, string>
---@param manifest_of fun(sha256: string): string  Gets the hash of what was written, gives the manifest.
---@param more? { name: string, bytes: string }[]  Other files.
---@return true?
---@return string? message
---@return string? id
function M.write(dir, file, entries, metadata, manifest_of, more)
  local kept, message, id = inspect_target(dir)
  if not kept then return nil, message, id end
  return swap_in(dir, function(temp, real)
    local hash
    local steps = {
      function()
        hash, message, id = core.safetensors_write(temp .. "/" .. file, entries, metadata)
        return hash, message, id
      end,
      function() return put(temp, more or {}) end,
    }
    for _, name in ipairs(kept) do
      steps[#steps + 1] = function() return core.disk.link(real .. "/" .. name, temp .. "/" .. name) end
    end
    steps[#steps + 1] = function() return core.disk.write(temp .. "/" .. M.MANIFEST, manifest_of(hash)) end
    return each(steps)
  end)
end

--- Writes a folder of files; one that is there is replaced, with all that it holds.
---@param dir string
---@param files { name: string, bytes: string }[]  Names may have folders in them.
---@return true?
---@return string? message
---@return string? id
function M.put(dir, files)
  return swap_in(dir, function(temp) return put(temp, files) end)
end

--- Writes a file; one that is there is replaced in one step.
---@param path string
---@param bytes string
---@return true?
---@return string? message
---@return string? id
function M.replace(path, bytes)
  local temp = ("%s.partial-%d"):format(path, M.own_pid())
  local ok, message, id = each {
    function() return core.disk.write(temp, bytes) end,
    function() return core.disk.rename(temp, path) end,
  }
  if not ok then
    if core.disk.exists(temp) then core.disk.remove(temp) end
    return nil, message, id
  end
  core.disk.sync(parent_of(path))
  return true
end

return M
