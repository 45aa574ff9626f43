--- Values that only files or other tables know: recipes, their parameters, tensors, topics.
---
--- Each is called by its name in a description, `complete = "recipes"`, with the answer to add to, the
--- command line so far and the word before the cursor.

local M = {}

local function add(answer, word, about)
  answer.words[#answer.words + 1] = { word, about }
end

--- The recipes that a name can reach, and folders, which recipes are.
function M.recipes(answer)
  local recipe = require "vise.recipe"
  for _, found in ipairs(recipe.search.list()) do
    local read = recipe.read(found.folder)
    add(answer, found.name, read and read.header.summary)
  end
  answer.files, answer.folders = nil, true
end

-- What a parameter may be, where that is a short list; else its default.
local function values_of(spec)
  if spec.type == "boolean" then return { true, false } end
  return spec.choices or { spec.default }
end

--- The parameters of the recipe that the line names, and their values.  Nothing of the recipe runs.
function M.parameters(answer, line, word)
  local recipe = line.args.recipe or line.args.package
  local read = recipe and require("vise.recipe").read(recipe)
  if not read then return end
  local specs, names, params = read.header.params or {}, {}, require "vise.recipe.params"
  for name in pairs(specs) do names[#names + 1] = name end
  table.sort(names)
  local given = word:match "^([^=]+)="
  answer.more = not given
  for _, name in ipairs(names) do
    if not given then
      add(answer, name .. "=", specs[name].help)
    elseif name == given then
      for _, value in ipairs(values_of(specs[name])) do
        add(answer, ("%s=%s"):format(name, params.show(specs[name], value)))
      end
    end
  end
end

--- Kinds of statistics, as a list with commas.
function M.statistics(answer, _, word)
  local before = word:match "^(.*,)" or ""
  answer.more = true
  for _, name in ipairs(require("vise.statistics.kinds").NAMES) do
    if not ("," .. before):find("," .. name .. ",", 1, true) then add(answer, before .. name) end
  end
end

--- The logged runs, the last first, and the word for it.
function M.runs(answer, line)
  local runs = require "vise.runs"
  local ids = runs.ids(runs.place(line.options.runs))
  add(answer, "last", ids[#ids])
  for i = #ids, 1, -1 do add(answer, ids[i]) end
end

--- The same, and folders with what was made.
function M.results(answer, line)
  M.runs(answer, line)
  answer.folders = true
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

--- What `vise help` explains.  Error ids only where one is begun: there are many.
function M.topics(answer, line, word)
  local cli = require "vise.cli"
  if line.args.topic then -- only commands have topics of two words
    local command = cli.command(line.args.topic)
    for _, name in ipairs(command and command.commands or {}) do
      add(answer, name, cli.command(command.name .. " " .. name).summary)
    end
    return
  end
  for _, topic in ipairs(require("vise.describe.topics").all()) do
    if not topic.name:find " " and (topic.kind ~= "error" or word:find "^E%-") then
      add(answer, topic.name:gsub("^vise%.", ""), topic.summary)
    end
  end
end

--- What `vise explain` explains, besides layers.
function M.subjects(answer)
  for _, name in ipairs(require("vise.explain").topics()) do add(answer, name) end
end

return M
