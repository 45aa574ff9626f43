local data = require "vise.data"
local support = require "support"
local tokenizers = require "vise.tokenizers"

-- Reads a file of these bytes.
local function texts(bytes, options, suffix)
  local path = support.file(bytes, suffix)
  local list, report, id = data.texts(path, options)
  os.remove(path)
  return list, report, id
end

local function refused(id, text, bytes, options, suffix)
  local list, message, got = texts(bytes, options, suffix)
  assert.is_nil(list)
  assert.equal(id, got, message)
  assert.matches(text, message, 1, true)
end

describe("data.texts", function()
  it("goes by the file's name, then by the marks in it", function()
    local cases = {
      { "a\nb\n", ".smi", "lines", { "a", "b" } }, { "a\nb", ".smiles", "lines", { "a", "b" } },
      { "a<|endoftext|> b ", ".txt", "stories", { "a", "b" } }, { "a\nb\n", ".txt", "raw", { "a\nb\n" } },
      { "[1, 2]", ".ids", "ids", { { 1, 2 } } }, { "\1\0\2\1", ".u16", "ids-u16", { { 1, 258 } } },
      { "\1\0\0\0\2\1\0\0", ".i32", "ids-i32", { { 1, 258 } } },
    }
    for _, case in ipairs(cases) do
      local list, report = assert(texts(case[1], nil, case[2]))
      assert.equal(case[3], report.format)
      assert.same(case[4], list)
    end
  end)

  it("takes lines with either end, and counts empty ones", function()
    local list, report = assert(texts("CC\r\n\n\nCO\n", { format = "lines" }))
    assert.same({ "CC", "CO" }, list)
    assert.same({ 4, 2, 2 }, { report.read, report.texts, report.empty })
    assert.equal("2 empty", require("vise.data.texts").left_out(report))
  end)

  it("leaves out lines with foreign symbols or too many, and counts them", function()
    local tokenizer = assert(tokenizers.open "tests/data/chemts-gpt2-0.5m")
    local list, report = assert(texts("CC\nCX\nCCCCCC\nCCl\n", { format = "lines", tokenizer = tokenizer, most = 5 }))
    assert.same({ 13, 14 }, { list[1][1], list[1][#list[1]] })
    assert.same({ 4, 4 }, { #list[1], #list[2] }) -- Cl is one symbol
    assert.same({ 4, 2, 1, 1 }, { report.read, report.texts, report.foreign, report.long })
    assert.equal("1 with foreign symbols, 1 too long", require("vise.data.texts").left_out(report))
  end)

  it("takes a part of the file", function()
    local list, report = assert(texts("a\nb\nc\nd\n", { format = "lines", first = 2, last = 3 }))
    assert.same({ "b", "c" }, list)
    assert.equal(2, report.read)
    assert.same({ "d" }, (texts("a\nb\nc\nd\n", { format = "lines", first = 4, last = 99 })))
  end)

  it("reads ids: lists of lists, and numbers cut to a length", function()
    assert.same({ { 1, 2 }, { 3 } }, (texts("[[1, 2], [3]]", { format = "ids" })))
    assert.same({ { 1, 2 }, { 3 } }, (texts("\1\0\2\0\3\0", { format = "ids-u16", length = 2 })))
    assert.same({ { 7 } }, (texts("[[], [7]]", { format = "ids" })))
  end)

  it("names what is wrong with ids", function()
    local ids = { format = "ids" }
    refused("E-DT-12", "text 1, place 2: 1.5 is no id", "[1, 1.5]", ids)
    refused("E-DT-12", "text 2, place 1: -1 is no id", "[[1], [-1]]", ids)
    refused("E-DT-12", "text 1, place 1: 2147483648 is no id", "[2147483648]", ids)
    refused("E-DT-12", "text 2 is no list of ids", "[[1], 2]", ids)
    refused("E-DT-12", "expected a list of ids", "{}", ids)
    refused("E-DT-12", "3 bytes, no multiple of 2", "abc", { format = "ids-u16" })
    refused("E-DT-12", "place 1: -1 is no id", "\255\255\255\255", { format = "ids-i32" })
    refused("E-DT-02", "no usable text in it", "[]", ids)
  end)

  it("says why nothing is left", function()
    local tokenizer = assert(tokenizers.open "tests/data/chemts-gpt2-0.5m")
    refused("E-DT-02", "no usable text in it: 3 of lines, 2 with foreign symbols, 1 empty", "X\n\nZ\n",
      { format = "lines", tokenizer = tokenizer })
    refused("E-DT-02", "no usable text in it: 0 of lines", "a\n", { format = "lines", first = 2 })
    refused("E-DT-02", "no usable text", "", { format = "raw" })
    local list, _, id = data.texts "/nowhere/a.smi"
    assert.is_nil(list)
    assert.equal("E-DT-01", id)
  end)

  it("refuses options that it does not have", function()
    local wrong = { { form = "raw" }, { format = "csv" }, { most = 0 }, { first = 1.5 }, { tokenizer = 1 } }
    for _, options in ipairs(wrong) do
      assert.error_matches(function() data.texts("x", options) end, "E-DT-11", 1, true)
    end
  end)
end)

describe("a workload of texts", function()
  it("needs two that predict something", function()
    local vise = require "vise"
    local model <close> = assert(vise.open "tests/data/chemts-gpt2-0.5m")
    for _, given in ipairs { { { 13 }, { 13 }, {} }, { { 13, 1, 14 }, { 13 } } } do
      local work = assert(vise.workload.of(model, { texts = given }))
      local ok, message, id = work:calibrate(model)
      assert.is_nil(ok)
      assert.equal("E-DT-02", id)
      assert.matches("have two tokens or more", message, 1, true)
    end
  end)

  it("cuts texts at the model's context", function()
    local vise = require "vise"
    local model <close> = assert(vise.open "tests/data/chemts-gpt2-0.5m")
    local long = {}
    for i = 1, 200 do long[i] = 17 end
    local work = assert(vise.workload.of(model, { texts = { long, long } }))
    assert(work:calibrate(model))
    assert(work:reference(model))
    assert.is_number(work.float)
  end)
end)
