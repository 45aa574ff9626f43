-- What --json prints is what its schema says.

local cli = require "vise.cli"
local core = require "vise.core"
local dit = require "workflow.support_dit"
local forms = require "vise.forms"
local json_schema = require "json_schema"
local schema = require "vise.forms.schema"
local vise = require "vise"

local program = arg[-1]

-- A schema as it is shipped: through its text.
local function shipped(form)
  return assert(core.json_decode(assert(core.json_encode(schema.of(form, "test")))))
end

local function json(arguments)
  local pipe <close> = io.popen(("%s %s --json 2>/dev/null"):format(program, arguments))
  return assert(core.json_decode(pipe:read "a"))
end

describe("the forms of JSON", function()
  it("cover every command that has --json, and no other", function()
    local printing = {}
    for _, path in ipairs(forms.commands()) do
      printing[path] = true
      assert.is_table(forms.of(path), path)
    end
    for _, path in ipairs(cli.paths()) do
      if not printing[path] then assert.is_nil(forms.of(path), path) end
    end
  end)

  it("begin with the number of their schema and say of every field what it is", function()
    local function check(fields, where)
      local seen = {}
      for _, field in ipairs(fields) do
        local name = where .. "." .. field[1]
        assert.is_nil(seen[field[1]], name)
        seen[field[1]] = true
        assert.is_true(type(field[2]) == "string" and #field[3] > 0, name)
        if field.fields then check(field.fields, name) end
      end
    end
    for _, path in ipairs(forms.commands()) do
      for _, shape in ipairs(forms.shapes(forms.of(path))) do
        assert.same({ "schema", "integer" }, { shape.fields[1][1], shape.fields[1][2] })
        check(shape.fields, path)
      end
    end
    for _, form in ipairs(forms.files()) do
      for _, shape in ipairs(forms.shapes(form)) do check(shape.fields, form.name) end
    end
  end)

  it("become schemas that take what fits and refuse what does not", function()
    local s = shipped { fields = {
      { "a", "integer", "x", const = 1 }, { "b", "string", "x", choices = { "p", "q" } },
      { "c", "number|null", "x", optional = true }, { "d", "table[]", "x", fields = { { "e", "boolean", "x" } } },
      { "f", "table<string, integer|string[]>", "x", optional = true }, { "g", "any", "x", optional = true },
    } }
    local function problem(text) return json_schema.problem(s, assert(core.json_decode(text))) end
    assert.is_nil(problem '{"a":1,"b":"q","d":[]}')
    assert.is_nil(problem '{"a":1,"b":"q","c":null,"d":[{"e":true}],"f":{"x":1,"y":["z"]},"g":[1]}')
    for _, bad in ipairs { '{"b":"q","d":[]}', '{"a":2,"b":"q","d":[]}', '{"a":1,"b":"r","d":[]}',
      '{"a":1,"b":"q","c":"1","d":[]}', '{"a":1,"b":"q","d":[{}]}', '{"a":1,"b":"q","d":[{"e":1}]}',
      '{"a":1,"b":"q","d":[{"e":true,"h":1}]}', '{"a":1,"b":"q","d":{"x":1}}', '{"a":1,"b":"q","d":[],"h":1}',
      '{"a":1,"b":"q","d":[],"f":{"x":true}}', '{"a":1.5,"b":"q","d":[]}' } do
      assert.is_string(problem(bad), bad)
    end
  end)
end)

describe("the JSON of", function()
  local folder, remove, exported

  setup(function()
    folder, remove = dit.folder()
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = "svdq_int4_r16_dq", regions = { "transformer_blocks.0.attn1.*" },
      save_to = folder }))
    model:close()
    exported = folder .. "-exported"
  end)
  teardown(function()
    remove()
    core.disk.remove_tree(exported)
  end)

  -- Each command, as it is called; {} is the artefact.
  local calls = {
    { "doctor", "doctor" },
    { "inspect", "inspect {}" }, { "inspect", "inspect {} --stats" },
    { "inspect", "inspect " .. dit.path .. " --variant fp16 --histogram proj_out_1.weight" },
    { "verify", "verify {}" }, { "verify", "verify {}/quant_config.json" },
    { "compare", "compare {} {} --all" }, { "compare", "compare " .. dit.path .. " {} --variant fp16" },
    { "eval", "eval " .. dit.path .. " --variant fp16 -a {}" },
    { "eval", "eval {}/svdq_int4_r16_dq.safetensors --base {}/svdq_int4_r16_dq.safetensors" },
    { "export", "export {} -m " .. dit.path .. " --variant fp16 --to cache-dit -o {}-exported" },
    { "run", "run quickstart --dry-run" },
    { "recipes list", "recipes list" }, { "recipes show", "recipes show int8-static" },
    { "recipes params", "recipes params int8" }, { "recipes check", "recipes check w4a8" },
    { "bench", "bench machine --repeats 1 --cold 0 --threads 1" },
    { "bench", "bench products --repeats 1 -k 128 -n 64 -m 1 --threads 1 --cold 0" },
  }
  for _, call in ipairs(calls) do
    it(("vise %s conforms: %s"):format(call[1], call[2]:gsub("{}", "ARTEFACT"):gsub("%S*/", "")), function()
      local got = json((call[2]:gsub("{}", folder)))
      assert.is_nil(json_schema.problem(shipped(forms.of(call[1])), got))
    end)
  end

  it("every command is among these", function()
    local tried = {}
    for _, call in ipairs(calls) do tried[call[1]] = true end
    for _, path in ipairs(forms.commands()) do assert.is_true(tried[path], path) end
  end)

  it("an artefact's manifest conforms", function()
    local f <close> = assert(io.open(folder .. "/quant_config.json"))
    local manifest = assert(core.json_decode(f:read "a"))
    assert.is_nil(json_schema.problem(shipped(require "vise.forms.files.artefact"), manifest))
  end)
end)
