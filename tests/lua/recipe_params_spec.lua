-- The texts of parameters: each type's rule, the grammar of overrides, sweeps.

local core = require "vise.core"
local params = require "vise.recipe.params"

local specs = {
  bits = { type = "integer", default = 4, min = 2, max = 8, help = "x" },
  any = { type = "integer", default = 0, help = "x" },
  scale = { type = "number", default = 1, help = "x" },
  step = { type = "number", default = 0.5, min = 0.1, max = 1, step = 0.1, help = "x" },
  even = { type = "integer", default = 4, min = 0, step = 2, help = "x" },
  size = { type = "integer", default = 64, choices = { 32, 64, 128 }, help = "x" },
  fast = { type = "boolean", default = false, help = "x" },
  text = { type = "string", default = "", help = "x" },
  mode = { type = "choice", default = "row", choices = { "row", "group" }, help = "x" },
  group = { type = "integer", default = 64, when = { mode = "group" }, help = "x" },
  memory = { type = "bytes", default = "1GiB", min = "1MiB", max = "4GiB", help = "x" },
  wait = { type = "duration", default = "90s", help = "x" },
  layers = { type = "patterns", default = { "a", "b" }, help = "x" },
  layer = { type = "pattern", default = "*", help = "x" },
  sizes = { type = "list", of = "integer", min = 0, max = 9, default = { 1 }, help = "x" },
  rules = { type = "map", of = "integer", default = { head = 8, mlp = 4 }, help = "x" },
  deep = { type = "map", of = { type = "map", of = "integer" }, default = { mlp = { group = 32 } }, help = "x" },
  file = { type = "path", kind = "file", default = "", help = "x" },
}

local function value(name, word)
  return assert(params.values({ [name] = specs[name] }, { { name, word } }))[name]
end

local function refusal(...)
  local values, message, id = params.values(specs, { ... })
  assert.is_nil(values)
  assert.is_true(#message < 250, message)
  return message, id
end

describe("a parameter's text", function()
  it("is the value of its type", function()
    for _, case in ipairs {
      { "any", "-9223372036854775808", math.mininteger }, { "any", "9223372036854775807", math.maxinteger },
      { "any", "+7", 7 }, { "any", "-0", 0 }, { "any", "007", 7 },
      { "scale", "1e3", 1000 }, { "scale", ".5", 0.5 }, { "scale", "2.", 2 }, { "scale", "-1E-3", -0.001 },
      { "step", "0.3", 0.3 }, { "step", "0.7", 0.7 }, { "even", "6", 6 }, { "size", "128", 128 },
      { "fast", "on", true }, { "fast", "no", false },
      { "text", "a=b", "a=b" }, { "text", '"a,b"', "a,b" }, { "text", '"say ""hi"""', 'say "hi"' }, { "text", "", "" },
      { "memory", "512MiB", 512 << 20 }, { "memory", "1.5 GiB", 3 << 29 }, { "memory", "2000000", 2000000 },
      { "memory", "64MB", 64000000 }, { "wait", "1h30m", 5400 }, { "wait", "500ms", 0.5 }, { "wait", "2 min", 120 },
      { "layer", "lua:^a", "lua:^a" }, { "file", "Makefile", "Makefile" },
    } do
      local found = value(case[1], case[2])
      assert.equal(case[3], found, case[2])
      assert.equal(math.type(found) == "float", type(found) == "number" and specs[case[1]].type ~= "integer"
        and specs[case[1]].type ~= "bytes", case[2])
    end
  end)

  it("of a number never is minus zero", function()
    assert.equal(math.huge, 1 / value("scale", "-0.0"))
  end)

  it("is refused with what it would have been", function()
    for _, case in ipairs {
      { "bits", "9", "'9' is not an integer from 2 to 8" },
      { "bits", "09", "understood as 9" },
      { "bits", "1e3", "plain digits only; if 1000 is meant, write 1000" },
      { "bits", "0x10", "if 16 is meant, write 16" }, { "bits", "4.0", "if 4 is meant, write 4" },
      { "bits", "1_000", "if 1000 is meant, write 1000" }, { "bits", "-0.0", "if 0 is meant, write 0" },
      { "any", "9223372036854775808", "beyond 64 bits" }, { "any", "-9223372036854775809", "beyond 64 bits" },
      { "any", "4.5", "'4.5' is not an integer" }, { "any", "", "'' is not an integer" },
      { "any", " 4", "' 4' is not an integer" },
      { "any", "4 ", "'4 ' is not" }, { "any", "٣", "is not an integer" }, { "any", "nan", "is not an integer" },
      { "scale", "1e999", "beyond what a number can be" }, { "scale", "1e-999", "too small for a number" },
      { "scale", "0x10", "decimal only; if 16 is meant, write 16" }, { "scale", "inf", "'inf' is not a number" },
      { "scale", "nan", "'nan' is not a number" }, { "scale", "1e", "'1e' is not a number" },
      { "step", "0.35", "from 0.1 to 1 in steps of 0.1" }, { "even", "3", "in steps of 2" },
      { "size", "96", "is not one of 32, 64, 128" }, { "fast", "1", "write true or false" },
      { "fast", "TRUE", "in small letters" }, { "mode", "grup", "did you mean 'group'?" },
      { "memory", "512M", "write 512MiB or 512MB" }, { "memory", "8GiB", "a size from 1MiB to 4GiB" },
      { "memory", "1.3B", "no whole number of bytes" }, { "memory", "-1", "is not a size" },
      { "memory", "1e9", "is not a size" }, { "memory", "99999999999TiB", "is not a size" },
      { "wait", "90", "give a unit: 90s" }, { "wait", "", "is not a duration" },
      { "wait", "1h30", "is not a duration" },
      { "wait", "-5s", "is not a duration" }, { "layer", "", "is not a pattern" },
      { "layer", "lua:[", "it is malformed" }, { "text", "\xff", "not UTF-8" },
      { "text", ("x"):rep(65537), "more than 64 KiB" }, { "file", "nowhere", "nothing is there" },
      { "file", "lua", "it is a folder" }, { "sizes", "1,,2", "'' is not an integer from 0 to 9" },
      { "sizes", "1,10", "'10' is not an integer from 0 to 9" },
    } do
      local message, id = refusal { case[1], case[2] }
      assert.equal("E-RC-05", id)
      assert.matches("parameter " .. case[1], message, 1, true)
      assert.matches(case[3], message, 1, true)
    end
  end)

  it("never reaches a message as it is when it is hostile", function()
    for _, name in ipairs { "bits", "fast", "mode", "memory", "wait", "\27[2J", "x\nvise: E-RN-01" } do
      local message = refusal { name, "\27[31m\r\nvise: E-RN-01: forged\u{202e}" }
      assert.is_nil(message:find "[%c]")
      assert.is_nil(message:find("\u{202e}", 1, true))
    end
  end)

  it("reads what is shown as the same value, for numbers drawn at random", function()
    local state = 7
    for _ = 1, 500 do
      state = state * 6364136223846793005 + 1442695040888963407
      for name, v in pairs { any = state, scale = string.unpack("d", string.pack("j", state)),
        memory = (state >> 33) + (1 << 20), wait = (state >> 40) / 8 } do
        if v - v == 0 and (name ~= "memory" or v <= 4 << 30) then
          assert.equal(v, value(name, params.show(specs[name], v)))
        end
      end
    end
  end)

  it("may be any bytes without harm", function()
    local state = 99
    for _ = 1, 100 do
      local bytes = {}
      for i = 1, (state >> 60) + 1 do
        state = state * 6364136223846793005 + 1442695040888963407
        bytes[i] = string.char((state >> 33) % 256)
      end
      for name, spec in pairs(specs) do
        local given = { { name, table.concat(bytes) } }
        local values, message, id = params.values({ [name] = spec, mode = specs.mode }, given)
        assert.is_true(values ~= nil or (id == "E-RC-05" and not message:find "[%c]"), message)
      end
    end
  end)
end)

describe("an override", function()
  local function changed(...)
    return assert(params.values(specs, { ... }))
  end

  it("adds to a list, empties it, or takes its place", function()
    assert.same({ "x", "y" }, changed("layers=x,y").layers)
    assert.same({ "x", "y" }, changed("layers=x", "layers=y").layers)
    assert.same({ "a", "b", "x" }, changed("+layers=x").layers)
    assert.same({}, changed("~layers").layers)
    assert.same({ "z" }, changed("~layers", "+layers=z").layers)
    assert.same({}, changed("layers=").layers)
    assert.same({ 3, 4 }, changed("sizes=[3,4]").sizes)
    assert.same({ "a,b", "c" }, changed('layers="a,b",c').layers)
  end)

  it("changes, adds and removes keys of a map", function()
    assert.same({ head = 3, mlp = 4 }, changed("rules.head=3").rules)
    assert.same({ head = 8, mlp = 4, ["a.b.*"] = 2 }, changed("+rules.a.b.*=2").rules)
    assert.same({ mlp = 4 }, changed("~rules.head").rules)
    assert.same({}, changed("~rules").rules)
    assert.same({ mlp = { group = 64 } }, changed("deep.mlp.group=64").deep)
    assert.same({ mlp = { group = 32 }, ["a.b"] = { group = 16 } }, changed("+deep.a.b.group=16").deep)
    assert.same({}, changed("~deep.mlp").deep)
    assert.same({ head = 8, mlp = 4 }, params.values(specs, {}).rules) -- the header's own is as it was
  end)

  it("is refused when it does not fit", function()
    for word, text in pairs {
      ["bits"] = "'bits' is not NAME=VALUE", ["=4"] = "is not NAME=VALUE", ["~bits=4"] = "is not NAME=VALUE",
      ["+bits"] = "is not NAME=VALUE", ["a-b=4"] = "is not NAME=VALUE", [""] = "'' is not NAME=VALUE",
      ["+bits=4"] = "+ adds to a list or a map", ["~bits"] = "~ empties a list or a map",
      ["bits.x=1"] = "bits is an integer from 2 to 8 and has no keys", ["rules=1"] = "is a map: give rules.KEY=VALUE",
      ["rules.heda=1"] = "there is no key 'heda'; did you mean 'head'?; +rules.heda adds it",
      ["+rules.head=1"] = "the key is there already", ["~rules.nix"] = "there is no key 'nix'",
      ["rules.head=x"] = "parameter rules.head: 'x' is not an integer", ["deep.mlp=1"] = "is a map",
      ["deep.nix.group=1"] = "there is no key 'nix'", ['text="a'] = "a quote has no end",
      ["sizes=[1,2"] = "a bracket has no end", ["sizes=[1],2"] = "does not stand in brackets",
      ["group=32"] = "group counts only while mode is group; it is row",
    } do
      local message, id = refusal(word)
      assert.equal("E-RC-05", id, word)
      assert.matches(text, message, 1, true)
    end
    assert.matches("given twice", (refusal("bits=3", "bits=4")))
  end)

  it("of a name that is not there suggests the nearest", function()
    local message, id = refusal("bts=3")
    assert.equal("E-RC-04", id)
    assert.matches("no parameter 'bts'; did you mean 'bits'?", message, 1, true)
  end)

  it("must be given where there is no default", function()
    local needed = { n = { type = "integer", required = true, min = 1, help = "x" } }
    local values, message, id = params.values(needed, {})
    assert.is_nil(values)
    assert.equal("E-RC-04", id)
    assert.matches("parameter n must be given: -p n=VALUE, an integer of at least 1", message, 1, true)
    assert.equal(5, params.values(needed, { "n=5" }).n)
    assert.same({}, params.defaults(needed, {}))
  end)

  it("lets a parameter count while its condition holds", function()
    assert.equal(32, changed("mode=group", "group=32").group)
    assert.equal(64, changed().group)
  end)
end)

describe("a sweep", function()
  local function labels(...)
    local list = {}
    for i, point in ipairs(assert(params.points(specs, { ... }))) do list[i] = point.label end
    return list
  end

  it("is one point where nothing has several values", function()
    local points = assert(params.points(specs, { "bits=3" }))
    assert.equal(1, #points)
    assert.equal("", points[1].label)
    assert.equal(3, points[1].values.bits)
  end)

  it("goes through every combination, the last fastest", function()
    assert.same({ "bits=3", "bits=4" }, labels "bits=3,4")
    assert.same({ "bits=3,mode=row", "bits=3,mode=group", "bits=4,mode=row", "bits=4,mode=group" },
      labels("bits=3,4", "mode=row,group"))
    local points = params.points(specs, { "layers=[a],[b,c]", "rules.head=1,2" })
    assert.equal(4, #points)
    assert.same({ "b", "c" }, points[4].values.layers)
    assert.equal(2, points[4].values.rules.head)
    assert.equal("layers=b+c,rules.head=2", points[4].label)
  end)

  it("has labels that are folder names, no two the same", function()
    for _, label in ipairs(labels 'text=a/b,../x,"\27[2J",,a b,a/b') do
      assert.is_nil(label:find "[^%w_.+=,-]", label)
    end
    local seen = {}
    for _, label in ipairs(labels "text=a/b,a_b,a b") do
      assert.is_nil(seen[label])
      seen[label] = true
    end
  end)

  it("checks every point, and has at most 256", function()
    local points, message, id = params.points(specs, { "bits=3,9" })
    assert.is_nil(points)
    assert.equal("E-RC-05", id)
    assert.matches("'9' is not", message, 1, true)
    local many = {}
    for i = 1, 20 do many[i] = tostring(i) end
    points, message = params.points(specs, { "any=" .. table.concat(many, ","), "scale=" .. table.concat(many, ",") })
    assert.is_nil(points)
    assert.matches("more than 256 points", message, 1, true)
  end)

  it("is refused where there is one run", function()
    assert.matches("several values are a sweep", (refusal "bits=3,4"))
  end)
end)

describe("the schema of parameters", function()
  it("says what each may be, as JSON", function()
    local schema = require("vise.recipe.param_schema").of { header = { name = "x", summary = "s", params = specs } }
    local plain = core.json_decode(assert(core.json_encode(schema)))
    assert.same({ type = "integer", minimum = 2, maximum = 8, default = 4, description = "x", ["x-type"] = "integer",
      ["x-affects"] = "result" }, plain.properties.bits)
    assert.equal(1 << 30, plain.properties.memory.default)
    assert.same({ "row", "group" }, plain.properties.mode.enum)
    assert.equal("integer", plain.properties.deep.additionalProperties.additionalProperties.type)
    assert.equal("array", plain.properties.layers.type)
  end)
end)
