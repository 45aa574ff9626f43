local header = require "vise.recipe.literals"

local function parse(text)
  local t, message = header.parse(text, "header.lua")
  return assert(t, message)
end

local function refusal(text)
  local t, message, id = header.parse(text, "header.lua")
  assert.is_nil(t)
  assert.equal("E-RC-02", id)
  return message
end

describe("vise.recipe.literals", function()
  it("reads what Lua would read", function()
    local text = [==[
      -- a comment
      {
        name = "x", ['two words'] = 'y'; [3] = 2.5, --[[ long
        comment ]] list = { 1, -2, 0x10, 1e3, 2E-2, .5, -0.25e+1 },
        yes = true, no = false, nothing = nil,
        nested = { a = { b = { "deep" } }, {}, },
        long = [[
first line
]], level = [=[ a ]] b ]=],
        escapes = "tab\t quote\" \x41 \65\066 \u{e9} \z
                   joined \\ ",
      } -- the end]==]
    assert.same(load("return " .. text)(), parse(text))
  end)

  it("allows a return before the table", function()
    assert.same({ a = 1 }, parse "return { a = 1 }")
    assert.same({ 1 }, parse "return{1}")
    assert.same({}, parse "-- why\nreturn -- so\n{}")
  end)

  it("keeps integers and floats apart", function()
    local t = parse "{ 1, 1.0, 9007199254740993 }"
    assert.equal("integer", math.type(t[1]))
    assert.equal("float", math.type(t[2]))
    assert.equal(9007199254740993, t[3])
  end)

  it("refuses whatever would compute", function()
    for _, text in ipairs {
      "{ a = 1 + 1 }", "{ a = f() }", "{ a = b }", "{ a = function() end }", "{ a = 'x' .. 'y' }",
      "{ a = #{} }", "{ a = not true }", "{ a = (1) }", "{ [{}] = 1 }", "{ [1.5] = 1 }", "{ a = - }",
      "os.exit()", "return os", "{} {}", "{}; os.exit()", "{ a == 1 }", "{ end = 1 }", "{ a = 1 2 }",
    } do
      assert.is_string(refusal(text), text)
    end
  end)

  it("refuses what has no end", function()
    for _, text in ipairs {
      "", "{", "{ a", "{ a =", "{ a = 'x", "{ a = 'x\n' }", "{ a = [[x", "--[[ {}", "{ '\\", "{ 1",
    } do
      assert.is_string(refusal(text), text)
    end
  end)

  it("refuses bad escapes and numbers", function()
    for _, text in ipairs {
      [[{ "\q" }]], [[{ "\300" }]], [[{ "\xg0" }]], [[{ "\u{110000}" }]], "{ 1x }", "{ 0x }", "{ 1..2 }",
      "{ 1e }",
    } do
      assert.is_string(refusal(text), text)
    end
  end)

  it("names the line and what it found", function()
    assert.equal("header.lua:3: expected a string, a number, true, false, nil or a table, found 'os'",
      refusal "{\n  a = 1,\n  b = os.time(),\n}")
    assert.equal("header.lua:2: the field 'a' is there twice", refusal "{ a = 1,\n a = 2 }")
  end)

  it("bounds depth and size", function()
    assert.matches("deeper than 32", refusal(("{"):rep(33) .. ("}"):rep(33)), 1, true)
    assert.is_table(parse(("{"):rep(32) .. ("}"):rep(32)))
    assert.matches("at most 1048576", refusal("{" .. (" "):rep(1 << 20) .. "}"), 1, true)
  end)

  it("survives every cut and every changed byte of a good header", function()
    local good = "{ name = \"x\", n = -1.5e3, --[[c]] l = { [[s]], true, nil, ['k'] = '\\x41' } }"
    for i = 0, #good do header.parse(good:sub(1, i), "h") end
    for i = 1, #good do
      for _, byte in ipairs { 0, 0x22, 0x5b, 0x7b, 0x7d, 0x2d, 0xff } do
        header.parse(good:sub(1, i - 1) .. string.char(byte) .. good:sub(i + 1), "h")
      end
    end
  end)
end)
