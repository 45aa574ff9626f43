local core = require "vise.core"
local data = require "vise.data"
local support = require "support"

-- Calls `read` on a file with `bytes` in it.
local function on_file(bytes, read)
  local path = support.file(bytes)
  local result = table.pack(read(path))
  os.remove(path)
  return table.unpack(result, 1, result.n)
end

describe("data.stories", function()
  local function stories(text)
    return on_file(text, data.stories)
  end

  it("splits at the mark and strips white space", function()
    assert.same({ "One.", "Two\n\nlines.", "Three" },
      stories " One.\n<|endoftext|>\n\tTwo\n\nlines. \r\n<|endoftext|>Three")
  end)

  it("leaves out what is empty", function()
    assert.same({ "a", "b" }, stories "<|endoftext|>a<|endoftext|> \n <|endoftext|>b\n<|endoftext|>\n")
  end)

  it("takes a text without a mark as one story", function()
    assert.same({ "a <|endoftext| b" }, stories "a <|endoftext| b")
  end)

  it("names a file without text, and one that is not there", function()
    for _, text in ipairs { "", " \n", "<|endoftext|>" } do
      local list, message, id = stories(text)
      assert.is_nil(list)
      assert.equal("E-DT-02", id)
      assert.is_string(message)
    end
    local list, message, id = data.stories "/nowhere/stories.txt"
    assert.is_nil(list)
    assert.equal("E-DT-01", id)
    assert.matches("/nowhere/stories.txt", message, 1, true)
    assert.equal("E-DT-01", select(3, data.stories "/"))
  end)
end)

describe("IDX files", function()
  local function idx(shape, bytes)
    local out = { "\0\0\8", string.char(#shape) }
    for _, size in ipairs(shape) do out[#out + 1] = (">I4"):pack(size) end
    return table.concat(out) .. bytes
  end

  it("hold images, from -1 to 1", function()
    local images = assert(on_file(idx({ 2, 1, 2 }, "\0\255\51\204"), data.images))
    assert.same({ 2, 1, 1, 2 }, { images:shape() })
    local want = { -1, 1, -0.6, 0.6 }
    -- One product and one difference of numbers up to 2.
    for i, v in ipairs(want) do assert.near(v, images:get(i), 2 ^ -22) end
    assert.equal(-1, images:get(1))
  end)

  it("hold labels", function()
    local labels = assert(on_file(idx({ 3 }, "\0\9\255"), data.labels))
    assert.equal("i64", labels:dtype())
    assert.same({ 0, 9, 255 }, labels:totable())
  end)

  it("hold the test images of the quickstart", function()
    local folder = "recipes/quickstart/data/"
    local images = assert(data.images(folder .. "t10k-256-images-idx3-ubyte"))
    local labels = assert(data.labels(folder .. "t10k-256-labels-idx1-ubyte"))
    assert.same({ 256, 1, 28, 28 }, { images:shape() })
    assert.equal(256, #labels)
    assert.same({ 9, 2, 1, 1 }, labels:rows(1, 4):totable())
  end)

  it("are refused when they are something else", function()
    local function refused(id, bytes, read, text)
      local t, message, which = on_file(bytes, read or data.idx)
      assert.is_nil(t)
      assert.equal(id, which)
      if text then assert.matches(text, message, 1, true) end
    end
    refused("E-DT-03", "")
    refused("E-DT-03", "\0\0\8")
    refused("E-DT-03", "\0\0\13\1" .. (">I4"):pack(0), nil, "does not begin as an IDX file of unsigned bytes")
    refused("E-DT-03", "\x1f\x8b\8\0\0\0", nil, "gunzip")
    refused("E-DT-03", idx({}, ""), nil, "0 dimensions")
    refused("E-DT-03", idx({ 1, 1, 1, 1, 1 }, "a"), nil, "5 dimensions")
    refused("E-DT-04", "\0\0\8\3" .. (">I4"):pack(1), nil, "its header alone 16")
    refused("E-DT-04", idx({ 2, 2 }, "abc"), nil, "3 bytes of data, its header (2x2)")
    refused("E-DT-04", idx({ 2 }, "abc"))
    refused("E-DT-04", idx({ 0xffffffff, 0xffffffff, 0xffffffff }, ""))
    refused("E-DT-04", idx({ 0x80000000, 0x80000000, 4 }, ""))
    refused("E-DT-05", idx({ 4 }, "abcd"), data.images, "three dimensions")
    refused("E-DT-05", idx({ 2, 2 }, "abcd"), data.images)
    refused("E-DT-05", idx({ 1, 2, 2, 1 }, "abcd"), data.images)
    refused("E-DT-05", idx({ 2, 2 }, "abcd"), data.labels, "one dimension")
    refused("E-DT-01", "x", function() return data.images "/nowhere/images" end, "/nowhere/images")
  end)

  it("may hold nothing", function()
    assert.same({ 0 }, { assert(on_file(idx({ 0 }, ""), data.labels)):shape() })
  end)

  it("leak nothing, whichever allocation fails", function()
    local path = support.file(idx({ 2, 2, 2 }, "abcdefgh"))
    support.sweep(function() return (data.images(path)) end)
    os.remove(path)
  end)
end)

describe("data.batches", function()
  it("gives rows of every column, the last batch what is left", function()
    local x = core.tensor_of("f32", { 5, 2 }, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
    local seen = {}
    for batch in data.batches({ x = x, name = { "a", "b", "c", "d", "e" } }, 2) do
      seen[#seen + 1] = { batch.x:totable(), batch.name }
    end
    assert.same({ { { 1, 2, 3, 4 }, { "a", "b" } }, { { 5, 6, 7, 8 }, { "c", "d" } }, { { 9, 10 }, { "e" } } }, seen)
  end)

  it("gives none of nothing", function()
    for _ in data.batches({ x = {} }, 3) do error "a batch" end
  end)

  it("raises for columns of different lengths, and for sizes that are none", function()
    local function raises(text, columns, size)
      assert.error_matches(function() data.batches(columns, size) end, text, 1, true)
    end
    raises("E-DT-07", { a = { 1, 2 }, b = { 1 } }, 1)
    raises("E-DT-07: no columns", {}, 1)
    raises("E-DT-07: batches of 0", { a = { 1 } }, 0)
    raises("E-DT-07: batches of 1.5", { a = { 1 } }, 1.5)
    raises("E-DT-07: batches of nil", { a = { 1 } }, nil)
  end)
end)
