--- The reference of the command line in markdown.

local cli = require "vise.cli"
local forms = require "vise.forms"
local phrases = require "vise.cli.phrases"
local text = require "vise.text"

local M = {}

local function anchor(path)
  return "vise-" .. path:gsub(" ", "-")
end

-- A cell of a table: a bar would end it.
local function cell(s)
  return (s:gsub("|", "\\|"))
end

-- `x` | y
local function code_row(name, about)
  return ("| `%s` | %s |"):format(cell(name), cell(about))
end

local function table_of(out, heading, rows)
  if #rows == 0 then return end
  out[#out + 1] = ("\n| %s | |\n| --- | --- |"):format(heading)
  table.move(rows, 1, #rows, #out + 1, out)
end

local function synopsis(command)
  local line = "vise " .. command.name
  local words = table.concat(phrases.synopsis(command, true), "\n"):gsub(" ", "\0"):gsub("\n", " ")
  local folded = text.wrap(words, 92, (" "):rep(#line + 5)):gsub("^%s+", ""):gsub("%z", " ")
  return ("    %s %s"):format(line, folded):gsub("%s+$", "")
end

local function value_rows(rows, values, before)
  for _, value in ipairs(values) do
    local name = before .. value[1]
    rows[#rows + 1] = ("| `%s` | `%s` | %s |"):format(name, cell(value[2]), cell(forms.about(value)))
    if value.fields then value_rows(rows, value.fields, name .. (value[2]:find "%[%]" and "[]." or ".")) end
  end
  return rows
end

-- The fields of a form's shapes.
local function form_tables(out, form)
  for _, shape in ipairs(forms.shapes(form)) do
    if shape.title then out[#out + 1] = "\n### " .. shape.title end
    if shape.text then out[#out + 1] = "\n" .. text.wrap(shape.text, 100) end
    out[#out + 1] = ""
    out[#out + 1] = "| field | type | |\n| --- | --- | --- |"
    out[#out + 1] = table.concat(value_rows({}, shape.fields, ""), "\n")
  end
end

local function command_part(out, path)
  local command, rows = cli.command(path), {}
  out[#out + 1] = ("\n## vise %s\n\n%s.\n\n%s\n"):format(path, (command.summary:gsub("^%l", string.upper)),
    (synopsis(command)))
  if command.text then out[#out + 1] = text.wrap(command.text, 100) end
  for _, name in ipairs(command.commands or {}) do
    local sub = cli.command(path .. " " .. name)
    rows[#rows + 1] = ("| [`%s`](#%s) | %s |"):format(name, anchor(sub.name), cell(sub.summary))
  end
  table_of(out, "command", rows)
  rows = {}
  for _, spec in ipairs(command.arguments) do rows[#rows + 1] = code_row(spec.name:upper(), spec.help) end
  table_of(out, "argument", rows)
  rows = {}
  for _, spec in ipairs(command.options) do
    rows[#rows + 1] = code_row(phrases.option(spec), phrases.option_help(spec, true))
  end
  table_of(out, "option", rows)
  out[#out + 1] = ""
  for _, example in ipairs(command.examples) do
    out[#out + 1] = ("    %s\n"):format(example[1]) .. (" "):rep(8) .. example[2]
  end
  if forms.of(path) then out[#out + 1] = ("\nJSON: [forms.md](forms.md#%s)"):format(anchor(path)) end
end

local MADE = "<!-- Made by `make reference` from the descriptions in lua/vise. -->\n\n"

--- The page of all commands.
---@return string
function M.commands()
  local out = { MADE .. "# Commands\n\n    vise COMMAND ...           vise COMMAND --help           vise --version\n"
    .. "    vise FILE.lua ...          a plain Lua script, as `lua` would run it\n" }
  local rows = {}
  for _, path in ipairs(cli.paths()) do
    rows[#rows + 1] = ("| [`%s`](#%s) | %s |"):format(path, anchor(path), cell(cli.command(path).summary))
  end
  table_of(out, "command", rows)
  for _, path in ipairs(cli.paths()) do command_part(out, path) end
  rows = {}
  for _, row in ipairs(require "vise.cli.environment") do rows[#rows + 1] = code_row(row[1], row[2]) end
  out[#out + 1] = "\n## Environment"
  table_of(out, "variable", rows)
  rows = {}
  for _, row in ipairs(require("vise.cli.failure").meanings) do
    rows[#rows + 1] = ("| %d | %s |"):format(row[1], cell(row[2]))
  end
  out[#out + 1] = "\n## Exit status"
  table_of(out, "status", rows)
  return table.concat(out, "\n") .. "\n"
end

--- The page of all JSON: what commands print and files hold.
---@return string
function M.forms()
  local out = { MADE .. "# JSON: what commands print, what files hold\n\n"
    .. text.wrap("Every object carries `schema`, which changes when a key does. Keys that are not listed do not occur. "
      .. "`null` stands for numbers that are not finite. `vise docs DIR` writes the same as JSON schemas.", 100) }
  for _, path in ipairs(cli.paths()) do
    local form = forms.of(path)
    if form then
      out[#out + 1] = ("\n## vise %s"):format(path)
      form_tables(out, form)
    end
  end
  for _, form in ipairs(forms.files()) do
    out[#out + 1] = ("\n## %s\n\n%s"):format(form.title, text.wrap(form.text, 100))
    form_tables(out, form)
  end
  return table.concat(out, "\n") .. "\n"
end

return M
