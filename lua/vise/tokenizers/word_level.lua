--- WordLevel: a vocabulary of whole words, from Hugging Face's tokenizer.json.  What the file asks for and
--- this program does not do is refused by name; nothing is left out silently.
---
--- A text is cut at white space, or by the longest piece of the vocabulary at each place: the latter where
--- the file has no pre-tokenizer, so that a line without spaces (SMILES) becomes symbols.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

local MAX_IDS = 1 << 20
local MAX_PIECE = 256 -- bytes: as many looks at most for each place of a text
local MAX_TEXT = 1 << 24

local INSTEAD = "give lists of ids instead of texts"

---@class vise.tokenizers.WordLevel
---@field split "longest"|"whitespace"
---@field bos? integer
---@field eos? integer
---@field ids table<string, integer>
---@field pieces table<integer, string>
---@field special table<integer, boolean>
---@field unknown? integer
---@field before integer[]  What the file puts in front of a text.
---@field after integer[]
---@field total integer
local WordLevel = {}
WordLevel.__index = WordLevel

local function is_object(v) return type(v) == "table" and getmetatable(v) == nil end

local function is_list(v) return type(v) == "table" and not is_object(v) end

local function absent(v) return v == nil or v == core.null end

local function malformed(path, ...) fail.try(fail.fail("E-TK-10", "%s: %s", path, string.format(...))) end

local function refuse(path, what)
  fail.try(fail.fail("E-TK-08", "%s: %s; WordLevel without normalizer is read: %s", path, what, INSTEAD))
end

-- The type of a part of the file, escaped for a message.
local function type_of(part)
  return core.escape(tostring(is_object(part) and part.type))
end

-- A part that does nothing: absent, or a sequence of nothing.
local function is_empty(part, list)
  return absent(part) or is_object(part) and part.type == "Sequence" and is_list(part[list]) and #part[list] == 0
end

local function add(self, piece, id, path)
  id = type(id) == "number" and math.tointeger(id) or -1
  if id < 0 or id >= MAX_IDS then
    malformed(path, "piece %q has no id from 0 to %d", core.escape(piece), MAX_IDS - 1)
  end
  if piece == "" or #piece > MAX_PIECE then
    malformed(path, "a piece of %d bytes, expected 1 to %d", #piece, MAX_PIECE)
  end
  local there, other = self.ids[piece], self.pieces[id]
  if there and there ~= id or other and other ~= piece then
    malformed(path, "piece %q and id %d stand for other things too", core.escape(piece), id)
  end
  self.ids[piece], self.pieces[id] = id, piece
  self.total = math.max(self.total, id + 1)
end

local function read_vocabulary(self, model, path)
  if not is_object(model.vocab) then malformed(path, 'model has no "vocab" object') end
  local names = {}
  for piece in pairs(model.vocab) do names[#names + 1] = piece end
  table.sort(names)
  for _, piece in ipairs(names) do add(self, piece, model.vocab[piece], path) end
  if #names == 0 then malformed(path, "the vocabulary is empty") end
  self.unknown = self.ids[model.unk_token]
end

local function read_added(self, added, path)
  if absent(added) then return end
  if not is_list(added) then malformed(path, '"added_tokens" is no list') end
  for _, token in ipairs(added) do
    if not is_object(token) or type(token.content) ~= "string" then malformed(path, "an added token has no content") end
    add(self, token.content, token.id, path)
    self.special[token.id] = token.special == true
  end
end

local SPLITS = { WhitespaceSplit = "whitespace" }

local function split_of(document, path, wanted)
  local part = document.pre_tokenizer
  if wanted then return wanted end
  if is_empty(part, "pretokenizers") then return "longest" end
  if is_object(part) and SPLITS[part.type] then return SPLITS[part.type] end
  return fail.try(fail.fail("E-TK-08", '%s: pre-tokenizer %s; open it with split = "longest" or "whitespace", or %s',
    path, type_of(part), INSTEAD))
end

-- What a template puts around a text.
local function read_template(self, part, path)
  if is_empty(part, "processors") then return end
  if not is_object(part) or part.type ~= "TemplateProcessing" or not is_list(part.single) then
    refuse(path, "post-processor " .. type_of(part))
  end
  local into = self.before
  for _, item in ipairs(part.single) do
    local token = is_object(item) and is_object(item.SpecialToken) and item.SpecialToken.id
    if token then
      local id = self.ids[token]
      if not id then malformed(path, "the template has a piece that the vocabulary lacks") end
      into[#into + 1] = id
    elseif is_object(item) and item.Sequence then
      into = self.after
    end
  end
end

-- A document beside the tokenizer; an empty table where there is none.
local function beside(path, name)
  local other = path:gsub("[^/]*$", "") .. name
  if core.disk.exists(other) ~= "file" then return {} end
  local text = fail.try(core.disk.read(other))
  local document = fail.try(core.json_decode(text, other))
  return is_object(document) and document or {}
end

-- The id of a special token: by name in one of the documents beside, or by number in config.json.
local function special_id(self, path, name)
  for _, file in ipairs { "tokenizer_config.json", "special_tokens_map.json" } do
    local token = beside(path, file)[name .. "_token"]
    if is_object(token) then token = token.content end
    if type(token) == "string" then return self.ids[token] end
  end
  local id = beside(path, "config.json")[name .. "_token_id"]
  id = type(id) == "number" and math.tointeger(id)
  return self.pieces[id] and id or nil
end

-- The lengths of pieces by their first byte, the longest first.
local function lengths_of(ids)
  local seen, lengths = {}, {}
  for piece in pairs(ids) do
    local first = piece:byte()
    seen[first] = seen[first] or {}
    seen[first][#piece] = true
  end
  for first, set in pairs(seen) do
    local list = {}
    for length in pairs(set) do list[#list + 1] = length end
    table.sort(list, function(a, b) return a > b end)
    lengths[first] = list
  end
  return lengths
end

--- Reads the bytes of a tokenizer.json; failures are raised as vise.Failure.
---@param file string
---@param bytes string
---@param options vise.TokenizerOptions
---@return vise.tokenizers.WordLevel
function M.read(file, bytes, options)
  local path = core.escape(file)
  local document = fail.try(core.json_decode(bytes, file))
  if not is_object(document) or not is_object(document.model) then malformed(path, 'no "model" object') end
  local kind = type_of(document.model)
  if kind ~= "WordLevel" then refuse(path, "a tokenizer of type " .. kind) end
  if not is_empty(document.normalizer, "normalizers") then
    refuse(path, "normalizer " .. type_of(document.normalizer))
  end
  local self = setmetatable({ ids = {}, pieces = {}, special = {}, before = {}, after = {}, total = 0 }, WordLevel)
  read_vocabulary(self, document.model, path)
  read_added(self, document.added_tokens, path)
  self.split = split_of(document, path, options.split)
  read_template(self, document.post_processor, path)
  self.bos, self.eos = special_id(self, file, "bos"), special_id(self, file, "eos")
  self.lengths = lengths_of(self.ids)
  return self
end

-- The id and length of the longest piece at `at`; nil if there is none.
local function longest(self, text, at)
  for _, length in ipairs(self.lengths[text:byte(at)] or {}) do
    local id = self.ids[text:sub(at, at + length - 1)]
    if id and at + length - 1 <= #text then return id, length end
  end
end

local function missing(piece, at)
  return fail.fail("E-TK-09", "no piece for %q at byte %d of the text", core.escape(piece), at)
end

local cutters = {}

-- Bytes of the character at `at`.
local function character(text, at)
  return text:match("^[\x00-\x7F\xC2-\xF4][\x80-\xBF]*", at) or text:sub(at, at)
end

function cutters.longest(self, text, ids)
  local at = 1
  while at <= #text do
    local id, length = longest(self, text, at)
    if not id then
      local piece = character(text, at)
      id, length = self.unknown, #piece
      if not id then return missing(piece, at) end
    end
    ids[#ids + 1] = id
    at = at + length
  end
  return ids
end

function cutters.whitespace(self, text, ids)
  for at, word in text:gmatch "()(%S+)" do
    local id = self.ids[word] or self.unknown
    if not id then return missing(#word > 40 and word:sub(1, 40) .. "..." or word, at) end
    ids[#ids + 1] = id
  end
  return ids
end

-- What stands around a text: what the file says, none of it, or the one id.
local function around(self, wanted, template, name)
  if wanted == false then return {} end
  if wanted == nil or #template > 0 then return template end
  if not self[name] then fail.raise("E-TK-12", "this tokenizer has no %s", name) end
  return { self[name] }
end

function WordLevel:encode(text, options)
  if #text > MAX_TEXT then
    return fail.fail("E-TK-06", "a text of %d bytes, expected at most %d at once", #text, MAX_TEXT)
  end
  local before = around(self, options.bos, self.before, "bos")
  local after = around(self, options.eos, self.after, "eos")
  local ids, message, id = cutters[self.split](self, text, table.move(before, 1, #before, 1, {}))
  if not ids then return nil, message, id end
  return table.move(after, 1, #after, #ids + 1, ids)
end

function WordLevel:decode(ids)
  local parts = {}
  for _, id in ipairs(ids) do
    if math.type(id) ~= "integer" or id < 0 or id >= self.total then
      return fail.fail("E-TK-07", "no id %s: they go from 0 to %d", tostring(id), self.total - 1)
    end
    if not self.special[id] then parts[#parts + 1] = self.pieces[id] or "" end
  end
  return table.concat(parts, self.split == "whitespace" and " " or "")
end

function WordLevel:count() return self.total end

function WordLevel.close() end

return M
