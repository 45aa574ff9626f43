local core = require "vise.core"
local support = require "support"

describe("core.json_decode", function()
  local refusals = {
    { "E-JS-01", "line 1 column 5: found '}', expected ':'", '{"a"}' },
    { "E-JS-01", "line 2 column 3: found ']', expected a value", "[1,\n2,]" },
    { "E-JS-01", "found '/', expected a string", '{// a comment\n"a":1}' },
    { "E-JS-01", "found ',', expected ':'", '{"a",1}' },
    { "E-JS-01", "found 'N', expected a value", "[NaN]" },
    { "E-JS-01", "found 'I'", "[Infinity]" },
    { "E-JS-01", "found ''', expected a value", "['a']" },
    { "E-JS-01", "found '1', expected ',' or ']'", "[1 1]" },
    { "E-JS-01", "found '\\u{feff}'", "\xef\xbb\xbf{}" },
    { "E-JS-01", "found '\\x0b'", "[\v1]" },
    { "E-JS-01", "found 'T'", "[True]" },
    { "E-JS-02", "line 1 column 1: the text ends here", "" },
    { "E-JS-02", "the text ends here", '{"a":[1' },
    { "E-JS-02", "the string that starts here never ends", '["abc' },
    { "E-JS-02", "the string that starts here never ends", '["abc\\' },
    { "E-JS-03", "line 2 column 2: not UTF-8", '["é",\n"\xff"]' },
    { "E-JS-03", "not UTF-8", '["\xc0\x80"]' }, -- overlong, surrogate, past the last character, cut
    { "E-JS-03", "not UTF-8", '["\xe0\x80\x80"]' },
    { "E-JS-03", "not UTF-8", '["\xf0\x80\x80\x80"]' },
    { "E-JS-03", "not UTF-8", '["\xed\xa0\x80"]' },
    { "E-JS-03", "not UTF-8", '["\xf4\x90\x80\x80"]' },
    { "E-JS-03", "not UTF-8", '["\xe2\x82' },
    { "E-JS-04", "write \\u000a", '["a\nb"]' },
    { "E-JS-04", "an escape that JSON does not have", '["\\x41"]' },
    { "E-JS-04", "an escape", '["\\u12g4"]' },
    { "E-JS-04", "an escape", '["\\ud800x"]' },
    { "E-JS-04", "an escape", '["\\udc00"]' },
    { "E-JS-04", "an escape", '["\\ud800\\u0041"]' },
    { "E-JS-05", "\\u0000", '{"a\\u0000b":1}' },
    { "E-JS-05", "\\u0000", '["\\u0000"]' },
    { "E-JS-06", "a 0 too many", "[0123]" },
    { "E-JS-06", "a 0 too many", "[-00]" },
    { "E-JS-06", "not a number", "[1.]" },
    { "E-JS-06", "not a number", "[-]" },
    { "E-JS-06", "not a number", "[1e+]" },
    { "E-JS-06", "does not fit in a double", "[1e999]" },
    { "E-JS-06", "at most 63", "[0." .. ("1"):rep(70) .. "]" },
    { "E-JS-07", '"a" appears twice', '{"a":1,"a":1}' },
    { "E-JS-07", '"b" appears twice', '{"a":{"b":1},"c":{"b":1,"\\u0062":2}}' },
    { "E-JS-08", "nests deeper than 64", ("["):rep(100000) },
    { "E-JS-08", "nests deeper than 64", ('{"a":'):rep(65) .. "1" .. ("}"):rep(65) },
    { "E-JS-09", "line 1 column 8: something follows", '{"a":1}xyz' },
    { "E-JS-09", "something follows", "1 2" },
    { "E-JS-09", "something follows", "{}\0" },
  }
  for i, case in ipairs(refusals) do
    it(("refuses case %d: %s, %s"):format(i, case[1], case[2]), function()
      local start = os.clock()
      local value, message, id = core.json_decode(case[3], "dir/config.json")
      assert.is_nil(value)
      assert.equal(case[1], id, message)
      assert.truthy(message:find(case[2], 1, true), message)
      assert.equal("dir/config.json line ", message:sub(1, 21))
      assert.is_true(os.clock() - start < 1)
    end)
  end

  it("E-JS-10: refuses a text over 64 MiB without reading it", function()
    local value, message, id = core.json_decode((" "):rep((64 << 20) + 1), "big.json")
    assert.is_nil(value)
    assert.equal("E-JS-10", id)
    assert.truthy(message:find("big.json: 67,108,865 bytes", 1, true))
  end)

  it("E-JS-10: bounds the memory that a text can take", function()
    local text = "[" .. ("1,"):rep(999999) .. "1]" -- the array and a million numbers
    core.reset_peak()
    local before = core.memory().bytes
    local value, message, id = core.json_decode(text, "config.json")
    assert.is_nil(value)
    assert.equal("E-JS-10", id)
    assert.truthy(message:find("more than 1,000,000 values", 1, true))
    assert.equal(999999, #core.json_decode("[" .. ("1,"):rep(999998) .. "1]"))
    assert.is_true(core.memory().peak - before <= #text + (64 << 20))
  end)

  it("takes what is legal, to the letter", function()
    assert.same(core.array { 1, 2.5, -3, true, false, core.null, "é\n\"/\\ü😀" },
      core.json_decode ' [1,\t2.5,-3,true,\r\nfalse,null,"é\\n\\"\\/\\\\\\u00fc\\ud83d\\ude00"] ')
    assert.equal(core.null, core.json_decode "null")
    assert.equal(false, core.json_decode "false")
    assert.same({ a = { b = { b = 1 } } }, core.json_decode '{"a":{"b":{"b":1}}}')
    local deep = ("["):rep(64) .. ("]"):rep(64)
    assert.equal(deep, core.json_encode(core.json_decode(deep)))
    assert.equal("", core.json_decode '""')
    assert.same({ [""] = 1 }, core.json_decode '{"":1}')
  end)

  it("keeps whole numbers below 2^53 as integers, and the rest as the nearest double", function()
    for text, want in pairs {
      ["9007199254740991"] = 9007199254740991, ["-9007199254740991"] = -9007199254740991, ["0"] = 0,
      ["1e3"] = 1000, ["2.0"] = 2, ["4294967296"] = 4294967296,
    } do
      local got = core.json_decode(text)
      assert.equal("integer", math.type(got), text)
      assert.equal(want, got)
    end
    for text, want in pairs {
      ["0.1"] = 0.1, ["1e300"] = 1e300, ["5e-324"] = 5e-324, ["9007199254740993"] = 9007199254740992.0,
      ["1e-400"] = 0,
    } do
      assert.equal(want, core.json_decode(text))
    end
    local zero = core.json_decode "-0"
    assert.equal(-math.huge, 1 / zero)
  end)

  it("finds duplicates among very many keys quickly", function()
    local list = {}
    for i = 1, 100000 do list[i] = ('"key%d":%d'):format(i, i) end
    local text = "{" .. table.concat(list, ",")
    local start = os.clock()
    assert.equal(100000, core.json_decode(text .. "}").key100000)
    local _, message = core.json_decode(text .. ',"key7":1}')
    assert.truthy(message:find('"key7" appears twice', 1, true))
    assert.is_true(os.clock() - start < 3)
  end)

  it("takes keys for equal only when they are, escaped or not", function()
    local list = {}
    for i = 1, 400 do
      list[#list + 1] = ('"%s":1'):format(("\\u0061"):rep(i))
      list[#list + 1] = ('"%sb":1'):format(("a"):rep(i))
    end
    local text = "{" .. table.concat(list, ",")
    assert.equal(1, core.json_decode(text .. "}")[("a"):rep(400)])
    for _, key in ipairs { "aaa", "\\u0061aa", "aa\\u0061b", "\\u0061\\u0061\\u0061" } do
      local _, message = core.json_decode(text .. ',"' .. key .. '":1}')
      assert.truthy(message:find("appears twice", 1, true))
    end
  end)

  it("leaks nothing, whichever allocation fails", function()
    local text = '{"a":[1,2,{"b":"c"}],"d":null,"e":"\\u00e9"}'
    assert.is_true(support.sweep(function() return core.json_decode(text) end) >= 10)
  end)
end)

describe("core.json_encode", function()
  it("sorts keys by bytes, and indents when asked", function()
    local value = { b = { 1, 2 }, a = "x", ["ä"] = true, Z = core.null, e = {}, f = core.array {} }
    assert.equal('{"Z":null,"a":"x","b":[1,2],"e":{},"f":[],"ä":true}', core.json_encode(value))
    assert.equal('{\n  "a": [\n    1,\n    {}\n  ]\n}', core.json_encode({ a = { 1, {} } }, 2))
    assert.equal("[]", core.json_encode(core.array()))
  end)

  it("tells an empty array from an empty object after a round trip", function()
    local text = '{"a":[],"b":{},"c":[[],{}]}'
    assert.equal(text, core.json_encode(core.json_decode(text)))
  end)

  it("writes the shortest number that reads back", function()
    for text, x in pairs {
      ["0.1"] = 0.1, ["1"] = 1.0, ["-0"] = -0.0, ["1e+20"] = 1e20, ["0.30000000000000004"] = 0.1 + 0.2,
      ["5e-324"] = 5e-324, ["1.7976931348623157e+308"] = 1.7976931348623157e308,
      ["9223372036854775807"] = math.maxinteger,
    } do
      assert.equal(text, core.json_encode(x))
    end
    local state = 99
    for _ = 1, 2000 do
      state = (state * 6364136223846793005 + 1442695040888963407)
      local x = string.unpack("<d", string.pack("<i8", state ~ (state >> 29)))
      if x == x and math.abs(x) < math.huge then assert.equal(x, tonumber(core.json_encode(x))) end
    end
  end)

  it("escapes what JSON wants escaped and leaves the rest", function()
    assert.equal([["\u0001\n\t\"\\é/"]], core.json_encode "\1\n\t\"\\é/")
  end)

  it("escapes what would steer a terminal, hide text or turn it round", function()
    local marks = "\u{202e}a\u{9b}\x7f\u{61c}\u{200b}\u{2028}\u{2060}\u{feff}"
    assert.equal([["\u202ea\u009b\u007f\u061c\u200b\u2028\u2060\ufeff"]], core.json_encode(marks))
    assert.equal(marks, core.json_decode(core.json_encode { marks })[1])
    local beside = "\u{a0}\u{e9}\u{61b}\u{61d}\u{200a}\u{2010}\u{2027}\u{202f}\u{205f}\u{2070}\u{fefe}\u{ff01}\u{1f600}"
    assert.equal('"' .. beside .. '"', core.json_encode(beside))
  end)

  it("refuses what JSON does not have, and says where it is", function()
    local loop = {}
    loop.self = loop
    for _, case in ipairs {
      { { a = { 1, 0 / 0 } }, "E%-JS%-11: value%.a%[2%]: NaN" }, { math.huge, "E%-JS%-11: value: infinity" },
      { loop, "E%-JS%-08" }, { { [1] = 1, [3] = 3 }, "E%-JS%-13" }, { { 1, a = 2 }, "E%-JS%-13" },
      { { [1.5] = 1 }, "E%-JS%-13" }, { core.array { a = 1 }, "E%-JS%-13" },
      { { print }, "E%-JS%-14: value%[1%]: function" },
      { { a = "\xff" }, "E%-JS%-12: value%.a" }, { { ["\xff"] = 1 }, "E%-JS%-12" }, { "a\0", "E%-JS%-05" },
      { { ["a\0b"] = 1 }, "E%-JS%-05" },
    } do
      assert.error_matches(function() core.json_encode(case[1]) end, case[2])
    end
  end)

  it("leaks nothing, whichever allocation fails", function()
    local value = { list = {} }
    for i = 1, 200 do value.list[i] = ("text %d"):format(i) end
    assert.is_true(support.sweep(function() return core.json_encode(value, 2) end) >= 3)
  end)
end)
