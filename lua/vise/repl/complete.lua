--- What may stand at the cursor.  Looks only at the text and at what names reach (vise.repl.reach):
--- nothing of a user's is run, and nothing is raised.

local core = require "vise.core"
local docs = require "vise.repl.docs"
local lexer = require "vise.repl.lexer"
local names = require "vise.names"
local reach = require "vise.repl.reach"

local M = {}

---@class vise.repl.Candidate
---@field text string           What stands in place of the word.
---@field label string          What the list shows.
---@field doc? fun(): string?   One line about it.
---@field suffix? string        Follows when it is the only one.

---@class vise.repl.Completion
---@field from integer  Bytes before the word that is completed.
---@field list vise.repl.Candidate[]

--- Commands of the prompt, with what they do.
M.commands = {
  { ".full", "shows the last value without limits" }, { ".help", "how the prompt is used" },
  { ".load", "runs a file: .load FILE" }, { ".quit", "ends the session" },
  { ".save", "writes the lines that succeeded: .save FILE.lua, or .save FOLDER for a recipe" },
}

local function starts(name, prefix)
  return name:sub(1, #prefix) == prefix
end

local function by_label(a, b) return a.label < b.label end

-- Text inside a string literal: what is between the quotes, read as Lua reads it.
local function unquote(inside)
  if not inside:find("\\", 1, true) then return inside end
  local chunk = load('return "' .. inside:gsub('"', '\\"') .. '"', "=literal", "t", {})
  return chunk and chunk() or inside
end

-- How a name is written between quotes.
local function requote(name, quote)
  return (name:gsub("[%c\\\x7f-\xff" .. (quote == "]]" and "" or quote) .. "]", function(c)
    if c:byte() >= 0x80 and utf8.len(name) and not require("vise.text").escape(name):find("\\u", 1, true) then
      return c
    end
    return c:byte() >= 0x20 and c:byte() < 0x7f and "\\" .. c or ("\\%03d"):format(c:byte())
  end))
end

-- Names as candidates for the inside of a string; with `collapse` only up to the next dot, as folders are.
local function string_candidates(list, inside, quote, options)
  local prefix, found, seen = unquote(inside), {}, {}
  local n = #prefix
  local head = options.collapse and #prefix:match "^.*%." or nil
  if options.collapse then head = #(prefix:match "^.*%." or "") end
  for _, name in ipairs(list) do
    if name:sub(1, n) == prefix then
      local dot = options.collapse and name:find(".", n + 1, true)
      local shown = dot and name:sub(1, dot) or name
      if not seen[shown] then
        seen[shown] = true
        found[#found + 1] = {
          text = requote(shown, quote), label = head and shown:sub(head + 1) or shown,
          suffix = not dot and quote .. (options.suffix or "") or nil,
          doc = not dot and options.doc and function() return options.doc(name) end or nil,
        }
      end
    end
  end
  return found
end

-- Files and folders whose path begins with what stands in a string.
local function files(inside, quote)
  local path = unquote(inside)
  local folder, part = path:match "^(.*/)([^/]*)$"
  folder, part = folder or "", part or path
  local list = core.disk.list(folder == "" and "." or folder) or {}
  local found = {}
  for _, name in ipairs(list) do
    if starts(name, part) and (part ~= "" or name:sub(1, 1) ~= ".") then
      local is_folder = core.disk.exists(folder .. name) == "folder"
      found[#found + 1] = { text = requote(folder .. name .. (is_folder and "/" or ""), quote),
        label = name .. (is_folder and "/" or ""), suffix = not is_folder and quote or nil }
    end
  end
  return found
end

-- A line about a tensor of a checkpoint.
local function tensor_doc(object)
  local checkpoint = rawget(object, "checkpoint") or object
  return function(name)
    local info = checkpoint:info(name)
    if info then return ("%s [%s]"):format(info.dtype, table.concat(info.shape, ", ")) end
    local layer = rawget(object, "children") and object:layer(name)
    return layer and ("layer %d x %d"):format(layer.outputs, layer.inputs)
  end
end

-- The topics of help.
local function topics()
  local describe, list = require "vise.describe", {}
  for _, name in ipairs(describe.names) do
    list[#list + 1] = name
    local ref = describe.reference(name)
    for _, fn in ipairs(ref.functions) do
      list[#list + 1] = ref.kind == "class" and name .. ":" .. fn.name
        or name == "vise" and "vise." .. fn.name or name .. "." .. fn.name
    end
  end
  for _, name in ipairs(require("vise.cli").names) do list[#list + 1] = name end
  for id in pairs(require "vise.errors") do list[#list + 1] = id end
  table.sort(list)
  return list
end
M.topics = topics

-- The described argument or option that a value is given for: { name, type, ..., choices, fields }.
local function described_options(words, env)
  local chain, brace = docs.enclosing(words)
  if not chain then return nil end
  local entry = docs.entry(chain, env)
  if not entry then return nil end
  local position, depth = 1, 0
  for i = brace + 1, #words do
    local word = words[i].kind == "symbol" and words[i].text
    if word == "(" or word == "{" or word == "[" then depth = depth + 1 end
    if word == ")" or word == "}" or word == "]" then depth = depth - 1 end
    if word == "," and depth == 0 and words[brace].text == "(" then position = position + 1 end
  end
  -- A method's own object is not among the arguments.
  return entry[2].arguments[position], entry[2]
end

-- The fields that a table given for this argument may have.
local function fields_of(argument)
  if not argument then return {} end
  if argument.fields then return argument.fields end
  for class in argument[2]:gmatch "vise%.[%w.]+" do
    for _, name in ipairs(require("vise.describe").names) do
      local ref = require("vise.describe").reference(name)
      if ref.class == class and ref.fields then return ref.fields end
    end
  end
  if argument[2]:find("vise.Config", 1, true) or argument[1] == "fields" then
    local list = {}
    for name in pairs(require("vise.config_fields").checks) do list[#list + 1] = { name, "any" } end
    return list
  end
  return {}
end

local function find_field(fields, name)
  for _, field in ipairs(fields) do
    if field[1] == name then return field end
  end
end

-- What a value in a table constructor or an argument list may be, when that is a choice.
local function choices(words, env)
  local count = #words
  local key = words[count] and words[count].text == "=" and words[count - 1] and words[count - 1].text
  if key == "quant_type" or key == "fallback" then return require("vise.quant_types").forms end
  local argument = described_options(words, env)
  if key then argument = find_field(fields_of(argument), key) end
  return argument and argument.choices
end

local function layer_names(model)
  local list = names.layers(model)
  for i, layer in ipairs(list) do list[i] = layer.name end
  return list
end

local layer_methods = { layer = true }
local tensor_methods = { tensor = true, info = true, has = true }

-- What names a string may hold after these words; nil when it may be a file.
local function string_names(words, env)
  local before = words[#words]
  if not before then return nil end
  local call = before.text == "(" and #words - 1 or #words
  local opener = words[call]
  if before.text == "[" then
    local chain = reach.chain(words, #words - 1)
    local value = chain and reach.value(chain, env)
    if names.has(value) then
      local list, tensors = layer_names(value), names.tensors(value)
      return table.move(tensors, 1, #tensors, #list + 1, list), { collapse = true, suffix = "]",
        doc = tensor_doc(value) }
    end
    local keys = {}
    if type(value) == "table" then
      for key in pairs(reach.keys(value)) do keys[#keys + 1] = key end
      table.sort(keys)
    end
    return keys, { suffix = "]" }
  elseif opener and opener.kind == "name" then
    if opener.text == "help" then return topics(), {} end
    local chain = reach.chain(words, call)
    local method = chain and chain[#chain].kind == ":" and chain[#chain].key
    if layer_methods[method] or tensor_methods[method] then
      local _, owner = reach.value(chain, env)
      if names.has(owner) then
        return layer_methods[method] and layer_names(owner) or names.tensors(owner),
          { collapse = true, doc = tensor_doc(owner) }
      end
    end
  end
  local list = choices(words, env)
  return list, list and { doc = function(name)
    local ok, qtype = pcall(require("vise.quant_types").parse, name)
    return ok and qtype.summary or nil
  end }
end

local function in_string(token, words, env)
  local quote, inside = token.text:match "^([\"'])(.*)$"
  if not quote then
    local level
    level, inside = token.text:match "^%[(=*)%[(.*)$"
    quote = "]" .. level .. "]"
  end
  local list, options = string_names(words, env)
  local from = token.last - #inside
  if list then return from, string_candidates(list, inside, quote, options) end
  return from, files(inside, quote)
end

-- One line about a value.
local function value_doc(value)
  local kind = type(value)
  if kind == "number" or kind == "boolean" then return tostring(value) end
  if kind == "table" then return names.has(value) and "model" or "table" end
  return kind
end

local function member_doc(chain, name, kind, value, env)
  return function()
    local whole = table.move(chain, 1, #chain, 1, {})
    whole[#whole + 1] = { kind = kind, key = name }
    local entry = docs.entry(whole, env)
    return entry and docs.sentence(entry[2].text) or docs.module(reach.written(whole)) or value_doc(value)
  end
end

-- Fields or methods after "." or ":".
local function members(chain, prefix, kind, env)
  local value, found = reach.value(chain, env), {}
  if value == nil then return found end
  for name, field in pairs(reach.keys(value)) do
    local callable = type(field) == "function"
    local private = name:sub(1, 1) == "_" and prefix:sub(1, 1) ~= "_"
    if starts(name, prefix) and name:find "^[%a_][%w_]*$" and (kind == "." or callable) and not private then
      found[#found + 1] = { text = name, label = name, doc = member_doc(chain, name, kind, field, env),
        suffix = callable and kind == ":" and "(" or nil }
    end
  end
  table.sort(found, by_label)
  return found
end

-- Names that stand for themselves: options, keywords, globals.
local function free_names(words, prefix, env, at_key)
  local found, seen = {}, {}
  local function add(name, doc, suffix)
    if starts(name, prefix) and not seen[name] and name:find "^[%a_][%w_]*$" then
      seen[name] = true
      found[#found + 1] = { text = name, label = name, doc = doc, suffix = suffix }
    end
  end
  if at_key then
    for _, field in ipairs(fields_of(described_options(words, env))) do
      add(field[1], function() return field[3] end, " = ")
    end
    table.sort(found, by_label)
    if prefix == "" and #found > 0 then return found end
  end
  local rest = #found
  if prefix == "" then return found end
  for word in pairs(lexer.keywords) do add(word, function() return "keyword" end) end
  for _, scope in ipairs { env, _G } do
    for name, value in next, scope do
      if type(name) == "string" then
        add(name, member_doc({}, name, "name", value, env))
      end
    end
  end
  local others = table.move(found, rest + 1, #found, 1, {})
  table.sort(others, by_label)
  table.move(others, 1, #others, rest + 1, found)
  return found
end

-- A word after a `?`, and the commands that begin with a dot.
local function at_line_start(head, env)
  local mark, topic = head:match "^(%s*%?%??%s*)([%w_.:]*)$"
  if mark then
    local list = string_candidates(topics(), topic, '"', {})
    for _, candidate in ipairs(list) do candidate.suffix = nil end
    for _, candidate in ipairs(free_names({}, topic, env)) do list[#list + 1] = candidate end
    return #mark, list
  end
  local command, path = head:match "^%s*%.(%a+)%s+(%S*)$"
  if command then
    local list = files(path, "]]")
    for _, candidate in ipairs(list) do candidate.suffix = nil end
    return #head - #path, list
  end
  local word = head:match "^%s*(%.%a*)$"
  if not word then return nil end
  local list = {}
  for _, row in ipairs(M.commands) do
    if starts(row[1], word) then
      list[#list + 1] = { text = row[1], label = row[1], doc = function() return row[2] end, suffix = " " }
    end
  end
  return #head - #word, list
end

local function candidates(head, env)
  local from, list = at_line_start(head, env)
  if from then return from, list end
  local shell = head:match "^%s*%$.-(%S*)$"
  if shell then
    list = files(shell, "]]")
    for _, candidate in ipairs(list) do candidate.suffix = nil end
    return #head - #shell, list
  end
  local words = reach.words(head)
  local last = words[#words]
  if last and last.open then
    if last.kind == "comment" then return #head, {} end
    words[#words] = nil
    return in_string(last, words, env)
  end
  local prefix = ""
  if last and (last.kind == "name" or last.kind == "keyword") and last.last == #head then
    prefix = last.text
    words[#words] = nil
    last = words[#words]
  end
  local before = last and last.text
  if last and (before == "." or before == ":") then
    local chain = reach.chain(words, #words - 1)
    return #head - #prefix, chain and members(chain, prefix, before, env) or {}
  end
  local at_key = before == "{" or before == "," or before == ";"
  return #head - #prefix, free_names(words, prefix, env, at_key)
end

--- What may stand at the cursor of a text.
---@param text string
---@param cursor integer  Bytes before it.
---@param env table       The globals of the session.
---@return vise.repl.Completion
function M.at(text, cursor, env)
  local head = text:sub(1, cursor)
  local ok, from, list = pcall(candidates, head, env)
  if not ok then return { from = cursor, list = {} } end
  return { from = from, list = list }
end

--- What all candidates begin with.
---@param list vise.repl.Candidate[]
---@return string
function M.common(list)
  local prefix = list[1] and list[1].text or ""
  for i = 2, #list do
    local other, n = list[i].text, 0
    while n < #prefix and prefix:byte(n + 1) == other:byte(n + 1) do n = n + 1 end
    prefix = prefix:sub(1, n)
  end
  -- Not half a character, nor half an escape.
  while prefix ~= "" and not utf8.len(prefix) do prefix = prefix:sub(1, -2) end
  return (prefix:gsub("\\%d?%d?%d?$", ""))
end

return M
