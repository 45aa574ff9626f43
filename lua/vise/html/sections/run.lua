--- The run itself: parameters, recipe, manifest, machine, log, and how to do it again.

local blocks = require "vise.html.blocks"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"
local show = require "vise.show"

local M = {}

local h = markup.h

-- A parameter's value as people type it.
local function value(v)
  if v == nil then return numbers.NONE end
  if type(v) == "string" then return v end
  if type(v) ~= "table" then return type(v) == "userdata" and numbers.NONE or tostring(v) end
  local plain = {}
  for i, item in ipairs(v) do
    if type(item) == "table" then return show.value(v) end
    plain[i] = tostring(item)
  end
  return #plain > 0 and table.concat(plain, ",") or next(v) == nil and "none" or show.value(v)
end

--- Parameters: what they are, and what they would be if nobody had said.
---@param doc table
---@return vise.html.Section?
function M.params(doc)
  local rows = {}
  for i, p in ipairs(doc.params or {}) do
    local now, usual = value(p.value), value(p.default)
    local unit = p.unit and " " .. tostring(p.unit) or ""
    rows[i] = { tostring(p.name), now == usual and h.span { now .. unit } or h.b { now .. unit },
      now == usual and "default" or h.span { class = "warn", "given" }, usual, tostring(p.help or "") }
  end
  if #rows == 0 then return nil end
  return { id = "parameters", title = "Parameters", content = blocks.table({ { "name" }, { "value" }, { "" },
    { "default" }, { "meaning" } }, rows) }
end

--- The recipe's sources, and what its parameters resolved to.
---@param doc table
---@return vise.html.Section?
function M.recipe(doc)
  local names, content = {}, {}
  for name in pairs(doc.recipe or {}) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for i, name in ipairs(names) do
    content[i] = blocks.fold(h.code { name }, blocks.text(doc.recipe[name], 96 * 1024), name == "recipe.lua")
  end
  if doc.resolved then
    content[#content + 1] = blocks.fold("resolved, as data", blocks.text(doc.resolved, 96 * 1024))
  end
  if #content == 0 then return nil end
  return { id = "recipe", title = "Recipe", content = content }
end

--- The manifest of the artefact.
---@param doc table
---@return vise.html.Section?
function M.manifest(doc)
  if not doc.manifest then return nil end
  return { id = "manifest", title = "Manifest", content = blocks.fold(h.code { "quant_config.json" },
    blocks.text(doc.manifest)) }
end

--- The machine and the program.
---@param doc table
---@return vise.html.Section?
function M.environment(doc)
  local rows = {}
  for i, row in ipairs(doc.environment or {}) do
    rows[i] = { tostring(row[1] or row.key), value(row[2] ~= nil and row[2] or row.value) }
  end
  if #rows == 0 then return nil end
  return { id = "environment", title = "Environment", content = blocks.facts(rows) }
end

--- What was said during the run.
---@param doc table
---@return vise.html.Section?
function M.log(doc)
  local lines = {}
  for i, line in ipairs(doc.log or {}) do
    lines[i] = type(line) == "table" and value(line.message or line) or tostring(line)
  end
  if #lines == 0 then return nil end
  local content = blocks.text(table.concat(lines, "\n"), 128 * 1024)
  return { id = "log", title = "Log", content = #lines > 40
    and blocks.fold(("%s lines"):format(numbers.integer(#lines)), content) or content }
end

-- A word for a shell; one that needs no quotes has none.
local function quoted(word)
  if word:find "^[%w%._/=,:+@-]+$" then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- The commands that make this result again.
---@param doc table
---@return vise.html.Section?
function M.again(doc)
  local run, lines = doc.run or {}, {}
  local function add(why, command) lines[#lines + 1] = ("# %s\n%s"):format(why, command) end
  if run.id then add("the same bytes from the run's own folder", "vise rerun " .. quoted(tostring(run.id))) end
  if run.out then
    add("the same bytes from the artefact", "vise run " .. quoted(tostring(run.out) .. "/recipe") .. " --locked")
  end
  if run.command then add("what was typed", tostring(run.command)) end
  if #lines == 0 then return nil end
  return { id = "again", title = "How to repeat it", content = h.pre { markup.lines(table.concat(lines, "\n\n")) } }
end

return M
