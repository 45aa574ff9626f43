--- The form of run.json: what must be there before anything of it is used.

local packages = require "vise.recipe.package"

local M = {}

-- A word: the types, "?" for what may be absent.  { form } is a list; anything else an object.
local files = { { file = "string", bytes = "integer", sha256 = "string" } }
local FORM = {
  schema = "integer", id = "string", status = "string", started = "string", finished = "string?", seconds = "number?",
  failed = "integer", host = "string?", pid = "integer?", began = "integer?", label = "string?", cpu = "string?",
  threads = "integer?", vise = "string", command = { "string" },
  recipe = { name = "string", version = "string", package = "string" },
  engine = { vise = "string", backend = "string", blas = "string", class = "string" },
  params = "table",
  model = { optional = true, given = "string", path = "string", variant = "string?", files = files },
  data = { { given = "string", path = "string", file = "string", sha256 = "string" } },
  out = { optional = true, given = "string", path = "string" },
  metrics = { { name = "string", value = "number|string", unit = "string?", better = "string?" } },
  quantized = { { label = "string", layers = "integer", bits_per_weight = "number", file_bytes = "integer" } },
  artefacts = { { name = "name", files = files } },
  outputs = files,
  results = "table",
  error = { optional = true, id = "string", message = "string" },
}

local function is_object(value)
  return type(value) == "table" and getmetatable(value) == nil
end

local kinds = {
  string = function(v) return type(v) == "string" end,
  integer = function(v) return math.type(v) == "integer" end,
  number = function(v) return type(v) == "number" end,
  table = function(v) return type(v) == "table" end,
  -- Of a file that a command opens: not a way out of its folder.
  name = function(v) return type(v) == "string" and packages.name_problem(v) == nil end,
}

local function word_problem(value, word, where)
  if value == nil and word:sub(-1) == "?" then return nil end
  for kind in word:gsub("%?$", ""):gmatch "[^|]+" do
    if kinds[kind](value) then return nil end
  end
  return ("%s must be %s"):format(where, (word:gsub("%?$", ""):gsub("|", " or ")))
end

local function problem_of(value, form, where)
  if type(form) == "string" then return word_problem(value, form, where) end
  if form[1] then
    if type(value) ~= "table" then return where .. " must be a list" end
    for i, item in ipairs(value) do
      local problem = problem_of(item, form[1], ("%s[%d]"):format(where, i))
      if problem then return problem end
    end
    return nil
  end
  if value == nil and form.optional then return nil end
  if not is_object(value) then return where .. " must be an object" end
  for name, field in pairs(form) do
    local problem = name ~= "optional" and problem_of(value[name], field, where == "" and name or where .. "." .. name)
    if problem then return problem end
  end
  return nil
end

--- What is wrong with a record.
---@param record any  Decoded JSON.
---@return string? problem
function M.problem(record)
  if not is_object(record) or record.schema ~= 1 then return "expected an object of schema 1" end
  return problem_of(record, FORM, "")
end

return M
