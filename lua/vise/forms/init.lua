--- The forms of JSON: what `--json` prints and what files hold, described once.
---
--- lua/vise/forms/COMMAND.lua (a subcommand's in a folder) and, of files, lua/vise/forms/files/NAME.lua:
---
---   { fields = { { "schema", "integer", "of this form", const = 1 }, ... } }
---   { shapes = { { title = "one tensor", text = "With --histogram.", fields = ... }, ... } }
---
--- A form of files also has `name`, `title`, `summary` and `text`.  A field is { name, type, text }, its type a
--- LuaCATS type: string, integer, number, boolean, null, any, T[], table<string, T>, A|B; `fields` say
--- what a table, or each of table[], holds.  `optional`: may be absent; `choices`: the strings it
--- may be; `const`: the one value it has.

local cli = require "vise.cli"

local M = {}

---@class vise.FormField
---@field [1] string  Its name.
---@field [2] string  Its type.
---@field [3] string  What it is.
---@field optional? boolean  May be absent.
---@field needed? boolean    Must be there, where most may be absent.
---@field choices? string[]
---@field const? any
---@field fields? vise.FormField[]

---@class vise.FormShape
---@field title? string
---@field text? string
---@field fields vise.FormField[]

---@class vise.Form
---@field name? string     Of files.
---@field title? string
---@field summary? string
---@field text? string
---@field fields? vise.FormField[]
---@field shapes? vise.FormShape[]
---@field schema? fun(): table  Where the fields are described in words, with a schema of their own.

-- The commands whose --json is described, and the formats of files.
local commands = {
  "run", "runs", "runs show", "runs compare", "rerun", "diff",
  "recipes list", "recipes show", "recipes params", "recipes check", "recipes add", "recipes pack", "recipes lock",
  "recipes record", "recipes from",
  "inspect", "calibrate", "stats show", "stats merge", "stats convert",
  "eval", "compare", "verify", "export", "bench", "doctor", "explain", "help",
}
local files = { "config", "recipe", "artefact", "run", "lock", "expected" }

local has = {}
for _, path in ipairs(commands) do has[path] = true end

--- The form of a command's JSON.
---@param path string
---@return vise.Form?
function M.of(path)
  return has[path] and require("vise.forms." .. path:gsub(" ", ".")) or nil
end

--- The forms of files.
---@return vise.Form[]
function M.files()
  local list = {}
  for i, name in ipairs(files) do list[i] = require("vise.forms.files." .. name) end
  return list
end

--- The paths of all commands that print JSON.
---@return string[]
function M.commands()
  local list = {}
  for _, path in ipairs(cli.paths()) do
    for _, spec in ipairs(cli.command(path).options) do
      if spec.name == "json" then list[#list + 1] = path end
    end
  end
  return list
end

--- The shapes that a form may take, at least one.
---@param form vise.Form
---@return vise.FormShape[]
function M.shapes(form)
  return form.shapes or { { fields = form.fields } }
end

--- What a field is, with what its type does not say.
---@param field vise.FormField
---@return string
function M.about(field)
  local notes = {}
  if field.const ~= nil then notes[#notes + 1] = "always " .. tostring(field.const) end
  if field.choices then notes[#notes + 1] = table.concat(field.choices, ", ") end
  if field.needed then notes[#notes + 1] = "needed" end
  if field.optional then notes[#notes + 1] = "may be absent" end
  if #notes == 0 then return field[3] end
  return ("%s (%s)"):format(field[3], table.concat(notes, "; "))
end

return M
