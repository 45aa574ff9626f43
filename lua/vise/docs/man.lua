--- The pages of the manual: one for the program, one for each command, one for what they share, one for
--- each format of files.

local cli = require "vise.cli"
local forms = require "vise.forms"
local phrases = require "vise.cli.phrases"
local roff = require "vise.docs.roff"

local M = {}

-- The day of the version: pages say when they were made, and the same sources make the same bytes.
local RELEASED = "2026-11-22"

local function page_name(path)
  return "vise-" .. path:gsub(" ", "-")
end

local function new(name, section, summary)
  return roff.page(name, section, summary, "vise " .. require "vise.version", RELEASED)
end

-- One name or several with commas, each bold.
local function terms(names)
  return (names:gsub("[^, ]+", function(name) return roff.bold(name) end))
end

local function add_environment(page)
  page:section "ENVIRONMENT"
  for _, row in ipairs(require "vise.cli.environment") do page:item(terms(row[1]), row[2]) end
end

local function add_statuses(page)
  page:section "EXIT STATUS"
  for _, row in ipairs(require("vise.cli.failure").meanings) do page:item(("%d"):format(row[1]), row[2]) end
end

local function add_synopsis(page, command)
  page:section "SYNOPSIS"
  page:line(roff.bold("vise " .. command.name))
  for _, piece in ipairs(phrases.synopsis(command, true)) do page:line(roff.synopsis(piece)) end
end

local function add_commands(page, names, of)
  page:section "COMMANDS"
  for _, name in ipairs(names) do
    local path = of and of .. " " .. name or name
    page:item(("\\fB%s\\fR(1)"):format(roff.plain(page_name(path))), cli.command(path).summary)
  end
end

local function add_values(page, values, before)
  for _, value in ipairs(values) do
    local name = before .. value[1]
    page:item(("%s (%s)"):format(roff.bold(name), roff.plain(value[2])), forms.about(value))
    if value.fields then add_values(page, value.fields, name .. (value[2]:find "%[%]" and "[]." or ".")) end
  end
end

local function add_form(page, form)
  page:section "JSON"
  for _, shape in ipairs(forms.shapes(form)) do
    if shape.text then page:text(shape.text) end
    add_values(page, shape.fields, "")
  end
end

--- The page of one command.
---@param path string
---@return string
function M.command(path)
  local command = cli.command(path)
  local page = new(page_name(path), 1, command.summary)
  add_synopsis(page, command)
  page:section "DESCRIPTION"
  page:text(command.text or command.summary .. ".")
  if command.commands then add_commands(page, command.commands, path) end
  if #command.arguments > 0 then page:section "ARGUMENTS" end
  for _, spec in ipairs(command.arguments) do
    page:item(("\\fI%s\\fR"):format(roff.plain(spec.name:upper())), spec.help)
  end
  page:section "OPTIONS"
  for _, spec in ipairs(command.options) do
    page:item(roff.synopsis(phrases.option(spec)), phrases.option_help(spec, true))
  end
  page:item(roff.synopsis "-h" .. ", " .. roff.synopsis "--help", "the short or the whole help")
  page:section "EXAMPLES"
  for _, example in ipairs(command.examples) do page:item(roff.bold(example[1]), example[2]) end
  local form = forms.of(path)
  if form then add_form(page, form) end
  page:see { { "vise", 1 }, { "vise", 7 } }
  return page:bytes()
end

--- The page of the program.
---@return string
function M.program()
  local page = new("vise", 1, "post-training quantization, scripted in Lua")
  page:section "SYNOPSIS"
  for i, words in ipairs { "COMMAND ...", "--help", "--version", "FILE.lua ..." } do
    if i > 1 then page:line ".br" end
    page:line(roff.bold "vise")
    page:line(roff.synopsis(words))
  end
  page:section "DESCRIPTION"
  page:text("vise holds the work and squeezes it: it makes the weights of a model smaller after training, measures "
    .. "what that costs, and writes a checkpoint that says how it was made. What it does stands in recipes, which are "
    .. "Lua; a plain Lua script runs too, with the words behind it as its arguments.")
  page:section "FIRST STEPS"
  for _, row in ipairs(require("vise.cli.usage").first_steps()) do page:item(roff.bold(row[1]), row[2]) end
  add_commands(page, cli.names)
  add_environment(page)
  add_statuses(page)
  page:see { { "vise", 7 }, { "vise-recipe", 5 }, { "vise-artefact", 5 }, { "lua5.4", 1 } }
  return page:bytes()
end

--- The overview: what the commands have in common.
---@return string
function M.overview()
  local page = new("vise", 7, "what the commands of vise have in common")
  for _, part in ipairs(require "vise.docs.overview") do
    page:section(part[1]:upper())
    page:text(part[2])
  end
  add_environment(page)
  add_statuses(page)
  page:see { { "vise", 1 }, { "vise-recipe", 5 }, { "vise-artefact", 5 } }
  return page:bytes()
end

--- The page of a format of files.
---@param form vise.Form
---@return string
function M.format(form)
  local page = new("vise-" .. form.name, 5, form.summary)
  page:section "DESCRIPTION"
  page:text(form.text)
  for _, shape in ipairs(forms.shapes(form)) do
    page:section(shape.title and shape.title:upper() or "FIELDS")
    if shape.title then page:text(shape.text) end
    add_values(page, shape.fields, "")
  end
  page:see { { "vise", 1 }, { "vise", 7 } }
  return page:bytes()
end

--- Every page: { path below a folder of manuals, text }.
---@return { [1]: string, [2]: string }[]
function M.files()
  local list = { { "man1/vise.1", M.program() }, { "man7/vise.7", M.overview() } }
  for _, path in ipairs(cli.paths()) do
    list[#list + 1] = { ("man1/%s.1"):format(page_name(path)), M.command(path) }
  end
  for _, form in ipairs(forms.files()) do
    list[#list + 1] = { ("man5/vise-%s.5"):format(form.name), M.format(form) }
  end
  return list
end

return M
