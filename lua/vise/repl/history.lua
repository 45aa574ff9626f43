--- The lines that were typed, in this session and before.
---
--- The file has one entry a line, "\n" and "\\" escaped.  Sessions add to it as they go and never
--- rewrite it, so none loses what another typed.

local core = require "vise.core"

local M = {}

local MOST = 10000

---@class vise.repl.History
---@field entries string[]   The oldest first, each text once.
---@field path? string       nil: nothing is kept.
local History = {}
History.__index = History

local function encode(s)
  return (s:gsub("[\\\n\r]", { ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r" }))
end

local letters = { n = "\n", r = "\r" }
local function decode(s)
  return (s:gsub("\\(.)", function(c) return letters[c] or c end))
end

-- The last MOST lines, each text where it stands last.
local function unique(lines)
  local seen, kept = {}, {}
  for i = #lines, 1, -1 do
    if not seen[lines[i]] and #kept < MOST then
      seen[lines[i]] = true
      kept[#kept + 1] = lines[i]
    end
  end
  local entries = {}
  for i = #kept, 1, -1 do entries[#entries + 1] = decode(kept[i]) end
  return entries
end

-- Read, not mapped: another session may be cutting it down.
local function read(path)
  local f <close> = io.open(path, "rb")
  local text = f and f:read "a" or ""
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

--- Opens the history of a user.
---@param path? string  The file; nil keeps nothing after the session.
---@return vise.repl.History
function M.open(path)
  local self = setmetatable({ path = path, entries = {} }, History)
  if path then self.entries = unique(read(path)) end
  return self
end

local function make_folder(path)
  if path == "" or core.disk.exists(path) then return end
  make_folder(path:match "^(.*)/[^/]*$" or "")
  core.disk.mkdir(path)
end

--- Adds what was typed, unless it begins with a space or is nothing.
---@param line string
---@return true? ok, string? message, string? id  When the file cannot be written; the entry is there.
function History:add(line)
  if not line:find "%S" or line:find "^ " then return true end
  for i = #self.entries, 1, -1 do
    if self.entries[i] == line then
      if i == #self.entries then return true end
      table.remove(self.entries, i)
      break
    end
  end
  self.entries[#self.entries + 1] = line
  if #self.entries > MOST then table.remove(self.entries, 1) end
  if not self.path then return true end
  make_folder(self.path:match "^(.*)/[^/]*$" or "")
  return core.disk.append(self.path, encode(line) .. "\n", MOST)
end

--- The newest entry at or before `from` that holds `part`, and where in it.
---@param part string
---@param from integer
---@return integer? index, integer? at
function History:search(part, from)
  for i = math.min(from, #self.entries), 1, -1 do
    local at = self.entries[i]:find(part, 1, true)
    if at then return i, at end
  end
  return nil
end

--- Where the history of a user lies.
---@return string?
function M.path()
  local state = require("vise.paths").state()
  return state and state .. "/history"
end

return M
