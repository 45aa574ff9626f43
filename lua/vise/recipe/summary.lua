--- What a recipe is, for people: the few lines before it is trusted, and the whole of it.

local core = require "vise.core"
local needs = require "vise.recipe.needs"
local package_tests = require "vise.recipe.package_tests"
local params = require "vise.recipe.params"
local shape = require "vise.recipe.shape"
local text = require "vise.text"

local M = {}

local MAX_LINE = 76

local function line(s)
  s = text.escape(s)
  return #s <= MAX_LINE and s or shape.shown(s, MAX_LINE - 3)
end

-- A text on two lines at most.
local function add_folded(list, s)
  local first, rest = text.wrap(text.escape(s), MAX_LINE):match "^([^\n]*)\n?(.*)$"
  list[#list + 1] = line(first)
  if rest ~= "" then list[#list + 1] = line((rest:gsub("\n", " "))) end
end

-- How many Lua files the chain has, and how many lines.
local function code_size(recipe)
  local files, lines = 0, 0
  local function count(path)
    local source = core.disk.exists(path) == "file" and core.disk.read(path, 1 << 20)
    if not source then return end
    files, lines = files + 1, lines + select(2, source:gsub("[^\n]+", ""))
  end
  for _, link in ipairs(recipe.chain) do
    count(link.folder .. "/recipe.lua")
    local lib = link.folder .. "/lib"
    for _, name in ipairs(core.disk.exists(lib) == "folder" and core.disk.list(lib) or {}) do
      if name:find "%.lua$" then count(lib .. "/" .. name) end
    end
  end
  return files, lines
end

--- What a person is told before trusting a recipe, in at most five lines.
---@param recipe vise.Recipe
---@return string[]
function M.sentence(recipe)
  local header, extra = recipe.header, needs.clauses(recipe.header)
  local files, lines = code_size(recipe)
  local bases = {}
  for i = 2, #recipe.chain do
    bases[i - 1] = ("%s %s"):format(recipe.chain[i].header.name, recipe.chain[i].header.version)
  end
  local by = header.authors and #header.authors > 0 and " by " .. table.concat(header.authors, ", ") or ""
  local code = ("%d Lua file%s of %d lines%s"):format(files, files == 1 and "" or "s", lines,
    #bases > 0 and ", extends " .. table.concat(bases, ", ") or "")
  local list = { line(("%s %s%s, %s"):format(header.name, header.version, by, header.license)) }
  add_folded(list, header.summary)
  list[#list + 1] = line(code)
  list[#list + 1] = line(#extra > 0 and "beyond --model, --data and --out it " .. table.concat(extra, ", ")
    or "uses --model, --data and --out only, and asks for nothing more")
  return list
end

-- A line or a table of the header as words.
local function words_of(value)
  if type(value) ~= "table" then return shape.shown(value, 200) end
  if value.text then return shape.shown(value.text, 200) end
  local words = {}
  for _, key in ipairs(shape.keys(value)) do
    local v = value[key]
    if type(v) == "table" then v = table.concat(v, ", ") end
    words[#words + 1] = type(key) == "number" and shape.shown(v) or ("%s %s"):format(key, shape.shown(v, 100))
  end
  return table.concat(words, "; ")
end

--- An expected result as a line: "svdq_int4_r8 psnr at least 27.3".
---@param e table
---@return string
function M.expectation(e)
  local bounds = {}
  if e.at_least then bounds[#bounds + 1] = ("at least %g"):format(e.at_least) end
  if e.at_most then bounds[#bounds + 1] = ("at most %g"):format(e.at_most) end
  local about = e.type and e.type .. " " or ""
  return ("%s%s %s%s"):format(about, e.metric, table.concat(bounds, ", "), e.n and (", n = %d"):format(e.n) or "")
end

--- The header as rows of name and words.
---@param recipe vise.Recipe
---@return string[][]
function M.rows(recipe)
  local header, rows = recipe.header, {}
  local function add(name, value)
    if value ~= nil and value ~= "" then rows[#rows + 1] = { name, value } end
  end
  local function joined(list)
    return list and #list > 0 and table.concat(list, ", ") or nil
  end
  add("version", header.version)
  add("kind", header.kind)
  add("license", header.license)
  add("authors", joined(header.authors))
  add("homepage", header.homepage)
  add("tags", joined(header.tags))
  add("extends", header.extends)
  add("replaces", joined(header.replaces))
  for _, name in ipairs { "inputs", "outputs" } do
    for _, key in ipairs(shape.keys(header[name] or {})) do
      add(name == "inputs" and key or "writes " .. key, words_of(header[name][key]))
    end
  end
  add("resources", header.resources and words_of(header.resources))
  add("needs", header.needs and words_of(header.needs))
  return rows
end

--- The parameters as rows: name, what it may be, default, help; the advanced ones apart.
---@param specs table<string, vise.RecipeParam>
---@return string[][] usual
---@return string[][] advanced
function M.params(specs)
  local usual, advanced = {}, {}
  for _, row in ipairs(params.rows(specs)) do
    table.insert(specs[row[1]].advanced and advanced or usual, row)
  end
  return usual, advanced
end

--- The files of the package's own folder that matter to people.
---@param recipe vise.Recipe
---@return string[]
function M.files(recipe)
  local names = {}
  for _, name in ipairs(core.disk.list(recipe.folder) or {}) do
    if name:sub(1, 1) ~= "." then
      local folder = core.disk.exists(recipe.folder .. "/" .. name) == "folder"
      names[#names + 1] = folder and name .. "/" or name
    end
  end
  return names
end

--- Whether a package brings tests.
M.tests = package_tests.list

return M
