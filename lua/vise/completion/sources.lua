--- Values that only files or other tables know: recipes, their parameters, tensors, topics.
---
--- Each is called by its name in a description, `complete = "recipes"`, with the answer to add to, the
--- command line so far and the word before the cursor.

local M = {}

local function add(answer, word, about)
  answer.words[#answer.words + 1] = { word, about }
end

-- The header of a recipe, as far as it can be read.  Its code is not: completing runs nothing.
local function header_of(folder)
  local f <close> = io.open(folder .. "/header.lua", "rb")
  local header = f and require("vise.recipe.literals").parse(f:read "a" or "", "header.lua")
  return type(header) == "table" and header or {}
end

--- The recipes that a name can reach, and folders, which recipes are.
function M.recipes(answer)
  for _, found in ipairs(require("vise.recipe.search").list()) do
    local summary = header_of(found.folder).summary
    add(answer, found.name, type(summary) == "string" and summary or nil)
  end
  answer.files, answer.folders = nil, true
end

-- What a parameter may be, where that is a short list.
local function values_of(spec)
  if spec.type == "boolean" then return { "true", "false" } end
  if type(spec.choices) == "table" then return spec.choices end
  return type(spec.default) == "table" and spec.default or { spec.default }
end

--- The parameters of the recipe that the line names, and their values.
function M.parameters(answer, line, word)
  local folder = line.args.recipe and require("vise.recipe.search").find(line.args.recipe)
  local specs, names = folder and header_of(folder).params, {}
  if type(specs) ~= "table" then return end
  for name, spec in pairs(specs) do
    if type(name) == "string" and type(spec) == "table" then names[#names + 1] = name end
  end
  table.sort(names)
  local given = word:match "^([^=]+)="
  answer.more = not given
  for _, name in ipairs(names) do
    if not given then
      add(answer, name .. "=", type(specs[name].help) == "string" and specs[name].help or nil)
    elseif name == given then
      for _, value in ipairs(values_of(specs[name])) do add(answer, ("%s=%s"):format(name, value)) end
    end
  end
end

-- Names that share a beginning are cut behind the dot after the word: there may be many thousand.
local function add_by_segments(answer, names, word)
  local seen = {}
  for _, name in ipairs(names) do
    if name:sub(1, #word) == word then
      local dot = name:find(".", #word + 1, true)
      local shown = dot and name:sub(1, dot) or name
      if not seen[shown] then add(answer, shown) end
      seen[shown] = true
      answer.more = answer.more or dot ~= nil
    end
  end
end

-- A name or two of many are worth reading whole.
local FEW = 100

--- The tensors of the file or folder that the line names.
function M.tensors(answer, line, word)
  local path = line.args.path and line.args.path:gsub("^~/", (os.getenv "HOME" or "~") .. "/")
  local options = line.options.variant and { variant = line.options.variant } or nil
  local checkpoint <close> = path and require("vise.checkpoint").open(path, options) or nil
  if not checkpoint then return end
  local fitting = {}
  for _, name in ipairs(checkpoint:names()) do
    if name:sub(1, #word) == word then fitting[#fitting + 1] = name end
  end
  if #fitting > FEW then return add_by_segments(answer, fitting, word) end
  for _, name in ipairs(fitting) do add(answer, name) end
end

--- What `vise help` explains.
function M.topics(answer, line, word)
  local cli, describe = require "vise.cli", require "vise.describe"
  if line.args.topic then -- only commands have topics of two words
    local command = cli.command(line.args.topic)
    for _, name in ipairs(command and command.commands or {}) do
      add(answer, name, cli.command(command.name .. " " .. name).summary)
    end
    return
  end
  for _, name in ipairs(cli.names) do add(answer, name, cli.command(name).summary) end
  for _, name in ipairs(describe.names) do
    local part = describe.reference(name)
    add(answer, name, part.summary)
    local before = name == "vise" and "" or name .. (part.kind == "class" and ":" or ".")
    for _, fn in ipairs(before == "" and {} or part.functions) do add(answer, before .. fn.name) end
  end
  if word:find "^[eE]%-" then M.errors(answer) end
end

--- Error ids.
function M.errors(answer)
  local entries, ids = require "vise.errors", {}
  for id in pairs(entries) do ids[#ids + 1] = id end
  table.sort(ids)
  for _, id in ipairs(ids) do add(answer, id, entries[id].title) end
end

return M
