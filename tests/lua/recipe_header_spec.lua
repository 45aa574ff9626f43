-- Every field of a header is held against what it must be; each refusal has its id, its place and says
-- what was expected.

local core = require "vise.core"
local headers = require "vise.recipe.header"

local GOOD = [[{
  name = "x",
  version = "1.0.0",
  summary = "s",
  license = "MIT",
  %s
}]]

local function with(fields)
  return GOOD:format(fields)
end

local function without(name)
  return (GOOD:format "":gsub(name .. " = [^\n]*\n", "\n"))
end

local function param(fields)
  return with("params = { p = { " .. fields .. " } }")
end

local INTEGER = "type = 'integer', default = 4, help = 'h'"

-- A header, the id, and what the message must say.
local bad = {
  -- Not one table of literals.
  { "", "E-RC-02", "x/header.lua:1: expected one table, found the end of the file" },
  { "{", "E-RC-02", "found the end of the file" },
  { "os.execute 'x'", "E-RC-02", "expected one table, found 'os'" },
  { "{ name = f() }", "E-RC-02", "expected a string, a number, true, false, nil or a table, found 'f'" },
  { "{ a = 1 + 1 }", "E-RC-02", "expected ',' or '}', found '+'" },
  { "{ a = 'x }", "E-RC-02", "a string has no end" },
  { "{ a = [[x }", "E-RC-02", "a long bracket has no end" },
  { "{\n\n a = 1x }", "E-RC-02", "x/header.lua:3: '1x' is not a number" },
  { "{ a = 1, a = 2 }", "E-RC-02", "the field 'a' is there twice" },
  { "{ [{}] = 1 }", "E-RC-02", "a key is a string or an integer" },
  { "{ a = '\\q' }", "E-RC-02", "no escape sequence '\\q'" },
  { "{} os.exit()", "E-RC-02", "expected nothing after the table, found 'os'" },
  { ("{"):rep(40), "E-RC-02", "tables deeper than 32" },
  { "{" .. ("1,"):rep(20001) .. "}", "E-RC-02", "more than 20000 values" },
  { "{ a = \27[31m }", "E-RC-02", "found '\\x1b'" },
  -- Fields that are missing, unknown or of another kind.
  { without "name", "E-RC-03", "the field 'name' is missing: lower-case words joined by '-'" },
  { without "version", "E-RC-03", "the field 'version' is missing: three numbers" },
  { without "summary", "E-RC-03", "the field 'summary' is missing" },
  { without "license", "E-RC-03", "the field 'license' is missing: an SPDX name" },
  { with "licence = 'MIT'", "E-RC-03", "x/header.lua:6: unknown field 'licence'; did you mean 'license'?" },
  { with "[1] = 'x'", "E-RC-03", "unknown field '1'" },
  { GOOD:format "":gsub('"x"', '"X y"'), "E-RC-03", "x/header.lua:2: name must be lower-case words" },
  { GOOD:format "":gsub('"x"', '"' .. ("x"):rep(65) .. '"'), "E-RC-03", "64 letters at most" },
  { GOOD:format "":gsub('"1.0.0"', '"1.0"'), "E-RC-03", "x/header.lua:3: version must be three numbers" },
  { GOOD:format "":gsub('"1.0.0"', "1.0"), "E-RC-03", "version must be three numbers" },
  { GOOD:format "":gsub('"s"', '"' .. ("s"):rep(121) .. '"'), "E-RC-03", "summary must be a line of at most 120" },
  { GOOD:format "":gsub('"s"', '"a\\nb"'), "E-RC-03", "summary must be a line of at most 120" },
  { GOOD:format "":gsub('"s"', '"a\\27[31mb"'), "E-RC-03", "summary must be a line of at most 120" },
  { with "api = 0", "E-RC-03", "api must be an integer from 1" },
  { with "api = 1.5", "E-RC-03", "api must be an integer from 1" },
  { with "authors = 'me'", "E-RC-03", "authors must be a list of names" },
  { with "authors = { 'a', 5 }", "E-RC-03", "authors[2] must be a line of text" },
  { with "authors = { x = 'a' }", "E-RC-03", "authors must be a list of names" },
  { with "homepage = 'javascript:x'", "E-RC-03", "homepage must be an address that begins with https://" },
  { with "tags = { 'two words' }", "E-RC-03", "tags[1] must be a word" },
  { with "papers = { '' }", "E-RC-03", "papers[1] must be a line of text" },
  { with "kind = 'quantiser'", "E-RC-03", "kind must be one of transform, observer, quantizer" },
  { with "inputs = 'a model'", "E-RC-03", "inputs must be a table of inputs" },
  { with "inputs = { modle = 'x' }", "E-RC-03", "inputs: unknown field 'modle'; did you mean 'model'?" },
  { with "inputs = { model = { familes = { 'dit' } } }", "E-RC-03", "did you mean 'families'?" },
  { with "inputs = { model = { min_inputs = 0 } }", "E-RC-03", "inputs.model.min_inputs must be an integer from 1" },
  { with "inputs = { data = { modality = 'sound' } }", "E-RC-03", "one of text, images, tensors" },
  { with "outputs = { formats = 'vise' }", "E-RC-03", "outputs.formats must be a list of formats" },
  { with "resources = { time = 'ages' }", "E-RC-03", "resources.time must be one of seconds, minutes" },
  { with "resources = { data_free = 'yes' }", "E-RC-03", "resources.data_free must be true or false" },
  { with "needs = { gpus = true }", "E-RC-03", "needs: unknown field 'gpus'; did you mean 'gpu'?" },
  { with "expects = { { at_least = 1 } }", "E-RC-03", "expects[1]: the field 'metric' is missing" },
  { with "expects = { { metric = 'psnr' } }", "E-RC-03", "expects[1] must have at_least, at_most, or value" },
  { with "expects = { { metric = 'psnr', value = 1 } }", "E-RC-03", "expects[1] must have value and tol together" },
  { with "expects = { { metric = 'psnr', at_least = 1/0 } }", "E-RC-02", "found '/'" },
  { with "expects = { { metric = 'psnr', at_least = 1e999 } }", "E-RC-03", "expects[1].at_least must be a number" },
  { with "extends = 'int8'", "E-RC-03", "extends must be a name and a version, \"int8@1.0.0\"" },
  { with "extends = '../int8@1.0.0'", "E-RC-03", "extends must be a name and a version" },
  { with "replaces = { 'A b' }", "E-RC-03", "replaces[1] must be a name" },
  { with "assets = { '/etc' }", "E-RC-03", "assets[1] must be a name inside the package" },
  { with "assets = { 'a/../../b' }", "E-RC-03", "assets[1] must be a name inside the package" },
  -- Parameters.
  { with "params = { 5 }", "E-RC-03", "params must be a table of parameters by name" },
  { with "params = { p = 5 }", "E-RC-03", "params.p must be a table that describes the parameter" },
  { with "params = { ['a-b'] = {} }", "E-RC-03", "params.a-b: a parameter's name is a word" },
  { with "params = { ['\\27[2J'] = {} }", "E-RC-03", "params.\\x1b[2J: a parameter's name is a word" },
  { param "default = 1, help = 'h'", "E-RC-03", "params.p: the field 'type' is missing" },
  { param "type = 'integer', default = 1", "E-RC-03", "x/header.lua:6: params.p: help is missing" },
  { param "type = 'int', default = 1, help = 'h'", "E-RC-03", "no type 'int'; did you mean 'integer'?" },
  { param "type = 'bolean', default = true, help = 'h'", "E-RC-03", "did you mean 'boolean'?" },
  { param "type = 'integer', help = 'h'", "E-RC-03", "params.p: default is missing" },
  { param "type = 'integer', default = 1.0, help = 'h'", "E-RC-03", "default must be an integer" },
  { param(INTEGER .. ", min = 5"), "E-RC-03", "default must be an integer of at least 5" },
  { param(INTEGER .. ", min = 5, max = 2"), "E-RC-03", "min and max must be in order" },
  { param(INTEGER .. ", step = 0"), "E-RC-03", "step must be above 0" },
  { param(INTEGER .. ", min = 1, step = 2"), "E-RC-03", "default must be an integer of at least 1 in steps of 2" },
  { param(INTEGER .. ", min = '1'"), "E-RC-03", "must be numbers, of an integer, number, bytes or duration" },
  { param(INTEGER .. ", choices = {}"), "E-RC-03", "choices must be a list" },
  { param(INTEGER .. ", choices = { 'a' }"), "E-RC-03", "choices[1] must be an integer" },
  { param(INTEGER .. ", required = true"), "E-RC-03", "a required parameter has no default" },
  { param(INTEGER .. ", unti = 'x'"), "E-RC-03", "params.p: unknown field 'unti'; did you mean 'unit'?" },
  { param(INTEGER .. ", affects = 'taste'"), "E-RC-03", "params.p.affects must be one of speed, result" },
  { param(INTEGER .. ", when = { q = 1 }"), "E-RC-03", "when names 'q', which is no other parameter" },
  { param(INTEGER .. ", of = 'integer'"), "E-RC-03", "of is for the type list or map" },
  { param(INTEGER .. ", kind = 'file'"), "E-RC-03", "kind is for the type path" },
  { param "type = 'path', default = '/etc/passwd', help = 'h'", "E-RC-03", "only the person who runs the recipe" },
  { param "type = 'list', of = 'list', default = {}, help = 'h'", "E-RC-03", "p.of must be a type of single values" },
  { param "type = 'list', of = 'integer', default = { 'a' }, help = 'h'", "E-RC-03",
    "default must be a list, each an integer" },
  { param "type = 'bytes', default = '512M', help = 'h'", "E-RC-03", "default must be a size" },
  { param "type = 'duration', default = 'soon', help = 'h'", "E-RC-03", "default must be a duration" },
  { param "type = 'choice', default = 'a', help = 'h'", "E-RC-03", "choices must be a list of strings" },
}

describe("a bad header", function()
  for i, case in ipairs(bad) do
    it(("is refused by name: %d, %s"):format(i, case[3]:gsub("[^\x20-\x7e]", "?")), function()
      local header, message, id = headers.read(case[1], "x/header.lua")
      assert.is_nil(header)
      assert.equal(case[2], id, message)
      assert.matches(case[3], message, 1, true)
      assert.matches("^x/header%.lua", message)
      assert.is_true(#message < 400)
      assert.is_nil(message:find "[%c]")
    end)
  end

  it("comes in at least forty kinds", function()
    print(("bad headers: %d (goal 40)"):format(#bad))
    assert.is_true(#bad >= 40)
  end)
end)

describe("a good header", function()
  it("may have every field", function()
    local header = assert(headers.read(with [[
      api = 1, authors = { "a" }, homepage = "https://example.org/x", tags = { "int8", "w8a8" },
      papers = { "arXiv 2411.05007" }, kind = "quantizer",
      params = { mode = { type = "choice", choices = { "row", "group" }, default = "row", help = "h" },
        group = { type = "integer", default = 64, min = 16, max = 256, step = 16, unit = "inputs", help = "h",
          when = { mode = "group" }, divides = "inputs", affects = "result", advanced = true },
        memory = { type = "bytes", default = "1.5GiB", max = "4GiB", help = "h", affects = "speed" },
        wait = { type = "duration", default = "1h30m", help = "h" },
        sizes = { type = "list", of = "integer", min = 1, default = { 1, 2 }, help = "h" },
        rules = { type = "map", keys = "pattern", of = { type = "map", of = "number" }, default = {}, help = "h" },
        file = { type = "path", kind = "file", default = "", help = "h" },
        bits = { type = "integer", required = true, choices = { 3, 4 }, help = "h" } },
      inputs = { model = { families = { "dit" }, layers = { "*.q" }, dtypes = { "f16" }, min_inputs = 64 },
        data = "texts", statistics = "a file" },
      outputs = { formats = { "vise" }, bits_per_weight = 4.5 }, resources = { memory = "2 x layer", time = "minutes",
        data_free = true, shards = false, resumes = true },
      needs = { backends = { "ref" }, observers = { "range" }, quant_types = { "int8_per_row" } },
      expects = { { metric = "psnr", value = 30, tol = 0.5, n = 20 } }, extends = nil,
      replaces = { "old", "old@1.0.0" },
      assets = { "data", "noise.safetensors" },
    ]], "x/header.lua"))
    assert.equal("quantizer", header.kind)
    assert.near(29.5, header.expects[1].at_least, 1e-12)
    assert.near(30.5, header.expects[1].at_most, 1e-12)
  end)
end)

describe("the description of headers", function()
  it("names every field and type with a help", function()
    local about = headers.describe()
    local seen = {}
    for _, list in pairs(about) do
      for _, row in ipairs(list) do
        assert.is_true(#row.name > 0 and #row.help > 0, row.name)
        seen[row.name] = true
      end
    end
    for _, name in ipairs { "name", "extends", "assets", "default", "when", "bytes", "duration", "map" } do
      assert.is_true(seen[name], name)
    end
  end)

  it("is a JSON schema that can be written", function()
    local schema = core.json_decode(assert(core.json_encode(headers.schema())))
    assert.equal("object", schema.type)
    assert.same({ "name", "version", "summary", "license" }, schema.required)
    assert.equal("array", schema.properties.authors.type)
    assert.is_false(schema.properties.inputs.additionalProperties)
  end)
end)

describe("the reader of headers", function()
  it("survives pieces put together at random, and says nothing unprintable", function()
    local pieces = { "{", "}", "=", ",", "name", "params", "p", "'x'", "\"y", "[[z]]", "[", "]", "1", "-", "1e9", "nil",
      "true", "--", "\n", "\27[2J", "type", "default", "help", "'integer'", "\\", "\0", "min", "of", "when", "}" }
    local state = 1
    local function below(n)
      state = state * 6364136223846793005 + 1442695040888963407
      return (state >> 33) % n + 1
    end
    for _ = 1, 3000 do
      local parts = {}
      for i = 1, below(24) do parts[i] = pieces[below(#pieces)] end
      local text = with(table.concat(parts, " "))
      local header, message, id = headers.read(text, "h")
      if not header then
        assert.is_true(id == "E-RC-02" or id == "E-RC-03")
        assert.matches("^h", message)
        assert.is_nil(message:find "[%c]", message)
      end
    end
  end)

  it("survives every byte of a full header changed", function()
    local f <close> = assert(io.open "recipes/svdq/header.lua")
    local good = f:read "a"
    for at = 1, #good, 3 do
      for _, byte in ipairs { "\0", "{", "}", "'", "\xff" } do
        headers.read(good:sub(1, at - 1) .. byte .. good:sub(at + 1), "h")
      end
    end
  end)
end)
