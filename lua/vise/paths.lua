--- Where vise keeps what is not named on the command line: XDG folders, and what came with the program.
---
--- Nothing here makes a folder; who writes into one does.

local disk = require("vise.core").disk

local M = {}

-- An absolute path, as the XDG specification asks for; anything else counts as unset.
local function absolute(name)
  local value = os.getenv(name)
  return value and value:sub(1, 1) == "/" and value:gsub("(.)/+$", "%1") or nil
end

local homes = { config = "/.config", data = "/.local/share", state = "/.local/state", cache = "/.cache" }

local function xdg(kind)
  local base = absolute("XDG_" .. kind:upper() .. "_HOME")
  if not base then
    local home = absolute "HOME"
    base = home and home .. homes[kind]
  end
  return base and base .. "/vise"
end

--- What the user set by hand.
---@return string? folder  nil if there is no home.
function M.config() return xdg "config" end

--- What the user keeps: recipes.
---@return string? folder
function M.data() return xdg "data" end

--- What may be lost without harm to results: histories.
---@return string? folder
function M.state() return xdg "state" end

--- What can be made again.
---@return string? folder
function M.cache() return xdg "cache" end

-- The folder above.
local function parent(path)
  return path and path:match "^(.+)/[^/]+$"
end

--- What came with the program: PREFIX/share/vise beside PREFIX/bin, or the source tree that it was built
--- in (TREE/build/FLAVOUR/vise).
---@return string? folder  It holds recipes/; nil if there is none.
function M.share()
  local program = disk.real "/proc/self/exe"
  local up = parent(parent(program))
  for _, folder in ipairs { up and up .. "/share/vise", parent(up) } do
    if disk.exists(folder .. "/recipes") == "folder" then return folder end
  end
  return nil
end

return M
