-- What --json prints is what its schema says.

local cli = require "vise.cli"
local core = require "vise.core"
local disk = core.disk
local dit = require "workflow.support_dit"
local forms = require "vise.forms"
local json_schema = require "json_schema"
local schema = require "vise.forms.schema"
local vise = require "vise"

local program = arg[-1]

-- A schema as it is shipped: through its text.
local function shipped(form)
  return assert(core.json_decode(assert(core.json_encode(form.schema and form.schema() or schema.of(form, "test")))))
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
      for _, shape in ipairs(forms.of(path).schema and {} or forms.shapes(forms.of(path))) do
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

-- A recipe that runs without a model.
local HEADER = [[{ name = "tiny", version = "1.0.0", summary = "measures its parameter", license = "MIT",
  params = { x = { type = "number", default = 2, help = "what is measured" } } }]]
local BODY = [[return function(job)
  job:metric("x", job.params.x, { better = "higher", unit = "dB" })
  job:report("it", { x = job.params.x })
  job:text("a file", "text")
end]]

describe("the JSON of", function()
  local folder, remove, place

  -- A fresh folder of that name.
  local function below(name)
    local path = place .. "/" .. name
    assert(disk.mkdir(path))
    return path
  end

  local function write(path, bytes)
    local f <close> = assert(io.open(path, "w"))
    f:write(bytes)
  end

  setup(function()
    folder, remove = dit.folder()
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = "svdq_int4_r16_dq", regions = { "transformer_blocks.0.attn1.*" },
      save_to = folder }))
    model:close()
    place = os.tmpname()
    os.remove(place)
    assert(disk.mkdir(place))
    local recipe = below "tiny"
    write(recipe .. "/header.lua", HEADER)
    write(recipe .. "/recipe.lua", BODY)
    for _, options in ipairs { "", "-p x=3 --out " .. place .. "/out" } do
      assert(os.execute(("%s run %s --runs %s/runs %s >/dev/null 2>&1"):format(program, recipe, place, options)))
    end
  end)
  teardown(function()
    remove()
    disk.remove_tree(place)
  end)

  local STORIES, TEXTS = "recipes/quickstart/models/stories260K", "tests/data/tinystories/stories-1-128.txt"
  local IMAGES = "recipes/quickstart/data/t10k-256-"
  -- Each command, as it is called; {} is the artefact, @ the folder of the tiny recipe and its runs.
  local calls = {
    { "doctor", "doctor" },
    { "inspect", "inspect {}" }, { "inspect", "inspect {} --stats" },
    { "inspect", "inspect " .. dit.path .. " --variant fp16 --histogram proj_out_1.weight" },
    { "verify", "verify {}" }, { "verify", "verify {}/quant_config.json" },
    { "compare", "compare {} {} --all" }, { "compare", "compare " .. dit.path .. " {} --variant fp16" },
    { "eval", "eval " .. dit.path .. " --variant fp16 -a {}" },
    { "eval", "eval " .. STORIES .. " -d " .. TEXTS .. " --to 1 -b " .. STORIES .. " --samples 1 --protocol rolling" },
    { "eval", "eval " .. STORIES .. " -d " .. TEXTS .. " --to 1 --save-base @/base --protocol sliding" },
    { "eval", "eval " .. dit.path .. " --variant fp16 -a {} -b " .. dit.path .. " --samples 1 -d " .. IMAGES
      .. "images-idx3-ubyte --labels " .. IMAGES .. "labels-idx1-ubyte --to 2" },
    { "eval", "eval {}/svdq_int4_r16_dq.safetensors --base {}/svdq_int4_r16_dq.safetensors" },
    { "export", "export {} -m " .. dit.path .. " --variant fp16 --to cache-dit -o @/exported" },
    { "calibrate",
      "calibrate " .. dit.path .. " --variant fp16 -k span,importance,histogram,top -l proj_out_1 -o @/s" },
    { "stats show", "stats show @/s" }, { "stats merge", "stats merge @/s -o @/merged" },
    { "stats convert", "stats convert @/s --to imatrix -o @/s.gguf" },
    { "stats convert", "stats convert @/s.gguf -o @/i" }, { "stats show", "stats show @/i" },
    { "run", "run quickstart --dry-run" }, { "run", "run @/tiny --no-log" }, { "run", "run @/tiny --no-log -p x=1,2" },
    { "runs", "runs --runs @/runs" }, { "runs show", "runs show last --runs @/runs" },
    { "runs compare", "runs compare last last --runs @/runs" },
    { "rerun", "rerun last --runs @/runs" }, { "diff", "diff last last --runs @/runs" }, { "diff", "diff {} {}" },
    { "recipes list", "recipes list" }, { "recipes show", "recipes show int8-static" },
    { "recipes params", "recipes params int8" }, { "recipes check", "recipes check @/tiny" },
    { "recipes from", "recipes from last other --to @/other --runs @/runs" },
    { "recipes lock", "recipes lock @/tiny" }, { "recipes record", "recipes record @/tiny --runs @/runs" },
    { "recipes pack", "recipes pack @/tiny -o @/tiny.tar" }, { "recipes add", "recipes add @/tiny.tar" },
    { "help", "help" }, { "help", "help recipes list" }, { "explain", "explain E-ST-04" },
    { "explain", "explain transformer_blocks.0.attn1.to_q {}" },
    { "bench", "bench products --repeats 1 -k 128 -n 64 -m 1 --threads 1 --cold 0" },
  }
  for _, call in ipairs(calls) do
    local shown = call[2]:gsub("{}", "ARTEFACT"):gsub("%S*/", "")
    it(("vise %s conforms: %s"):format(call[1], shown), function()
      local home = "env XDG_DATA_HOME=" .. place .. "/data "
      local pipe <close> = io.popen(("%s%s %s --json 2>&1"):format(home, program,
        (call[2]:gsub("{}", folder):gsub("@", place))))
      local bytes = pipe:read "a":gsub("^[^{]*", "")
      assert.is_nil(json_schema.problem(shipped(forms.of(call[1])), assert(core.json_decode(bytes))))
    end)
  end

  it("every command is among these", function()
    local tried = {}
    for _, call in ipairs(calls) do tried[call[1]] = true end
    for _, path in ipairs(forms.commands()) do assert.is_true(tried[path], path) end
  end)

  it("files conform", function()
    for _, form in ipairs { { "artefact", folder .. "/quant_config.json" }, { "lock", place .. "/tiny/lock.json" },
      { "expected", place .. "/tiny/expected.json" } } do
      local f <close> = assert(io.open(form[2]))
      local value = assert(core.json_decode(f:read "a"))
      assert.is_nil(json_schema.problem(shipped(require("vise.forms.files." .. form[1])), value), form[1])
    end
  end)
end)
