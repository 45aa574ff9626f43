local core = require "vise.core"
local support = require "support"
local tokenizers = require "vise.tokenizers"

local MODEL = "tests/data/chemts-gpt2-0.5m"

-- Opens a tokenizer.json of these parts beside nothing.
local function open(parts, options)
  local path = support.file(type(parts) == "string" and parts or core.json_encode(parts), ".json")
  local tokenizer, message, id = tokenizers.open(path, options)
  os.remove(path)
  return tokenizer, message, id
end

local function words(vocab, more)
  local parts = { model = { type = "WordLevel", vocab = vocab, unk_token = "<unk>" } }
  for key, value in pairs(more or {}) do parts[key] = value end
  return parts
end

describe("WordLevel", function()
  local tokenizer

  setup(function() tokenizer = assert(tokenizers.open(MODEL)) end)

  it("cuts a line by the longest pieces, between the ids of its ends", function()
    assert.same({ "WordLevel", "longest", 13, 14 }, { tokenizer.kind, tokenizer.split, tokenizer.bos, tokenizer.eos })
    assert.equal(66, tokenizer:count())
    assert.equal(66, #tokenizer)
    local vocab = core.json_decode(assert(core.disk.read(MODEL .. "/tokenizer.json"))).model.vocab
    local want = { 13 }
    local pieces = { "C", "(", "=", "O", ")", "[nH]", "1", "c", "Cl", "C" }
    for i, piece in ipairs(pieces) do want[i + 1] = vocab[piece] end
    want[#want + 1] = 14
    assert.same(want, tokenizer:encode "C(=O)[nH]1cClC")
    assert.equal("C(=O)[nH]1cClC", tokenizer:decode(want))
  end)

  it("leaves the ids of the ends out, or puts them in, as asked", function()
    local plain = open(words({ a = 0, b = 1, ["<s>"] = 2 }))
    assert.same({ 0, 1 }, plain:encode "ab")
    assert.error_matches(function() plain:encode("ab", { bos = true }) end, "this tokenizer has no bos", 1, true)
    local ids = tokenizer:encode("CC", { bos = false, eos = false })
    assert.equal(2, #ids)
    assert.equal(13, tokenizer:encode("CC", { eos = false })[1])
    assert.same({ 13, 14 }, tokenizer:encode "")
  end)

  it("cuts at white space where the file or the caller says so", function()
    local by_file = open(words({ hello = 0, world = 1 }, { pre_tokenizer = { type = "WhitespaceSplit" } }))
    assert.equal("whitespace", by_file.split)
    assert.same({ 0, 1, 0 }, by_file:encode " hello\tworld\n hello")
    assert.equal("hello world", by_file:decode { 0, 1 })
    local by_caller = open(words { hello = 0, world = 1 }, { split = "whitespace" })
    assert.same({ 1, 0 }, by_caller:encode "world hello")
  end)

  it("takes the unknown for what has no piece, or says what has none", function()
    local with = open(words { a = 0, ["<unk>"] = 7 })
    assert.same({ 0, 7, 0, 7 }, with:encode "a\u{e9}ax")
    local spaced = open(words { a = 0, ["<unk>"] = 7 }, { split = "whitespace" })
    assert.same({ 7, 0 }, spaced:encode "xyz a")
    local ids, message, id = tokenizer:encode "CC\u{e9}C"
    assert.is_nil(ids)
    assert.equal("E-TK-09", id)
    assert.matches("at byte 3 of the text", message, 1, true)
  end)

  it("has a hash of the file and of the way it is cut", function()
    local parts = words { a = 0, b = 1 }
    assert.equal(open(parts):hash(), open(parts):hash())
    assert.is_false(open(parts):hash() == open(parts, { split = "whitespace" }):hash())
    assert.is_false(open(parts):hash() == open(words { a = 1, b = 0 }):hash())
  end)

  it("refuses by name what it does not compute", function()
    local cases = {
      { { model = { type = "BPE", vocab = { a = 0 } } }, "a tokenizer of type BPE; WordLevel without" },
      { { model = { type = "Unigram" } }, "type Unigram" }, { { model = { type = "WordPiece" } }, "type WordPiece" },
      { words({ a = 0 }, { normalizer = { type = "Lowercase" } }), "normalizer Lowercase" },
      { words({ a = 0 }, { pre_tokenizer = { type = "Whitespace" } }), "pre-tokenizer Whitespace; open it with" },
      { words({ a = 0 }, { post_processor = { type = "BertProcessing" } }), "post-processor BertProcessing" },
      { { model = { type = "\27[31m" } }, "type \\x1b[31m" },
    }
    for _, case in ipairs(cases) do
      local got, message, id = open(case[1])
      assert.is_nil(got)
      assert.equal("E-TK-08", id, message)
      assert.matches(case[2], message, 1, true)
    end
    assert.is_truthy(open(words({ a = 0 }, { pre_tokenizer = { type = "Whitespace" } }), { split = "longest" }))
  end)

  it("names what is wrong with a file", function()
    local cases = {
      { "[]", "E-TK-10", 'no "model" object' }, { "{", "E-JS-", "" }, { {}, "E-TK-10", 'no "model" object' },
      { { model = { type = "WordLevel" } }, "E-TK-10", 'no "vocab" object' },
      { words {}, "E-TK-10", "" }, { words { a = -1 }, "E-TK-10", 'piece "a" has no id from 0' },
      { words { a = 1.5 }, "E-TK-10", 'piece "a" has no id' }, { words { a = 1 << 20 }, "E-TK-10", 'has no id' },
      { words { a = 2 ^ 63 }, "E-TK-10", 'has no id' },
      { words { a = 0, b = 0 }, "E-TK-10", 'piece "b" and id 0 stand for other things too' },
      { words { [("x"):rep(257)] = 0 }, "E-TK-10", "a piece of 257 bytes" },
      { words { [""] = 0 }, "E-TK-10", "a piece of 0 bytes" },
      { words({ a = 0 }, { added_tokens = core.array { { id = 1, content = "a" } } }), "E-TK-10", "stand for other" },
      { words({ a = 0 }, { added_tokens = core.array { 3 } }), "E-TK-10", "has no content" },
      { words({ a = 0 }, { post_processor = { type = "TemplateProcessing", single = core.array {
        { SpecialToken = { id = "<s>" } } } } }), "E-TK-10", "the vocabulary lacks" },
    }
    for i, case in ipairs(cases) do
      local got, message, id = open(case[1])
      assert.is_nil(got, i)
      assert.equal(case[2], id:sub(1, #case[2]), message)
      assert.matches(case[3], message, 1, true)
    end
  end)

  it("looks at no more than 256 lengths for a place, and at no endless text", function()
    local vocab = {}
    for n = 1, 255 do vocab[("a"):rep(n) .. "b"] = n end
    vocab.a = 0
    local tokens = open(words(vocab))
    local clock = core.clock()
    assert.equal(2000, #tokens:encode(("a"):rep(2000)))
    assert.is_true(core.clock() - clock < 10) -- 0.04 s
    assert.equal("E-TK-06", select(3, tokens:encode(("a"):rep((1 << 24) + 1))))
  end)

  it("refuses ids that there are not, and options of its own making", function()
    local text, message, id = tokenizer:decode { 66 }
    assert.is_nil(text)
    assert.equal("E-TK-07", id)
    assert.matches("no id 66: they go from 0 to 65", message, 1, true)
    for _, f in ipairs {
      function() tokenizer:encode("C", { boz = true }) end, function() tokenizer:encode("C", { bos = 1 }) end,
      function() tokenizer:encode(3) end, function() tokenizers.open(MODEL, { cut = "longest" }) end,
      function() tokenizers.open(MODEL, { split = "bytes" }) end,
    } do
      assert.error_matches(f, "E-TK-12", 1, true)
    end
  end)
end)

describe("vise.tokenizers", function()
  local STORIES = "recipes/quickstart/models/stories260K"

  it("finds the tokenizer of a folder and of a model", function()
    local tokenizer = assert(tokenizers.open(STORIES))
    assert.same({ "llama2.c", 1, 2, 512 }, { tokenizer.kind, tokenizer.bos, tokenizer.eos, tokenizer:count() })
    assert.same({ 1, 403, 407, 261, 378 }, tokenizer:encode "Once upon a time")
    assert.same({ 403, 407, 2 }, tokenizer:encode("Once upon", { bos = false, eos = true }))
    local model <close> = assert(require("vise.models").open(MODEL))
    assert.equal(66, tokenizers.of(model):count())
    local none, message, id = tokenizers.open "tests/data/golden"
    assert.is_nil(none)
    assert.equal("E-TK-11", id)
    assert.matches("no tokenizer.json, tok512.bin, tokenizer.bin in this folder", message, 1, true)
    assert.error_matches(function() tokenizers.open(STORIES, { split = "longest" }) end, "E-TK-12", 1, true)
  end)
end)
