--- Everything that is made from the descriptions: manual, completion scripts, JSON schemas, reference.

local M = {}

---@class vise.docs.File
---@field [1] string  Its path below the folder.
---@field [2] string  Its bytes.

-- The pages of the Lua interface, in the order of their names.
local function pages()
  local texts, files = require("vise.describe").pages(), {}
  for name, text in pairs(texts) do files[#files + 1] = { name, text } end
  table.sort(files, function(a, b) return a[1] < b[1] end)
  return files
end

-- Puts files under a folder.
local function under(folder, files, into)
  for _, file in ipairs(files) do into[#into + 1] = { folder .. "/" .. file[1], file[2] } end
end

--- The files, the same bytes for the same program.
---@return vise.docs.File[]
function M.files()
  local scripts, markdown = require "vise.completion.scripts", require "vise.docs.markdown"
  local files = {}
  under("man", require("vise.docs.man").files(), files)
  under("completions", { { "bash/vise", scripts.bash }, { "zsh/_vise", scripts.zsh },
    { "fish/vise.fish", scripts.fish } }, files)
  under("schemas", require("vise.docs.schemas").files(), files)
  under("reference", { { "commands.md", markdown.commands() }, { "forms.md", markdown.forms() } }, files)
  under("reference", pages(), files)
  local describe = require "vise.describe"
  under("lua", { { "library/vise.lua", describe.stubs() }, { ".luarc.json", describe.luarc() },
    { "reference.json", describe.json() } }, files)
  under("schemas", { { "vise-reference.json", describe.json() } }, files)
  return files
end

--- Writes them.
---@param folder string
---@return integer? count
---@return string? message
---@return string? id
function M.write(folder)
  local disk, files = require("vise.core").disk, M.files()
  for _, file in ipairs(files) do
    local path, at = folder .. "/" .. file[1], 1
    repeat
      at = path:find("/", at + 1, true)
      local parent = at and path:sub(1, at - 1)
      if parent and disk.exists(parent) ~= "folder" then
        local made, message, id = disk.mkdir(parent)
        if not made then return nil, message, id end
      end
    until not at
    local ok, message, id = disk.write(path, file[2])
    if not ok then return nil, message, id end
  end
  return #files
end

return M
