local core = require "vise.core"
local support = require "support"

local PATH = "recipes/quickstart/models/stories260K/tok512.bin"

-- The text of a file.
local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

-- The bytes of a tokenizer file: three marks, 256 bytes, then `pieces` of text and score.
---@param pieces { [1]: string, [2]: number }[]
local function file_of(pieces, longest)
  local out = { ("<i4"):pack(longest or 16) }
  local function add(text, score) out[#out + 1] = ("<fi4"):pack(score, #text) .. text end
  for _, mark in ipairs { "<unk>", "\n<s>\n", "\n</s>\n" } do add(mark, 0) end
  for byte = 0, 255 do add(("<0x%02X>"):format(byte), 0) end
  for _, piece in ipairs(pieces) do add(piece[1], piece[2]) end
  return table.concat(out)
end

local function open_bytes(bytes)
  local path = support.file(bytes)
  local t, message, id = core.tokenizer_open(path)
  os.remove(path)
  return t, message, id
end

-- Pieces, in the order of their ids from 259.
local function tokenizer_of(pieces)
  return assert(open_bytes(file_of(pieces)))
end

-- The oracle: llama2.c's rule by repeated search, quadratic.
local function parse(bytes)
  local ids, scores, at, id = {}, {}, 5, 0
  while at <= #bytes do
    local score, size = ("<fi4"):unpack(bytes, at)
    local text = bytes:sub(at + 8, at + 7 + size)
    if id >= 259 and not ids[text] then ids[text], scores[text] = id, score end
    at, id = at + 8 + size, id + 1
  end
  return ids, scores
end

local function encode_by_hand(text, ids, scores)
  local symbols = {}
  text = text == "" and "" or " " .. text
  local at = 1
  while at <= #text do
    local last = at
    while last - at < 3 and (text:byte(last + 1) or 0) & 0xC0 == 0x80 do last = last + 1 end
    local char = text:sub(at, last)
    if ids[char] then
      symbols[#symbols + 1] = char
    else
      for byte in char:gmatch "." do symbols[#symbols + 1] = byte:byte() end
    end
    at = last + 1
  end
  while true do
    local best, where
    for i = 1, #symbols - 1 do
      local a, b = symbols[i], symbols[i + 1]
      local score = type(a) == "string" and type(b) == "string" and scores[a .. b]
      if score and (not best or score > best) then best, where = score, i end
    end
    if not where then break end
    symbols[where] = symbols[where] .. table.remove(symbols, where + 1)
  end
  for i, s in ipairs(symbols) do symbols[i] = type(s) == "string" and ids[s] or s + 3 end
  return symbols
end

-- Texts of letters that often merge, spaces, other scripts, stray bytes.
local function random_text(seed, length)
  local parts = { " ", "t", "h", "e", "a", "n", "d", "o", "s", "once", "\n", "\u{e9}", "\u{200a}", "\u{1f600}",
    "\x80", "\xff", "\xe2\x80", "\0", "," }
  local state, out = seed, {}
  for i = 1, length do
    state = (state * 1103515245 + 12345) & 0x7fffffff
    out[i] = parts[(state >> 8) % #parts + 1]
  end
  return table.concat(out)
end

local PLAIN = { bos = false }

describe("a tokenizer", function()
  local t = assert(core.tokenizer_open(PATH))

  it("counts its ids", function()
    assert.equal(512, t:size())
    assert.equal(512, #t)
  end)

  it("gives the ids that another implementation gave", function()
    local want = { 1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 400, 428, 395, 392, 412, 444, 426 }
    assert.same(want, t:encode "Once upon a time, there was a little dog named Max.")
  end)

  it("puts begin and end around the ids as asked", function()
    local ids = t:encode("a", PLAIN)
    assert.same({ 1, ids[1] }, t:encode "a")
    assert.same({ 1, ids[1], 2 }, t:encode("a", { eos = true }))
    assert.same({ ids[1], 2 }, t:encode("a", { bos = false, eos = true }))
  end)

  it("gives an empty text no ids", function()
    assert.same({}, t:encode("", PLAIN))
    assert.same({ 1 }, t:encode "")
    assert.equal("", t:decode {})
  end)

  it("agrees with merging by repeated search", function()
    local ids, scores = parse(read(PATH))
    for seed = 1, 60 do
      local text = random_text(seed, seed)
      assert.same(encode_by_hand(text, ids, scores), t:encode(text, PLAIN))
    end
  end)

  it("gives every text back", function()
    for seed = 1, 40 do
      local text = random_text(seed, 3 * seed)
      assert.equal(text, t:decode(t:encode(text)))
      assert.equal(text, t:decode(t:encode(text, { bos = false, eos = true })))
    end
    for byte = 0, 255 do
      local text = string.char(byte)
      assert.equal(text, t:decode(t:encode(text)))
    end
    for _, text in ipairs { " ", "  ", " a", "a ", "\n<s>\n", "<0x41>", "<unk>" } do
      assert.equal(text, t:decode(t:encode(text)))
    end
  end)

  it("drops the space of the beginning there only", function()
    local ids = t:encode("once upon", PLAIN)
    assert.equal("once upon", t:decode(ids))
    assert.equal(" once upon", t:decode(ids, { start = false }))
    assert.equal("once upononce upon", t:decode(table.move(t:encode "once upon", 1, 1 + #ids, #ids + 1, ids)))
  end)

  it("never makes a mark out of text", function()
    for _, text in ipairs { "\n<s>\n", "<s>", "<unk>", "</s>", "<0x0A>" } do
      for _, id in ipairs(t:encode(text, PLAIN)) do assert.is_true(id > 12) end
    end
  end)

  it("takes time that grows with the text, not with its square", function()
    local text = ("once upon a time there was a little dog "):rep(5000)
    local started = os.clock()
    local ids = t:encode(text)
    -- 200,000 bytes: 0.05 s with a heap, minutes by repeated search.
    assert.is_true(os.clock() - started < 5)
    assert.equal(text, t:decode(ids))
  end)

  it("raises for an id that is not there", function()
    assert.error_matches(function() t:decode { 512 } end, "E-TK-07: no id 512: they go from 0 to 511", 1, true)
    assert.error_matches(function() t:decode { -1 } end, "E-TK-07", 1, true)
    assert.error_matches(function() t:decode { 1.5 } end, "ids are integers")
    assert.error_matches(function() t:encode("a", { bis = true }) end, "unknown option 'bis'")
  end)

  it("raises for a text that is too long for one call", function()
    assert.error_matches(function() t:encode(("a"):rep((1 << 24) + 1)) end, "E-TK-06", 1, true)
  end)

  it("cannot be used when closed", function()
    local other = assert(core.tokenizer_open(PATH))
    other:close()
    other:close()
    assert.error_matches(function() other:encode "a" end, "tokenizer is closed")
  end)

  it("leaks nothing, whichever allocation fails", function()
    support.sweep(function()
      local other = core.tokenizer_open(PATH)
      if other then other:close() end
      return other
    end)
    -- text, symbols, heap, and the ids' header and storage
    assert.equal(5, support.sweep(function() return t:encode "once upon a time" end))
  end)
end)

describe("merging", function()
  local function texts(t, text)
    local out = {}
    for i, id in ipairs(t:encode(text, PLAIN)) do out[i] = id - 258 end
    return out
  end

  it("takes the best score first", function()
    local t = tokenizer_of { { " ", 0 }, { "a", 0 }, { "b", 0 }, { "c", 0 }, { "ab", -2 }, { "bc", -1 } }
    assert.same({ 1, 2, 6 }, texts(t, "abc"))
  end)

  it("takes the leftmost of equal scores", function()
    local t = tokenizer_of { { " ", 0 }, { "a", 0 }, { "aa", -1 } }
    assert.same({ 1, 3, 3, 2 }, texts(t, "aaaaa"))
    assert.same({ 1, 3, 2 }, texts(t, "aaa"))
  end)

  it("prefers the lower id of two equal pieces", function()
    local t = tokenizer_of { { " ", 0 }, { "a", 0 }, { "a", 5 } }
    assert.same({ 1, 2 }, texts(t, "a"))
  end)

  it("never merges across bytes without a piece", function()
    local t = tokenizer_of { { " ", 0 }, { "a", 0 }, { "a<0x62>", 0 }, { "<0x62>", 0 } }
    assert.same({ 259, 260, 3 + 0x62, 260 }, t:encode("aba", PLAIN))
  end)

  it("works without a piece for the space", function()
    local t = tokenizer_of { { "a", 0 } }
    assert.same({ 3 + 32, 259 }, t:encode("a", PLAIN))
    assert.equal("a", t:decode { 3 + 32, 259 })
  end)
end)

describe("a hostile tokenizer file", function()
  local good = file_of { { "a", -1 }, { "ab", -2 } }

  local function refused(id, bytes, message)
    local t, why, which = open_bytes(bytes)
    assert.is_nil(t)
    assert.equal(id, which)
    if message then assert.matches(message, why, 1, true) end
  end

  it("is refused when it is cut short", function()
    refused("E-TK-01", "", "0 bytes, too few")
    refused("E-TK-01", good:sub(1, 3))
    refused("E-TK-01", good:sub(1, -2), "piece 260 has 2 bytes")
    refused("E-TK-01", good:sub(1, -6), "piece 260 starts at byte")
  end)

  it("is refused at every cut before the last byte piece", function()
    for size = 0, 259 * 14, 37 do
      local t, _, id = open_bytes(good:sub(1, size))
      assert.is_nil(t)
      assert.is_true(id == "E-TK-01" or id == "E-TK-05")
    end
  end)

  it("is refused for lengths that cannot be", function()
    refused("E-TK-02", ("<i4"):pack(0) .. good:sub(5), "said to have 0 bytes")
    refused("E-TK-02", ("<i4"):pack(-1) .. good:sub(5))
    refused("E-TK-02", ("<i4"):pack(1 << 30) .. good:sub(5), "expected 1 to 1024")
    refused("E-TK-02", good .. ("<fi4"):pack(0, -1), "a length of -1")
    refused("E-TK-02", good .. ("<fi4"):pack(0, 0x7fffffff), "piece 261 has a length of 2147483647")
    refused("E-TK-02", file_of({ { "abcdefgh", 0 } }, 7), "expected 0 to 7")
  end)

  it("is refused for scores that are not finite", function()
    for _, score in ipairs { 0 / 0, 1 / 0, -1 / 0 } do
      refused("E-TK-03", file_of { { "a", 0 }, { "b", score } }, "score of piece 260")
    end
  end)

  it("is refused when it has too many pieces or bytes", function()
    refused("E-TK-04", good .. (("<fi4"):pack(0, 0)):rep(1 << 20), "more than 1048576 pieces")
  end)

  it("is refused without a piece for every byte", function()
    refused("E-TK-05", ("<i4"):pack(16) .. ("<fi4"):pack(0, 1) .. "a", "1 pieces, expected at least 259")
    refused("E-TK-05", (good:gsub("<0x41>", "<0x40>")), "piece 68 is not <0x41>")
  end)

  it("is named when it cannot be opened", function()
    local t, message, id = core.tokenizer_open "/nowhere/tok.bin"
    assert.is_nil(t)
    assert.matches("/nowhere/tok.bin", message, 1, true)
    assert.matches("^E%-%u%u%-%d%d$", id)
  end)

  it("may have empty pieces, which nothing encodes to", function()
    local t = tokenizer_of { { "", 0 }, { "a", 0 } }
    assert.same({ 35, 260 }, t:encode("a", PLAIN))
    assert.equal("", t:decode { 259 })
  end)
end)
