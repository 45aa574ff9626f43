--- Texts to calibrate and to measure language models on: from files of stories, of lines, or of ids.
---
---   stories   what stands between "<|endoftext|>" marks, without the white space around it
---   lines     a text a line (SMILES); what the tokenizer has no pieces for, or is too long, is left out
---   raw       the whole file as one text
---   ids       a JSON list of lists of ids, or of ids
---   ids-u16, ids-i32   ids as little-endian numbers, cut into texts of `length`
---
--- What is left out is counted: nothing is silent.

local core = require "vise.core"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local try = fail.try

local M = {}

local STORY_END = "<|endoftext|>"
local MAX_FILE = 1 << 30 -- bytes of a file that is read whole

---@class vise.TextsOptions
---@field format? "auto"|"stories"|"lines"|"raw"|"ids"|"ids-u16"|"ids-i32"
---@field tokenizer? vise.Tokenizer  Of lines: what it cannot encode is left out, and texts are lists of ids.
---@field most? integer    Of lines with a tokenizer: symbols of a line at most, those around it not counted.
---@field length? integer  Of ids-u16 and ids-i32: ids of a text, 512.
---@field first? integer   The first story, line or text that counts, from 1.
---@field last? integer    The last one.

---@class vise.TextsReport
---@field format string
---@field read integer     Stories, lines or texts that the file has, from first to last.
---@field texts integer    Those that are given.
---@field foreign integer  Left out: no piece for a part of them.
---@field long integer     Left out: more symbols than `most`.
---@field empty integer    Left out: nothing in them.

--- Reads a file whole.
---@param path string
---@return string? bytes
---@return string? message
---@return string? id
function M.read_file(path)
  local file, message = io.open(path, "rb")
  if not file then return fail.fail("E-DT-01", "%s", message) end
  local size = file:seek "end"
  if not size or size > MAX_FILE then
    file:close()
    return fail.fail("E-DT-01", "%s: not a file of at most %d bytes", path, MAX_FILE)
  end
  file:seek "set"
  local bytes
  bytes, message = file:read "a"
  file:close()
  if not bytes then return fail.fail("E-DT-01", "%s: %s", path, message or "cannot be read") end
  return bytes
end

-- Each format: a function from the file's bytes to a list of texts, empty ones among them.
local readers = {}

function readers.stories(bytes)
  local stories, at = {}, 1
  while at <= #bytes do
    local first, last = bytes:find(STORY_END, at, true)
    stories[#stories + 1] = bytes:sub(at, (first or 0) - 1):match "^%s*(.-)%s*$"
    at = last and last + 1 or #bytes + 1
  end
  return stories
end

function readers.lines(bytes)
  local lines = {}
  for line in bytes:gmatch "([^\n]*)\n?" do lines[#lines + 1] = line:gsub("\r$", "") end
  if lines[#lines] == "" then lines[#lines] = nil end -- behind the last line's end
  return lines
end

function readers.raw(bytes) return { bytes } end

local function malformed(path, ...) try(fail.fail("E-DT-12", "%s: %s", path, string.format(...))) end

-- A list of ids, checked.
local function ids_of(list, path, index)
  local ids = {}
  for i, value in ipairs(list) do
    ids[i] = type(value) == "number" and math.tointeger(value) or -1
    if ids[i] < 0 or ids[i] >= 1 << 31 then
      malformed(path, "text %d, place %d: %s is no id from 0 to 2^31 - 1", index, i, tostring(value))
    end
  end
  return ids
end

local function is_list(v) return type(v) == "table" and getmetatable(v) ~= nil end

function readers.ids(bytes, path)
  local document, texts = try(core.json_decode(bytes, path)), {}
  if not is_list(document) then malformed(path, "expected a list of ids, or of lists of ids") end
  if not is_list(document[1]) then return { ids_of(document, path, 1) } end
  for i, list in ipairs(document) do
    if not is_list(list) then malformed(path, "text %d is no list of ids", i) end
    texts[i] = ids_of(list, path, i)
  end
  return texts
end

-- Ids of `size` bytes each, `length` to a text.
local function stream(size, format)
  return function(bytes, path, options)
    if #bytes % size ~= 0 then malformed(path, "%d bytes, no multiple of %d", #bytes, size) end
    local texts, length = {}, options.length or 512
    for at = 1, #bytes, size * length do
      local ids = {}
      for place = at, math.min(at + size * length, #bytes + 1) - size, size do
        ids[#ids + 1] = (string.unpack(format, bytes, place))
      end
      texts[#texts + 1] = ids_of(ids, path, #texts + 1)
    end
    return texts
  end
end

readers["ids-u16"], readers["ids-i32"] = stream(2, "<I2"), stream(4, "<i4")

local BY_NAME = { smi = "lines", smiles = "lines", ids = "ids", u16 = "ids-u16", i32 = "ids-i32" }

-- The format that a file seems to have: by its name, else by the marks in it.
local function guess(path, bytes)
  local named = BY_NAME[path:match "%.([^./]*)$"]
  return named or bytes:find(STORY_END, 1, true) and "stories" or "raw"
end

-- One line as ids; nothing and the reason if it is left out.
local function encode(line, options)
  local ids, message, id = options.tokenizer:encode(line)
  if not ids then
    if id == "E-TK-09" then return nil, "foreign" end
    try(nil, message, id)
  end
  if options.most then
    local bare = try(options.tokenizer:encode(line, { bos = false, eos = false }))
    if #bare > options.most then return nil, "long" end
  end
  return ids
end

-- The texts that are kept; the others are counted.
local function keep(list, options, report)
  local texts = {}
  for i = options.first or 1, math.min(options.last or #list, #list) do
    local text, reason = list[i], nil
    report.read = report.read + 1
    if #text == 0 then
      text, reason = nil, "empty"
    elseif options.tokenizer and report.format == "lines" then
      text, reason = encode(text, options)
    end
    if reason then report[reason] = report[reason] + 1 else texts[#texts + 1] = text end
  end
  report.texts = #texts
  return texts
end

--- What was left out, in words; nothing if nothing was.
---@param report vise.TextsReport
---@return string?
function M.left_out(report)
  local words = {}
  for _, reason in ipairs { { "foreign", "with foreign symbols" }, { "long", "too long" }, { "empty", "empty" } } do
    if report[reason[1]] > 0 then words[#words + 1] = ("%d %s"):format(report[reason[1]], reason[2]) end
  end
  return #words > 0 and table.concat(words, ", ") or nil
end

--- Reads several files as one list.  Failures are raised.
---@param paths string[]
---@param options vise.TextsOptions
---@param say fun(line: string)  Told what each file has that is left out.
---@return (string|integer[])[]
function M.read_files(paths, options, say)
  local all = {}
  for _, path in ipairs(paths) do
    local texts, report = try(M.read(path, options))
    local left_out = M.left_out(report)
    if left_out then
      say(("%s: %d texts of %d; left out: %s"):format(core.escape(path), report.texts, report.read, left_out))
    end
    table.move(texts, 1, #texts, #all + 1, all)
  end
  return all
end

local OPTIONS = { format = "string", tokenizer = "table", most = "number", length = "number", first = "number",
  last = "number" }

local function check(options)
  for key, value in pairs(options) do
    local kind = OPTIONS[key]
    if not kind then
      local names = {}
      for name in pairs(OPTIONS) do names[#names + 1] = name end
      fail.raise("E-DT-11", "texts has no option '%s'%s", tostring(key), suggest.hint(tostring(key), names))
    end
    if type(value) ~= kind or kind == "number" and not (math.tointeger(value) and value >= 1) then
      fail.raise("E-DT-11", "option '%s' of texts is %s", key, tostring(value))
    end
  end
  local format = options.format or "auto"
  if format ~= "auto" and not readers[format] then
    fail.raise("E-DT-11", "format is \"%s\", expected auto, stories, lines, raw, ids, ids-u16 or ids-i32", format)
  end
end

local function read(path, options)
  local bytes = try(M.read_file(path))
  local format = options.format or "auto"
  if format == "auto" then format = guess(path, bytes) end
  local report = { format = format, read = 0, foreign = 0, long = 0, empty = 0 }
  local texts = keep(readers[format](bytes, core.escape(path), options), options, report)
  if #texts == 0 then
    local why = M.left_out(report)
    try(fail.fail("E-DT-02", "%s: no usable text in it: %d of %s%s", core.escape(path), report.read, report.format,
      why and ", " .. why or ""))
  end
  return texts, report
end

--- Reads texts.
---@param path string
---@param options? vise.TextsOptions
---@return (string|integer[])[]? texts
---@return vise.TextsReport|string report
---@return string? id
function M.read(path, options)
  check(options or {})
  return fail.catch(read, path, options or {})
end

return M
