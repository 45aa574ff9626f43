--- Tokenizers: text into ids and back.  Two kinds of files are read: the pieces with scores of llama2.c
--- (tok512.bin) and Hugging Face's tokenizer.json, of which the model type WordLevel.

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.TokenizerOptions
---@field split? "longest"|"whitespace"  WordLevel: how a text is cut into pieces; the file's way if not given.

---@class vise.EncodeOptions
---@field bos? boolean  Begin with the id of beginnings; as the tokenizer's file says if not given.
---@field eos? boolean  End with the id of ends; likewise.

---@class vise.Tokenizer
---@field kind "llama2.c"|"WordLevel"
---@field split? "longest"|"whitespace"
---@field bos? integer  The id of beginnings.
---@field eos? integer  The id of ends.
local Tokenizer = {}
Tokenizer.__index = Tokenizer

local ENCODE = { "bos", "eos" }

local function check_options(options, known, verb)
  for key, value in pairs(options) do
    local there = false
    for _, name in ipairs(known) do there = there or name == key end
    if not there then
      fail.raise("E-TK-12", "%s has no option '%s'%s", verb, tostring(key), suggest.hint(tostring(key), known))
    end
    if type(value) ~= "boolean" then fail.raise("E-TK-12", "option '%s' of %s is a %s", key, verb, type(value)) end
  end
end

--- The ids of a text.
---@param text string
---@param options? vise.EncodeOptions
---@return integer[]? ids  From 0.
---@return string? message
---@return string? id
function Tokenizer:encode(text, options)
  options = options or {}
  check_options(options, ENCODE, "encode")
  if type(text) ~= "string" then fail.raise("E-TK-12", "encode takes a string, got a %s", type(text)) end
  return self.engine:encode(text, options)
end

--- The text that ids stand for.
---@param ids integer[]
---@param options? { start?: boolean }  start = false: the ids continue a text.
---@return string? text
---@return string? message
---@return string? id
function Tokenizer:decode(ids, options)
  check_options(options or {}, { "start" }, "decode")
  return self.engine:decode(ids, options or {})
end

--- How many ids there are.
---@return integer
function Tokenizer:count()
  return self.engine:count()
end

--- A hash of the file and of how it is used: equal hashes, equal ids.
---@return string  32 hex digits.
function Tokenizer:hash()
  return self.digest
end

--- Frees its memory at once.
function Tokenizer:close()
  self.engine:close()
end

Tokenizer.__close = Tokenizer.close
Tokenizer.__len = Tokenizer.count

local function tokenizer_of(engine, kind, bytes)
  local own = ("%s %s %s %s"):format(kind, engine.split or "", engine.bos or "", engine.eos or "")
  return setmetatable({ engine = engine, kind = kind, split = engine.split, bos = engine.bos, eos = engine.eos,
    digest = core.xxh3(own .. "\n" .. bytes) }, Tokenizer)
end

-- The tokenizer of llama2.c, whose ids 1 and 2 begin and end a text.
local Pieces = { bos = 1, eos = 2 }
Pieces.__index = Pieces

function Pieces:encode(text, options) return self.pieces:encode(text, options) end
function Pieces:decode(ids, options) return self.pieces:decode(ids, options) end
function Pieces:count() return self.pieces:size() end
function Pieces:close() self.pieces:close() end

local NAMES = { "tokenizer.json", "tok512.bin", "tokenizer.bin" } -- in a model's folder, the surest first

local function file_of(path)
  if core.disk.exists(path) ~= "folder" then return path end
  local folder = path:gsub("/+$", "")
  for _, name in ipairs(NAMES) do
    if core.disk.exists(folder .. "/" .. name) == "file" then return folder .. "/" .. name end
  end
  return fail.fail("E-TK-11", "%s: no %s in this folder", core.escape(path), table.concat(NAMES, ", "))
end

local SPLITS = { longest = true, whitespace = true }

--- Opens a tokenizer.
---@param path string  A file, or the folder of a model.
---@param options? vise.TokenizerOptions
---@return vise.Tokenizer? tokenizer
---@return string? message
---@return string? id
function M.open(path, options)
  options = options or {}
  for key, value in pairs(options) do
    if key ~= "split" then fail.raise("E-TK-12", "open has no option '%s'", tostring(key)) end
    if not SPLITS[value] then fail.raise("E-TK-12", "split is %s, expected \"longest\" or \"whitespace\"", value) end
  end
  local file, message, id = file_of(path)
  if not file then return nil, message, id end
  local bytes
  bytes, message, id = core.disk.read(file)
  if not bytes then return nil, message, id end
  if file:find "%.json$" then
    local engine
    engine, message, id = fail.catch(require("vise.tokenizers.word_level").read, file, bytes, options)
    return engine and tokenizer_of(engine, "WordLevel", bytes), message, id
  end
  if options.split then fail.raise("E-TK-12", "split is an option of tokenizer.json files, not of %s", file) end
  local pieces
  pieces, message, id = core.tokenizer_open(file)
  return pieces and tokenizer_of(setmetatable({ pieces = pieces }, Pieces), "llama2.c", bytes), message, id
end

--- Opens the tokenizer in a model's folder.
---@param model vise.Model
---@param options? vise.TokenizerOptions
---@return vise.Tokenizer? tokenizer
---@return string? message
---@return string? id
function M.of(model, options)
  expect.model(model, "tokenizers.of", "forward")
  return M.open(model.checkpoint.folder, options)
end

return M
