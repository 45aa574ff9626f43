--- What may stand inside a string at the cursor: names of tensors, layers and topics, choices, files.

local core = require "vise.core"
local names = require "vise.names"
local options = require "vise.repl.options"
local reach = require "vise.repl.reach"
local text = require "vise.text"

local M = {}

local topics -- { names, summaries }, made once: they are found in many files

--- The topics of help.
---@return string[][] lists
---@return { doc: fun(name: string): string? } about
function M.topics()
  if not topics then
    topics = { {}, {} }
    for _, topic in ipairs(require("vise.describe").topics()) do
      if not topics[2][topic.name] then topics[1][#topics[1] + 1] = topic.name end
      topics[2][topic.name] = topic.summary
    end
    table.sort(topics[1])
  end
  return { topics[1] }, { doc = function(name) return topics[2][name] end }
end

-- Text inside a string literal: what is between the quotes, read as Lua reads it.
local function unquote(inside)
  if not inside:find("\\", 1, true) then return inside end
  local chunk = load('return "' .. inside:gsub('"', '\\"') .. '"', "=literal", "t", {})
  return chunk and chunk() or inside
end

-- How a name is written between quotes: what a terminal must not get, as escapes of Lua.
local function requote(name, quote)
  local out, at = {}, 1
  while at <= #name do
    local last = utf8.len(name, at, at) and utf8.offset(name, 2, at) - 1 or at
    local char = name:sub(at, last)
    if char == "\\" or char == quote then
      out[#out + 1] = "\\" .. char
    elseif text.escape(char) == char then
      out[#out + 1] = char
    else
      out[#out + 1] = char:gsub(".", function(c) return ("\\%03d"):format(c:byte()) end)
    end
    at = last + 1
  end
  return table.concat(out)
end

local PAST = "\xff\xff" -- behind whatever may follow a prefix

-- Does a name begin with a prefix?  Makes no strings: there may be 100,000 names.
local function begins(name, prefix, past)
  return name >= prefix and name < past
end

--- Names as candidates for the inside of a string; with `collapse` only up to the next dot, as folders are.
---@param lists string[][]
---@param inside string  What stands in the string.
---@param quote string
---@param about { collapse?: boolean, suffix?: string, doc?: fun(name: string): string? }
---@return vise.repl.Candidate[]
function M.candidates(lists, inside, quote, about)
  local prefix, found, seen = unquote(inside), {}, {}
  local n, past = #prefix, prefix .. PAST
  local head = about.collapse and #(prefix:match "^.*%." or "")
  local last, last_past -- the group that was entered last: its other members often follow
  local function add(name)
    local dot = about.collapse and name:find(".", n + 1, true)
    local shown = dot and name:sub(1, dot) or name
    if dot then last, last_past = shown, shown .. PAST end
    if seen[shown] then return end
    seen[shown] = true
    found[#found + 1] = {
      text = requote(shown, quote), label = head and shown:sub(head + 1) or shown,
      suffix = not dot and quote .. (about.suffix or "") or nil,
      doc = not dot and about.doc and function() return about.doc(name) end or nil,
    }
  end
  for _, list in ipairs(lists) do
    for _, name in ipairs(list) do
      local skipped = last and begins(name, last, last_past)
      if not skipped and (n == 0 or begins(name, prefix, past)) then add(name) end
    end
  end
  return found
end

--- Files and folders whose path begins with what stands in a string.
function M.files(inside, quote)
  local path = unquote(inside)
  local folder, part = path:match "^(.*/)([^/]*)$"
  folder, part = folder or "", part or path
  local list = core.disk.list(folder == "" and "." or folder) or {}
  local found = {}
  for _, name in ipairs(list) do
    if name:sub(1, #part) == part and (part ~= "" or name:sub(1, 1) ~= ".") then
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

local layer_methods = { layer = true }
local tensor_methods = { tensor = true, info = true, has = true }

-- Lists of the names that a string may hold after these words; nil when it may be a file.
local function string_names(words, env)
  local before = words[#words]
  if not before then return nil end
  local call = before.text == "(" and #words - 1 or #words
  local opener = words[call]
  if before.text == "[" then
    local chain = reach.chain(words, #words - 1)
    local value = chain and reach.value(chain, env)
    if names.has(value) then
      return { names.layer_names(value), names.tensors(value) }, { collapse = true, suffix = "]",
        doc = tensor_doc(value) }
    end
    local keys = {}
    if type(value) == "table" then
      for key in pairs(reach.keys(value)) do keys[#keys + 1] = key end
      table.sort(keys)
    end
    return { keys }, { suffix = "]" }
  elseif opener and opener.kind == "name" then
    if opener.text == "help" then return M.topics() end
    local chain = reach.chain(words, call)
    local method = chain and chain[#chain].kind == ":" and chain[#chain].key
    if layer_methods[method] or tensor_methods[method] then
      local _, owner = reach.value(chain, env)
      if names.has(owner) then
        return { layer_methods[method] and names.layer_names(owner) or names.tensors(owner) },
          { collapse = true, doc = tensor_doc(owner) }
      end
    end
  end
  local list = options.choices(words, env)
  return list and { list }, { doc = function(name)
    local ok, qtype = pcall(require("vise.quant_types").parse, name)
    return ok and qtype.summary or nil
  end }
end

--- The candidates inside a string that has begun.
---@param token vise.repl.Token
---@param words vise.repl.Token[]  Before it.
---@param env table
---@return integer from
---@return vise.repl.Candidate[]
function M.at(token, words, env)
  local quote, inside = token.text:match "^([\"'])(.*)$"
  if not quote then
    local level
    level, inside = token.text:match "^%[(=*)%[(.*)$"
    quote = "]" .. level .. "]"
  end
  local lists, about = string_names(words, env)
  local from = token.last - #inside
  if lists then return from, M.candidates(lists, inside, quote, about) end
  return from, M.files(inside, quote)
end

return M
