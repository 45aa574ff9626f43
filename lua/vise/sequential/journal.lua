--- Journals: what a quantization block by block has done so far, in a folder of its own, so that another
--- program can go on from there.
---
---   journal.json              what it is of (fingerprint), how far it got, which files count
---   chain-<n>-<part>.safetensors   the states behind block n
---   layers-<n>.safetensors         the layers made in stage n
---
--- The live chain is kept, not computed again: running the blocks before would give it other bits where
--- anything differs, and whoever goes on has to get the same.  journal.json is replaced in one step after
--- the files it names are there; files that it does not name are left over and count for nothing.

local core = require "vise.core"
local fail = require "vise.fail"
local folder = require "vise.folder"
local journal_form = require "vise.sequential.journal_form"

local try, disk = fail.try, core.disk

local M = {}

local FORMAT, VERSION, FILE = "vise_journal", 1, "journal.json"

---@class vise.Journal
---@field path string          The folder.
---@field fingerprint table<string, string>
---@field stage integer        The last that is done; -1: none.
---@field states? table        Of vise.States, behind that stage.
---@field stages table[]       What each stage made: { layers = reports, summaries }.
local Journal = {}
Journal.__index = Journal

local function path_of(self, file) return self.path .. "/" .. file end

local function is_ours(name)
  return name == FILE or name:find "^journal%.json%.partial%-%d+$" or name:find "^layers%-%d+%.safetensors"
    or name:find "^chain%-%d+%-%d+%.safetensors" or name:find "^inputs%-%d+%.safetensors"
end

-- The files of a folder; raises E-SQ-04 for one that is no journal's.
local function files_of(path)
  local kind = disk.exists(path)
  if not kind then return {} end
  local names = kind == "folder" and try(disk.list(path)) or {}
  for _, name in ipairs(kind == "folder" and names or { path }) do
    if kind ~= "folder" or not is_ours(name) then
      fail.try(nil, ("%s holds %s, expected the journal of a quantization: choose another folder"):format(path,
        core.escape(name)), "E-SQ-04")
    end
  end
  return names
end

local function damaged(path, what)
  fail.try(nil, ("%s/%s: %s: the journal is damaged; quantize without resume"):format(path, FILE, what), "E-SQ-05")
end

-- What a journal says; nil if there is none.
local function read(path)
  if disk.exists(path .. "/" .. FILE) ~= "file" then return nil end
  local text = try(disk.read(path .. "/" .. FILE))
  local ok, plain = pcall(core.json_decode, text, path)
  if not ok or type(plain) ~= "table" or plain.format ~= FORMAT then damaged(path, "it is no journal") end
  if plain.version ~= VERSION then
    damaged(path, ("version %s, expected %d"):format(tostring(plain.version), VERSION))
  end
  local problem = journal_form.problem(plain)
  if problem then damaged(path, problem) end
  return plain
end

-- Raises E-SQ-03 for the journal of something else: by the names of what differs.
local function compare(path, theirs, ours)
  local differ = {}
  for name, value in pairs(ours) do
    if theirs[name] ~= value then differ[#differ + 1] = name end
  end
  table.sort(differ)
  if #differ > 0 then
    fail.try(nil, ("%s cannot be resumed: made with another %s; quantize without resume to begin again"):format(path,
      table.concat(differ, ", ")), "E-SQ-03")
  end
end

--- Opens the journal of a folder: the one there if `resume` asks for it, else a new one in its place.
---@param path string
---@param fingerprint table<string, string>
---@param resume boolean
---@return vise.Journal
function M.open(path, fingerprint, resume)
  local self = setmetatable({ path = path, fingerprint = fingerprint, stage = -1, stages = core.array {} }, Journal)
  local names, found = files_of(path), resume and read(path) or nil
  if found then
    compare(path, found.fingerprint, fingerprint)
    self.stage, self.states, self.stages, self.fingerprint.data = found.stage, found.states, found.stages,
      found.fingerprint.data
  end
  self:sweep(names)
  if not disk.exists(path) then
    try(folder.make_parents(path))
    try(disk.mkdir(path))
  end
  return self
end

--- Raises E-SQ-03 unless what was calibrated on is what the journal began with.
---@param hash string
function Journal:check_data(hash)
  if self.fingerprint.data then compare(self.path, { data = self.fingerprint.data }, { data = hash }) end
  self.fingerprint.data = hash
end

-- Removes files that do not count.
function Journal:sweep(names)
  local counts = { [FILE] = self.stage >= 0 }
  for _, file in ipairs(self.states and self.states.files or {}) do counts[file] = true end
  for _, stage in ipairs(self.stages) do counts[stage.file or ""] = true end
  for _, name in ipairs(names) do
    if not counts[name] then try(disk.remove(path_of(self, name))) end
  end
end

--- Where the layers of a stage go.
---@param stage integer
---@return string path
---@return string file
function Journal:layers_path(stage)
  local file = ("layers-%d.safetensors"):format(stage)
  return path_of(self, file), file
end

--- Fails with E-SQ-05 for a journal that does not hold what its stages need.
---@param what string
function Journal:damaged(what)
  damaged(self.path, what)
end

--- Notes that a stage is done: what it made, and the states behind it, which lie in files by now.
---@param stage integer
---@param made table       Plain data.
---@param states? vise.States  nil behind the last.
function Journal:done(stage, made, states)
  self.stages[#self.stages + 1] = made
  self.stage, self.states = stage, states and states:describe()
  try(folder.replace(path_of(self, FILE), assert(core.json_encode({ format = FORMAT, version = VERSION,
    fingerprint = self.fingerprint, stage = stage, states = self.states, stages = self.stages }, 1)) .. "\n"))
end

--- Removes the folder.
function Journal:remove()
  disk.remove_tree(self.path)
end

--- Removes the folder if there is nothing in it to go on from.
function Journal:leave()
  if self.stage < 0 then self:remove() end
end

return M
