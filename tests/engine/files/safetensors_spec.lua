local core = require "vise.core"
local support = require "support"

local MIB = 1 << 20
local paths = {}

local function write(text)
  local path = support.file(text, ".safetensors")
  paths[#paths + 1] = path
  return path
end

local function clean()
  for _, path in ipairs(paths) do os.remove(path) end
end

--- A safetensors file from header text and data.
local function container(header, data, length)
  return string.pack("<I8", length or #header) .. header .. (data or "")
end

--- The header text of one tensor, its fields given as JSON text.
local function entry(name, dtype, shape, from, to)
  return ('"%s":{"dtype":"%s","shape":%s,"data_offsets":[%s,%s]}'):format(name, dtype, shape, from, to)
end

--- A file of several tensors.
local function holding(entries, data)
  return container("{" .. table.concat(entries, ",") .. "}", data)
end

local W = entry("w", "F32", "[2]", 0, 8)
local EIGHT = ("\1"):rep(8)

--- Opens bytes that must be refused: the id, words of the message, the file's name in it, time
--- and memory.
local function refused(id, words, bytes, options)
  local path = write(bytes)
  collectgarbage()
  collectgarbage()
  local before, start = core.memory(), os.clock()
  core.reset_peak()
  local file, message, got = core.safetensors_open(path, options)
  local peak = core.memory().peak - before.bytes
  assert.is_nil(file)
  assert.equal(id, got, message)
  assert.truthy(message:find(words, 1, true), message)
  assert.truthy(message:find(path, 1, true), message)
  assert.falsy(message:find "%c", message)
  assert.is_true(os.clock() - start < 2)
  assert.is_true(peak <= #bytes + 64 * MIB)
  collectgarbage()
  collectgarbage()
  assert.equal(before.blocks, core.memory().blocks)
end

local function opened(bytes, options)
  local file, message = core.safetensors_open(write(bytes), options)
  assert.truthy(file, message)
  return file
end

describe("core.safetensors_open", function()
  teardown(clean)

  -- One generator a case of the list of bad inputs: id, words of the message, the bytes.
  local cases = {
    { "E-ST-01", "file is empty, a safetensors file needs at least 10 bytes", function() return "" end },
    { "E-ST-02", "too short for the 8-byte header length (has 5)", function() return "12345" end },
    { "E-ST-03", "header length is 0", function() return container("", EIGHT) end },
    { "E-ST-04", "header says 4,294,967,295 bytes but the file has 1,024: truncated download?", function()
      return container("{" .. (" "):rep(1015), "", 4294967295)
    end },
    { "E-ST-04", "header says 2 bytes but the file has 8", function() return container("", "", 2) end },
    { "E-ST-06", "header says 18,446,744,073,709,551,615 bytes", function()
      return container("{}", "", -1)
    end },
    { "E-ST-07", "header byte 118 is not UTF-8", function()
      return container("{" .. (" "):rep(117) .. "\xff}")
    end },
    { "E-ST-07", "header byte 2 is not UTF-8", function() return container '{"\xc0\xafw":1}' end },
    { "E-ST-07", "header byte 2 is not UTF-8", function() return container '{"\xed\xa0\x80":1}' end },
    { "E-ST-08", "must begin with '{', it begins with ' '", function()
      return container(" {" .. W .. "}", EIGHT)
    end },
    { "E-ST-08", "must begin with '{'", function() return container("\xef\xbb\xbf{" .. W .. "}", EIGHT) end },
    { "E-ST-08", "must begin with '{'", function() return container "\0\0" end },
    { "E-ST-09", "must be an object, it starts with '['", function() return container "[1,2]" end },
    { "E-ST-09", "must be an object, it starts with '7'", function() return container "7  " end },
    { "E-ST-10", 'JSON ends inside tensor "w" at byte 24', function()
      return container '{"w":{"dtype":"F32","sha'
    end },
    { "E-ST-10", 'JSON ends inside tensor "w" at byte 31', function()
      return container '{"w":{"dtype":"F32","shape":[2,'
    end },
    { "E-ST-10", "JSON ends at byte 1", function() return container "{" end },
    { "E-ST-11", ("byte %d follows the header object, only spaces may"):format(#W + 4), function()
      return container("{" .. W .. "}  \n", EIGHT)
    end },
    { "E-ST-12", "nesting deeper than 8 at byte", function()
      return container('{"w":' .. ("["):rep(100000))
    end },
    { "E-ST-12", "nesting deeper than 8 at byte", function() return container(('{"w":'):rep(100000)) end },
    { "E-ST-12", "nesting deeper than 8 at byte", function()
      return container('{"w":{"shape":' .. ("["):rep(100000))
    end },
    { "E-ST-12", "nesting deeper than 8 at byte", function()
      return container('{"__metadata__":{"a":' .. ("["):rep(100000))
    end },
    { "E-ST-13", 'tensor "w" appears twice', function()
      return holding({ W, W }, EIGHT)
    end },
    { "E-ST-13", 'tensor "w" appears twice', function()
      return container("{" .. W .. "," .. W:gsub('"w"', '"\\u0077"') .. "}", EIGHT)
    end },
    { "E-ST-13", 'field "shape" appears twice', function()
      return container('{"w":{"shape":[2],"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', EIGHT)
    end },
    { "E-ST-13", '__metadata__: "a" appears twice', function()
      return container '{"__metadata__":{"a":"1","b":"2","a":"3"}}'
    end },
    { "E-ST-13", '"__metadata__" appears twice', function()
      return container '{"__metadata__":{},"__metadata__":{}}'
    end },
    { "E-ST-14", "NUL in a tensor name at byte 2", function()
      return container('{"a\\u0000b":{},"a":{}}', EIGHT)
    end },
    { "E-ST-15", 'tensor "w": field "dtype" is missing', function()
      return container('{"w":{"shape":[2],"data_offsets":[0,8]}}', EIGHT)
    end },
    { "E-ST-15", 'tensor "w": field "shape" is missing', function()
      return container('{"w":{"dtype":"F32","data_offsets":[0,8]}}', EIGHT)
    end },
    { "E-ST-15", 'tensor "w": field "data_offsets" is missing', function()
      return container('{"w":{"dtype":"F32","shape":[2]}}', EIGHT)
    end },
    { "E-ST-15", "data_offsets must be two non-negative integers", function()
      return container('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}', EIGHT)
    end },
    { "E-ST-15", "data_offsets must be two non-negative integers", function()
      return holding({ entry("w", "F32", "[2]", "0", "8.0") }, EIGHT)
    end },
    { "E-ST-15", "must be an object with dtype, shape and data_offsets", function()
      return container '{"w":3}'
    end },
    { "E-ST-16", 'tensor "w": unknown dtype F12', function()
      return holding({ entry("w", "F12", "[2]", 0, 8) }, EIGHT)
    end },
    { "E-ST-16", 'tensor "w": dtype must be a string', function() return container '{"w":{"dtype":3}}' end },
    { "E-ST-18", "element count does not fit in 64 bits", function()
      return holding({ entry("w", "F32", "[4294967296,4294967296,4]", 0, 8) }, EIGHT)
    end },
    { "E-ST-18", "element count does not fit in 64 bits", function()
      return holding({ entry("w", "F32", "[18446744073709551616]", 0, 8) }, EIGHT)
    end },
    { "E-ST-18", "element count does not fit in 64 bits", function() -- beside a zero strides must fit too
      return holding({ entry("w", "F32", "[0,4294967296,4294967296]", 0, 0) })
    end },
    { "E-ST-18", "element count does not fit in 64 bits", function() -- though half a byte each does
      return holding({ entry("w", "F4", "[0,9223372036854775808]", 0, 0) })
    end },
    { "E-ST-19", "byte size does not fit in 64 bits", function()
      return holding({ entry("w", "F64", "[4611686018427387904]", 0, 8) }, EIGHT)
    end },
    { "E-ST-20", 'tensor "w": F16 [4,4] needs 32 bytes, offsets give 30', function()
      return holding({ entry("w", "F16", "[4, 4]", 0, 30) }, ("x"):rep(30))
    end },
    { "E-ST-21", 'tensor "w": data_offsets [8,4] run backwards', function()
      return holding({ entry("w", "F32", "[2]", 8, 4) }, EIGHT)
    end },
    { "E-ST-22", 'tensor "w": ends at 4,104 but the data area has 4,000 bytes: truncated?', function()
      return holding({ entry("w", "F32", "[1026]", 0, 4104) }, ("x"):rep(4000))
    end },
    { "E-ST-22", 'tensor "w": ends at 18,446,744,073,709,551,615', function()
      return holding({ entry("w", "F32", "[2]", "18446744073709551607", "18446744073709551615") }, EIGHT)
    end },
    { "E-ST-23", 'tensors "a" and "b" overlap at byte 4', function()
      return holding({ entry("b", "F32", "[1]", 4, 8), entry("a", "F32", "[2]", 0, 8) }, EIGHT)
    end },
    { "E-ST-23", 'tensors "a" and "z" overlap at byte 4', function() -- even one of no bytes
      return holding({ entry("a", "F32", "[2]", 0, 8), entry("z", "F32", "[0]", 4, 4) }, EIGHT)
    end },
    { "E-ST-24", '16 unclaimed bytes after tensor "a" (polyglot files are refused)', function()
      return holding({ entry("a", "F32", "[1]", 0, 4), entry("b", "F32", "[1]", 20, 24) },
        ("x"):rep(24))
    end },
    { "E-ST-24", '3 unclaimed bytes after tensor "w"', function()
      return holding({ W }, EIGHT .. "abc")
    end },
    { "E-ST-24", "4 unclaimed bytes after the header", function() return container("{}", "abcd") end },
    { "E-ST-24", "4 unclaimed bytes after the header", function()
      return holding({ entry("w", "F32", "[1]", 4, 8) }, EIGHT)
    end },
    { "E-ST-25", 'tensor "w": F4 [3] is not a whole number of bytes', function()
      return holding({ entry("w", "F4", "[3]", 0, 2) }, "xx")
    end },
    { "E-ST-26", '__metadata__: value of "x" must be a string', function()
      return container '{"__metadata__":{"a":"b","x":1}}'
    end },
    { "E-ST-28", "a tensor name has 1,048,576 bytes, at most 4,096", function()
      return holding({ entry(("n"):rep(MIB), "F32", "[2]", 0, 8) }, EIGHT)
    end },
    { "E-ST-29", "byte 5 is '1', expected ':'", function() return container '{"w" 1}' end },
    { "E-ST-29", "is '}', expected a string", function() return container("{" .. W .. ",}", EIGHT) end },
    { "E-ST-29", "starts an escape that JSON does not have", function() return container '{"\\x41":1}' end },
    { "E-ST-29", "starts an escape that JSON does not have", function()
      return container '{"\\ud800":1}'
    end },
    { "E-ST-29", "expected no control character", function() return container '{"a\nb":1}' end },
    { "E-ST-30", 'tensor "w": unknown field "Shape"', function()
      return container('{"w":{"dtype":"F32","Shape":[2]}}', EIGHT)
    end },
    { "E-HF-07", "a Git-LFS pointer (size in it: 1843292), the weights were not downloaded", function()
      return "version https://git-lfs.github.com/spec/v1\noid sha256:35f515ce66\nsize 1843292\n"
    end },
    { "E-HF-08", "looks like HTML, not safetensors: failed download?", function()
      return "<!DOCTYPE html>\n<html><body>404</body></html>"
    end },
    { "E-HF-08", "looks like JSON, not safetensors", function() return '{"error":"not found"}' end },
    { "E-HF-09", "pickle", function() return "PK\3\4" .. ("x"):rep(100) end },
    { "E-HF-09", "pickle", function() return "\x80\2}q\0(X\5\0\0\0" .. ("x"):rep(100) end },
  }
  for i, case in ipairs(cases) do
    it(("refuses case %d: %s, %s"):format(i, case[1], case[2]), function()
      refused(case[1], case[2], case[3]())
    end)
  end

  it("E-ST-05: refuses a header over the format's limit", function()
    local path = write ""
    local f = assert(io.open(path, "wb"))
    f:write(string.pack("<I8", 100000001))
    f:seek("set", 8 + 100000001) -- a sparse file
    f:write "x"
    f:close()
    local file, message, id = core.safetensors_open(path)
    assert.is_nil(file)
    assert.equal("E-ST-05", id)
    assert.truthy(message:find("larger than the 100,000,000-byte limit", 1, true))
  end)

  for _, shape in ipairs { "[-1]", "[2.0]", '["2"]', "[1e3]", "[02]", "[2,null]", "2", "[[2]]" } do
    it("E-ST-17: refuses shape " .. shape, function()
      refused("E-ST-17", "non-negative integer", holding({ entry("w", "F32", shape, 0, 8) }, EIGHT))
    end)
  end

  it("E-ST-17: names the place in the shape and the limit of dimensions", function()
    refused("E-ST-17", "shape[1] must be", holding({ entry("w", "F32", "[2,-1]", 0, 8) }, EIGHT))
    local many = "[" .. ("1,"):rep(16) .. "2]"
    refused("E-ST-17", "more than 16 dimensions", holding({ entry("w", "F32", many, 0, 8) }, EIGHT))
  end)

  it("E-ST-27: refuses more tensors or metadata entries than the limit", function()
    local list = {}
    for i = 1, 1001 do list[i] = entry("t" .. i, "U8", "[1]", i - 1, i) end
    local bytes = container("{" .. table.concat(list, ",") .. "}", ("x"):rep(1001))
    refused("E-ST-27", "more than 1,000 tensors", bytes, { max_tensors = 1000 })
    opened(bytes, { max_tensors = 1001 }):close()
    for i = 1, 1001 do list[i] = ('"k%d":""'):format(i) end
    bytes = container('{"__metadata__":{' .. table.concat(list, ",") .. "}}")
    refused("E-ST-27", "more than 1,000 metadata entries", bytes, { max_tensors = 1000 })
  end)

  it("E-ST-28: loads odd names, prints them escaped and never takes them for paths", function()
    local odd = { "\27[31mred", "line\nbreak", "../../etc/passwd", "\u{202e}abc", 'a"b\\c', "/dev/zero" }
    local list = {}
    for i, name in ipairs(odd) do
      list[i] = entry(core.json_encode(name):sub(2, -2), "U8", "[1]", i - 1, i)
    end
    local bytes = holding(list, ("x"):rep(#odd))
    local file = opened(bytes)
    assert.same(odd, file:names())
    for _, name in ipairs(odd) do assert.equal(120, file:tensor(name):get(1)) end
    local again = container("{" .. list[1] .. "," .. list[1] .. "}", "x")
    refused("E-ST-13", [[tensor "\x1b[31mred" appears twice]], again)
    assert.equal([[\u{202e}abc]], core.escape(odd[4]))
    assert.equal([[a\"b\\c]], core.escape(odd[5]))
    assert.equal([[line\nbreak]], core.escape(odd[2]))
    assert.equal([[\xff\x00]], core.escape "\xff\0")
    assert.is_true(#core.escape(("é"):rep(5000)) < 160)
  end)

  it("stays within its memory and time on very many tensors", function()
    local list = {}
    for i = 1, 200000 do list[i] = entry(("%x"):format(i), "U8", "[]", i - 1, i) end
    local bytes = holding(list, ("x"):rep(#list))
    local path = write(bytes)
    local before, start = core.memory().bytes, os.clock()
    core.reset_peak()
    local file = assert(core.safetensors_open(path))
    assert.is_true(core.memory().peak - before <= #bytes + 64 * MIB)
    assert.is_true(os.clock() - start < 2)
    start = os.clock()
    for i = 1, #list do assert(file:info(("%x"):format(i)).bytes == 1) end
    assert.is_true(os.clock() - start < 4) -- a list walk for each would take minutes
    file:close()
  end)

  it("refuses every prefix of a good file, and survives every changed byte of its header", function()
    local odd = entry("\\u00e9", "I8", "[2,1]", 8, 10)
    local header = '{"__metadata__":{"k":"v"},' .. W .. "," .. odd .. "}   "
    local good = container(header, EIGHT .. "ab")
    local path = write(good)
    for n = 0, #good - 1 do
      local f = assert(io.open(path, "wb"))
      f:write(good:sub(1, n))
      f:close()
      local file, _, id = core.safetensors_open(path)
      assert.is_nil(file, n)
      assert.truthy(id:match "^E%-%u%u%-%d%d$")
    end
    local state, loaded = 12345, 0
    for i = 1, 8 + #header do
      for _ = 1, 4 do
        state = (state * 1664525 + 1013904223) & 0xffffffff
        local f = assert(io.open(path, "wb"))
        f:write(good:sub(1, i - 1), string.char(state >> 24), good:sub(i + 1))
        f:close()
        local file, message, id = core.safetensors_open(path)
        if file then
          loaded = loaded + 1
          for _, name in ipairs(file:names()) do file:tensor(name):totable() end
          file:metadata()
          file:close()
        else
          assert.truthy(message and id:match "^E%-%u%u%-%d%d$")
        end
      end
    end
    assert.is_true(loaded > 0) -- a letter of a name may change
  end)
end)

describe("a safetensors file", function()
  teardown(clean)

  it("may be empty, padded, and hold tensors without elements, scalars and NaN", function()
    local file = opened(container "{}")
    assert.same({}, file:names())
    assert.same({}, file:metadata())
    file:close()
    file = opened(container("{" .. entry("empty", "F16", "[0,4294967296]", 0, 0) .. ","
      .. entry("scalar", "F32", "[]", 0, 4) .. "," .. entry("nan", "F32", "[1]", 4, 8) .. "}      ",
      string.pack("<ff", 1.5, 0 / 0)))
    assert.same({ "empty", "scalar", "nan" }, file:names())
    assert.equal(1.5, file:tensor("scalar"):get(1))
    assert.equal(0, file:tensor("scalar"):shape() or 0)
    assert.equal(0, file:tensor("empty"):count())
    assert.equal(1, file:tensor("nan"):nonfinite())
    file:close()
  end)

  it("gives types that vise lacks as bytes, in the file's shape when an element is a byte", function()
    local file = opened(container("{" .. entry("bool", "BOOL", "[2,1]", 0, 2) .. ","
      .. entry("f4", "F4", "[2,2]", 2, 4) .. "," .. entry("u16", "U16", "[2]", 4, 8) .. ","
      .. entry("deep", "F32", "[1,1,1,1,1,1,1,1,1]", 8, 12) .. "}", "\1\0abcdefGHIJ"))
    assert.same({ dtype = "BOOL", shape = { 2, 1 }, bytes = 2 }, file:info "bool")
    assert.same({ 2, 1 }, { file:tensor("bool"):shape() })
    assert.same({ dtype = "F4", shape = { 2, 2 }, bytes = 2 }, file:info "f4")
    assert.same({ 97, 98 }, file:tensor("f4"):totable())
    assert.same({ 4 }, { file:tensor("u16"):shape() })
    assert.equal("f32", file:info("deep").dtype)
    assert.equal("GHIJ", file:tensor("deep"):tobytes())
    file:close()
  end)

  it("lists its tensors by place, finds them by name, and knows what it lacks", function()
    local file = opened(container("{" .. entry("second", "U8", "[1]", 1, 2) .. ","
      .. entry("\\u0066irst", "U8", "[1]", 0, 1) .. "}", "ab"))
    assert.same({ "first", "second" }, file:names())
    assert.equal(97, file:tensor("first"):get(1))
    assert.is_nil(file:info "third")
    assert.error_matches(function() file:tensor "third" end, "no tensor of that name")
    assert.equal(core.disk.size(paths[#paths]), file:size())
    file:close()
    assert.error_matches(function() file:names() end, "file is closed")
  end)

  it("keeps its tensors alive after it is closed, and lets nobody write them", function()
    local file = opened(container("{" .. W .. "}  ", string.pack("<ff", 3, 4)))
    local t = file:tensor "w"
    file:close()
    collectgarbage()
    assert.same({ 3.0, 4.0 }, t:totable())
    assert.error_matches(function() t:set(1, 0) end, "mapped file")
    t:close()
  end)

  it("copies a tensor that the file does not align, and only that", function()
    local tenths, fifths = string.pack("<d", 0.1):rep(1000), string.pack("<d", 0.2):rep(1000)
    local data = "x" .. tenths .. ("y"):rep(7) .. fifths
    local header = "{" .. table.concat({ entry("a", "U8", "[1]", 0, 1), entry("b", "F64", "[1000]", 1, 8001),
      entry("c", "U8", "[7]", 8001, 8008), entry("d", "F64", "[1000]", 8008, 16008) }, ",") .. "}"
    local file = opened(container(header .. (" "):rep(-#header % 8), data))
    local before = core.memory().bytes
    local view = file:tensor "d"
    assert.is_true(core.memory().bytes - before < 1000)
    local copy = file:tensor "b"
    assert.is_true(core.memory().bytes - before >= 8000)
    assert.equal(0.1, copy:get(1000))
    assert.equal(0.2, view:get(1000))
    file:close()
  end)

  it("E-HF-12: says so when it shrinks or is written to while it is open", function()
    local file = opened(holding({ W }, EIGHT))
    local f = assert(io.open(paths[#paths], "ab"))
    f:write "more"
    f:close()
    local t, message, id = file:tensor "w"
    assert.is_nil(t)
    assert.equal("E-HF-12", id)
    assert.truthy(message:find "changed while being read, its size was %d+ and is %d+")
    file:close()
  end)

  it("keeps its names when the header is overwritten in place", function()
    local file = opened(container("{" .. entry("a\\n", "U8", "[1]", 0, 1) .. "}", "x"))
    local f = assert(io.open(paths[#paths], "r+b"))
    local at = f:read("a"):find("\\n", 1, true)
    f:seek("set", at)
    f:write "q" -- an escape that JSON does not have
    f:close()
    assert.same({ "a\n" }, file:names())
    assert.equal(1, file:info("a\n").bytes)
    file:close()
  end)

  it("leaks nothing, whichever allocation fails", function()
    local header = "{" .. table.concat({ '"__metadata__":{"k":"v"}', W, entry("b", "F64", "[1]", 9, 17),
      entry("c", "U8", "[1]", 8, 9) }, ",") .. "}"
    local path = write(container(header .. (" "):rep(-#header % 8), ("x"):rep(17))) -- w a view, b a copy
    local failures = support.sweep(function()
      local file <close> = core.safetensors_open(path)
      if not file then return nil end
      local w <close> = file:tensor "w"
      local b <close> = file:tensor "b"
      return w and b
    end)
    assert.is_true(failures >= 8)
  end)
end)
