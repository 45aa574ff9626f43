--- What is known about the function that a name reaches: from the descriptions of the Lua interface, and
--- for functions of the user from their own source.

local classes = require "vise.describe.classes"
local describe = require "vise.describe"
local reach = require "vise.repl.reach"

local M = {}

-- Full name -> { ref, fn }, made once: "vise.open", "vise.linalg.svd", "tensor:rows".
local described

local function index()
  if described then return described end
  described = {}
  for _, ref in describe.each() do
    for _, fn in ipairs(ref.functions) do described[describe.full_name(ref, fn)] = { ref, fn } end
  end
  return described
end

-- The names of the class that a value is of, and of those it extends.
local function classes_of(value)
  local list, ref = {}, classes.of(value)
  while ref do
    list[#list + 1], ref = ref.name, ref.extends and describe.type_named(ref.extends)
  end
  return list
end

--- The description of the function at the end of a chain.
---@param chain vise.repl.Link[]
---@param env table
---@return { [1]: vise.Reference, [2]: vise.Function }?
function M.entry(chain, env)
  local last = chain[#chain]
  if type(last.key) ~= "string" then return nil end
  local written = reach.written(chain):gsub(":", ".")
  local found = index()[written]
  if found then return found end
  local value, owner = reach.value(chain, env)
  if owner == nil then return nil end
  for _, class in ipairs(classes_of(owner)) do
    found = index()[class .. ":" .. last.key]
    if found then return found end
  end
  return value ~= nil and M.by_value(value)
end

--- The description of a function of `vise` that goes by another name here.
---@param value any
---@return { [1]: vise.Reference, [2]: vise.Function }?
function M.by_value(value)
  if type(value) ~= "function" then return nil end
  local vise = package.loaded.vise
  for name, entry in pairs(index()) do
    local module, field = name:match "^vise%.(.-)%.?([%w_]+)$"
    local at = module == "" and vise or module and rawget(vise, module)
    if type(at) == "table" and rawequal(rawget(at, field), value) then return entry end
  end
  return nil
end

--- What a module of `vise` is for.
---@param name string  "vise.linalg"
---@return string?
function M.module(name)
  name = name:gsub("^vise%.", "")
  for _, ref in describe.each() do
    if ref.name == name and ref.kind == "module" then return ref.summary end
  end
  return nil
end

--- The first sentence of a text.
---@param text string
---@return string
function M.sentence(text)
  local flat = text:gsub("%s+", " ")
  return flat:match "^(.-%.)%s+%u" or flat
end

local function is_optional(argument)
  return argument.optional or argument.default ~= nil or argument.otherwise ~= nil
end

-- "(a, b [, c])" of a described function.
local function arguments_of(fn)
  local words = {}
  for i, argument in ipairs(fn.arguments) do
    local word = (i > 1 and ", " or "") .. argument[1]
    words[i] = is_optional(argument) and "[" .. word .. "]" or word
  end
  return "(" .. table.concat(words) .. ")"
end

-- The same of a function whose names only the debug library knows.
local function parameters_of(f, method)
  local info, words = debug.getinfo(f, "u"), {}
  for i = method and 2 or 1, info.nparams do words[#words + 1] = debug.getlocal(f, i) end
  if info.isvararg then words[#words + 1] = "..." end
  return "(" .. table.concat(words, ", ") .. ")"
end

-- The lines of the file or input that a function was written in.
local function lines_of(f, sources)
  local source, list = debug.getinfo(f, "S").source, {}
  local whole = sources[source]
  if not whole and source:sub(1, 1) == "@" then
    local ok, embedded = pcall(require, "vise.embedded") -- a stock Lua has only the files
    whole = ok and embedded(source:sub(2))
    if not whole then
      local file <close> = io.open(source:sub(2), "rb")
      whole = file and file:read "a"
    end
  end
  if not whole then return nil end
  for line in (whole .. "\n"):gmatch "([^\n]*)\n" do list[#list + 1] = line end
  return list
end

--- The source of a function.
---@param f function
---@param sources table<string, string>  Chunk name -> what was typed.
---@return string?
function M.source(f, sources)
  local info, lines = debug.getinfo(f, "S"), lines_of(f, sources)
  if not lines or info.linedefined < 1 then return nil end
  return table.concat(lines, "\n", info.linedefined, math.min(info.lastlinedefined, #lines))
end

--- The comment above a function.
---@param f function
---@param sources table<string, string>
---@return string?  Whole lines.
function M.comment(f, sources)
  local lines, found = lines_of(f, sources), {}
  local at = debug.getinfo(f, "S").linedefined - 1
  while lines and lines[at] and lines[at]:find "^%s*%-%-" do
    table.insert(found, 1, (lines[at]:gsub("^%s*%-%-+ ?", "  ")))
    at = at - 1
  end
  return #found > 0 and table.concat(found, "\n") .. "\n" or nil
end

--- What a function is for, from its description or the comment above it.
---@param chain vise.repl.Link[]
---@param value any
---@param env table
---@return string?
function M.about(chain, value, env)
  local entry = M.entry(chain, env)
  if entry then return M.sentence(entry[2].text) end
  local comment = type(value) == "function" and M.comment(value, {})
  return comment and M.sentence((comment:gsub("^%s+", ""):gsub("%s*@.*$", ""):gsub("%s+$", ""))) or nil
end

--- One line about the function that a chain reaches: how it is called and what it does.
---@param chain vise.repl.Link[]
---@param env table
---@return string? line
function M.hint(chain, env)
  local entry = M.entry(chain, env)
  if entry then
    return ("%s%s  %s"):format(reach.written(chain), arguments_of(entry[2]), M.sentence(entry[2].text))
  end
  local value = reach.value(chain, env)
  if type(value) ~= "function" or debug.getinfo(value, "S").what == "C" then return nil end
  local about = M.about(chain, value, env)
  return reach.written(chain) .. parameters_of(value, chain[#chain].kind == ":") .. (about and "  " .. about or "")
end

-- The function whose arguments stand at the end of `words`: its chain.
local function enclosing(words)
  local depth = 0
  for i = #words, 1, -1 do
    local word = words[i].text
    if words[i].kind == "symbol" then
      if word == ")" or word == "}" or word == "]" then
        depth = depth + 1
      elseif word == "(" or word == "{" or word == "[" then
        if depth == 0 then
          local chain = word ~= "[" and words[i - 1] and words[i - 1].kind ~= "keyword" and reach.chain(words, i - 1)
          if chain and chain[#chain].kind ~= "[" then return chain, i end
        else
          depth = depth - 1
        end
      end
    end
  end
  return nil
end
M.enclosing = enclosing

--- The hint for a text with the cursor at its end.
---@param text string
---@param env table
---@return string?
function M.hint_at(text, env)
  local words = reach.words(text)
  local last = words[#words]
  if not last then return nil end
  if last.open then
    words[#words] = nil
    local chain = reach.chain(words, #words)
    local line = chain and M.hint(chain, env)
    if line then return line end
  elseif last.kind == "name" then
    local chain = reach.chain(words, #words)
    local line = chain and M.hint(chain, env)
    if line then return line end
  end
  local chain = enclosing(words)
  return chain and M.hint(chain, env)
end

--- The description of the class of a value.
M.class = classes.of

return M
