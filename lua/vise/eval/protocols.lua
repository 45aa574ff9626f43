--- Protocols: which ids of some texts a model is given at once, and which of them it has to predict.
--- The same model and text have another perplexity under each, so a figure names its protocol.
---
---   texts      each text from its first id, cut at the context
---   windows    all texts as one, in windows of the context that do not overlap; the rest at the end does not
---              count (GPTQ and its successors)
---   llama.cpp  the same with the id of beginnings in the first place of each window, and only what stands in
---              its second half is predicted
---   sliding    windows that overlap: each predicts what the one before has not, with what came before it in
---              sight (transformers' documentation)
---   rolling    each text whole, from the id of beginnings on; a long one in windows that predict as much as
---              they can, the last one with as much before it as fits (lm-eval)
---
--- A window { ids, first, text } predicts the ids from place `first` on, each from all those before it.

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

---@class vise.eval.Window
---@field ids integer[]
---@field first integer  Place of the first id that is predicted, from 2.
---@field text integer   The number of its text; 0 for all as one.

---@class vise.eval.Plan
---@field protocol string
---@field context integer
---@field stride? integer
---@field windows vise.eval.Window[]
---@field tokens integer     Ids that are predicted.
---@field texts integer
---@field words? integer     Of the texts, where every id of them is predicted.
---@field bytes? integer
---@field token_hash string  Of all windows.
---@field tokenizer_hash? string

local SMALL = 512 -- the context of llama.cpp's figures

-- The id of beginnings: what a tokenizer puts in front of nothing.
local function begin_of(tokenizer)
  if not tokenizer then return nil end
  if type(tokenizer) == "table" and tokenizer.bos ~= nil then return tokenizer.bos end
  return try(tokenizer:encode "")[1]
end

-- The ids of a text, and whether they begin with the id of beginnings.
local function ids_of(source, text)
  local ids = type(text) == "string" and try(source.tokenizer:encode(text)) or text
  return ids, ids[1] ~= nil and ids[1] == source.begin
end

-- All texts as one list of ids.
local function joined(source)
  if type(source.texts[1]) == "string" then return ids_of(source, table.concat(source.texts, source.join)) end
  local all = {}
  for _, ids in ipairs(source.texts) do table.move(ids, 1, #ids, #all + 1, all) end
  return all, all[1] ~= nil and all[1] == source.begin
end

local function part(ids, from, to)
  return table.move(ids, from, to, 1, {})
end

-- Each protocol adds its windows and says whether it predicts every id of the texts.
local protocols = {}

function protocols.texts(source, add)
  local whole = true
  for i, text in ipairs(source.texts) do
    local ids, begun = ids_of(source, text)
    whole = whole and begun and #ids <= source.context
    if #ids > 1 then add(part(ids, 1, math.min(#ids, source.context)), 2, i) end
  end
  return whole
end

function protocols.windows(source, add)
  local ids, n = joined(source), source.context
  for at = 1, #ids - n + 1, n do add(part(ids, at, at + n - 1), 2, 0) end
  return false, #ids
end

protocols["llama.cpp"] = function(source, add)
  local ids, n = joined(source), source.context
  for at = 1, #ids - n + 1, n do
    local window = part(ids, at, at + n - 1)
    window[1] = source.begin or window[1]
    add(window, n // 2 + 2, 0)
  end
  return false, #ids
end

function protocols.sliding(source, add)
  local ids, whole = joined(source)
  local last = 1 -- place of the last id that is not to be predicted any more
  for at = 1, #ids, source.stride do
    local to = math.min(at + source.context - 1, #ids)
    if to > last then add(part(ids, at, to), last - at + 2, 0) end
    last = to
    if to == #ids then break end
  end
  return whole
end

function protocols.rolling(source, add)
  local whole, most = true, source.context
  for i, text in ipairs(source.texts) do
    local ids, begun = ids_of(source, text)
    local start = source.begin or source.finish
    whole = whole and start ~= nil
    if not begun and start then ids = table.move(ids, 1, #ids, 2, { start }) end
    local done = 1 -- the id of beginnings is not predicted
    while done < #ids do
      local to = math.min(done + most, #ids)
      local from = math.max(1, to - most)
      add(part(ids, from, to), done - from + 2, i)
      done = to
    end
  end
  return whole
end

local function size_of(texts, join)
  local all = table.concat(texts, join)
  local _, gaps = all:gsub("%s+", "")
  return gaps + 1, #all
end

-- Words as lm-eval counts them, the parts between white space, and bytes.
local function measure(plan, source)
  if source.protocol == "sliding" then
    plan.words, plan.bytes = size_of(source.texts, source.join)
    return
  end
  plan.words, plan.bytes = 0, 0
  for _, text in ipairs(source.texts) do
    local words, bytes = size_of { text }
    plan.words, plan.bytes = plan.words + words, plan.bytes + bytes
  end
end

--- A hash of lists of ids, and of the places from which on they count.
---@param windows vise.eval.Window[]
---@return string xxh3_128
function M.hash(windows)
  local lines = {}
  for i, window in ipairs(windows) do
    local ids <close> = try(core.tensor_of("i64", { #window.ids }, window.ids))
    lines[i] = ("%d %d %s"):format(#window.ids, window.first, core.xxh3(ids))
  end
  return core.xxh3(table.concat(lines, "\n"))
end

--- The names of the protocols.
---@return string[]
function M.names()
  return { "texts", "windows", "llama.cpp", "sliding", "rolling" }
end

local function check_texts(texts, tokenizer)
  for i, text in ipairs(texts) do
    if type(text) ~= type(texts[1]) then
      fail.raise("E-DT-08", "text %d is a %s, the first one a %s", i, type(text), type(texts[1]))
    end
    if type(text) == "string" and not tokenizer then
      fail.raise("E-DT-08", "text %d is a string: give options.tokenizer, or lists of ids", i)
    end
  end
end

local function check_sizes(context, stride, most)
  if context > most then fail.raise("E-DT-08", "context is %d, the model's is %d", context, most) end
  if stride >= context then
    fail.raise("E-DT-08", "stride is %d, expected less than the context, %d", stride, context)
  end
end

--- The hash of a tokenizer that has one.
---@param tokenizer? vise.Tokenizer
---@return string?
function M.tokenizer_hash(tokenizer)
  return type(tokenizer) == "table" and tokenizer.hash and tokenizer:hash() or nil
end

---@class vise.eval.ProtocolOptions
---@field protocol? "texts"|"windows"|"llama.cpp"|"sliding"|"rolling"
---@field tokenizer? vise.Tokenizer
---@field context? integer  Ids of a window.
---@field stride? integer   Sliding: ids from one window to the next.
---@field join? string      What stands between texts that are taken as one.

--- Cuts texts into windows.
---@param texts string[]|integer[][]
---@param options vise.eval.ProtocolOptions
---@param most integer  The model's context.
---@return vise.eval.Plan
function M.plan(texts, options, most)
  local protocol, tokenizer = options.protocol or "texts", options.tokenizer
  local context = options.context or protocol == "llama.cpp" and math.min(SMALL, most) or most
  local stride = options.stride or math.max(1, context // 2)
  check_sizes(context, stride, most)
  check_texts(texts, tokenizer)
  local source = { protocol = protocol, texts = texts, tokenizer = tokenizer, context = context, stride = stride,
    join = options.join or "\n\n", begin = begin_of(tokenizer),
    finish = type(tokenizer) == "table" and tokenizer.eos or nil }
  local plan = { protocol = protocol, context = context, stride = protocol == "sliding" and source.stride or nil,
    windows = {}, tokens = 0, texts = #texts, tokenizer_hash = M.tokenizer_hash(tokenizer) }
  local whole, found = protocols[protocol](source, function(ids, first, text)
    plan.windows[#plan.windows + 1] = { ids = ids, first = first, text = text }
    plan.tokens = plan.tokens + #ids - first + 1
  end)
  if plan.tokens == 0 and (found or 0) > 0 then
    fail.try(nil, ("%d ids are too few for a window of %d"):format(found, context), "E-EV-01")
  end
  if plan.tokens == 0 then fail.try(nil, ("%d texts hold nothing to predict"):format(#texts), "E-DT-06") end
  if whole and type(texts[1]) == "string" then measure(plan, source) end
  plan.token_hash = M.hash(plan.windows)
  return plan
end

return M
