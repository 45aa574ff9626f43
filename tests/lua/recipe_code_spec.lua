-- A recipe's code: what does not compile, what is no source, what is too much, which names it may use,
-- what it inherits and what it needs.

local core = require "vise.core"
local globals = require "vise.recipe.globals"
local jobs = require "vise.job"
local model_fit = require "vise.recipe.model_fit"
local params = require "vise.recipe.params"
local recipes = require "vise.recipe"
local vise = require "vise"

local HEADER = [[{ name = "%s", version = "%s", summary = "a test", license = "MIT", %s }]]
local BODY = "return function(job) job:report('ran', { own = true }) end"

local place

-- Writes a recipe; `header` is what its header says beyond the needed fields.
local function recipe(name, files, header, version)
  local folder = place .. "/" .. name
  assert(core.disk.mkdir(folder))
  local all = { ["header.lua"] = HEADER:format(name:gsub("@.*", ""), version or "1.0.0", header or "") }
  for file, text in pairs(files or { ["recipe.lua"] = BODY }) do all[file] = text end
  for file, text in pairs(all) do
    local parent = file:match "^(.*)/"
    if parent and not core.disk.exists(folder .. "/" .. parent) then core.disk.mkdir(folder .. "/" .. parent) end
    assert(core.disk.write(folder .. "/" .. file, text))
  end
  return folder
end

local function refusal(folder)
  local opened, message, id = recipes.open(folder)
  assert.is_nil(opened)
  return message, id
end

local function body(text)
  return recipe("x", { ["recipe.lua"] = text })
end

-- Runs a recipe without a model; what it reported last, or nil, message, id.
local function run(folder, given)
  local opened = assert(recipes.open(folder))
  local job = jobs.new(opened, { params = assert(params.values(opened.header.params or {}, given or {})), data = {},
    quiet = true })
  local ok, message, id = jobs.run(job)
  if not ok then return nil, message, id end
  return job.results[#job.results].data, job
end

before_each(function()
  place = os.tmpname()
  os.remove(place)
  assert(core.disk.mkdir(place))
end)
after_each(function() core.disk.remove_tree(place) end)

describe("a recipe's source", function()
  it("that does not compile shows its line and a caret below the fault", function()
    for _, case in ipairs {
      { "return function(job)\n  local x = = 5\nend", 2, "unexpected symbol near '='", 12 },
      { "return function(job)\n\tlocal s = 'abc\nend", 2, "unfinished string near ''abc'", 11 },
      { "return function(job)\n  if x then\n", 2, "'end' expected (to close 'if' at line 2) near <eof>", 11 },
      { "x = 5 5", 1, "unexpected symbol near '5'", 6 },
      { "return function(job) end)", 1, "<eof> expected near ')'", 24 },
    } do
      local message, id = refusal(body(case[1]))
      core.disk.remove_tree(place .. "/x")
      local line = ("\n" .. case[1] .. "\n"):gsub("\t", " "):match(("\n[^\n]*"):rep(case[2] - 1) .. "\n([^\n]*)")
      assert.equal("E-RC-06", id)
      assert.matches(("recipe.lua:%d: "):format(case[2]), message, 1, true)
      assert.matches(case[3]:gsub("\t", " "), message, 1, true)
      assert.matches(("\n%5d | %s\n%s^"):format(case[2], line, (" "):rep(8 + case[4])), message, 1, true)
    end
  end)

  it("is shown around the fault where its line is long, and never raw", function()
    local message = refusal(body("x = '" .. ("a"):rep(300) .. "\27[31m' 'b'"))
    for line in message:gmatch "[^\n]+" do assert.is_true(#line < 180) end
    assert.is_nil(message:find "\27")
    assert.matches("%^$", message)
  end)

  it("must be source", function()
    local message, id = refusal(body(string.dump(function() end)))
    assert.equal("E-RC-12", id)
    assert.matches("recipe.lua: compiled Lua is refused, give the source", message, 1, true)
  end)

  it("may not be too large, nor nested too deeply", function()
    local message, id = refusal(body(("-"):rep(1 << 20) .. "x"))
    assert.equal("E-RC-13", id)
    assert.matches("1048577 bytes, a file of a recipe has at most 1048576", message, 1, true)
    core.disk.remove_tree(place .. "/x")
    for _, text in ipairs { "x = " .. ("("):rep(100000), "x = " .. ("{"):rep(100000), ("do "):rep(100000),
      "x = " .. ("-"):rep(1) .. (" - "):rep(100000) .. "1" } do
      message, id = refusal(body(text))
      core.disk.remove_tree(place .. "/x")
      assert.equal("E-RC-13", id)
      assert.matches("recipe.lua:1: nested too deeply, Lua takes up to 200 levels", message, 1, true)
    end
  end)

  it("must be a regular file that is there", function()
    for _, files in ipairs { {}, { ["recipe.lua/x"] = "" } } do
      local message, id = refusal(recipe("x", files))
      core.disk.remove_tree(place .. "/x")
      assert.equal("E-RC-01", id)
      assert.matches("recipe.lua", message, 1, true)
    end
  end)
end)

describe("a name that a recipe's code uses", function()
  it("must be there, and the nearest is suggested", function()
    local _, message, id = run(body "return function(job)\n  local layers = {}\n  return #layrs\nend")
    assert.equal("E-RC-19", id)
    assert.matches("recipe.lua:3: unknown name 'layrs'; did you mean 'layers'?", message, 1, true)
    assert.matches("\n    3 |   return #layrs", message, 1, true)
  end)

  it("may be an upvalue or a function of Lua that was misspelt", function()
    for text, near in pairs { ["local config = 1\nreturn function() return config, confg end"] = "config",
      ["return function() return ipars {} end"] = "ipairs", ["return function() return vice end"] = "vise" } do
      local _, message = run(body(text))
      core.disk.remove_tree(place .. "/x")
      assert.matches(("did you mean '%s'"):format(near), message, 1, true)
    end
  end)

  it("is said to be absent where Lua has it and recipes do not", function()
    for _, name in ipairs { "io", "debug", "package", "load", "dofile", "collectgarbage" } do
      local _, message, id = run(body(("return function() return %s end"):format(name)))
      core.disk.remove_tree(place .. "/x")
      assert.equal("E-RC-19", id)
      assert.matches(("'%s' is not available to recipes"):format(name), message, 1, true)
    end
  end)

  it("is found at load, too", function()
    local message, id = refusal(body "local x = nothng\nreturn function() end")
    assert.equal("E-RC-19", id)
    assert.matches("recipe.lua:1: unknown name 'nothng'", message, 1, true)
  end)

  it("belongs to this recipe alone", function()
    body "string.format = nil\nmath.pi = 3\nreturn function(job) job:report('x', { n = math.random(1 << 30) }) end"
    math.randomseed(0)
    local first = math.random(1 << 30)
    math.randomseed(5)
    assert.equal(first, run(place .. "/x").n) -- the same numbers in every run
    assert.equal("1", ("%d"):format(1))
    assert.is_true(math.pi > 3)
  end)

  it("is shown with its line when it fails at run time", function()
    local _, message, id = run(body "return function(job)\n  local x = job.params.a.b\nend")
    assert.equal("E-RC-07", id)
    assert.matches("recipe.lua:2: attempt to index a nil value (field 'a')", message, 1, true)
    assert.matches("\n    2 |   local x = job.params.a.b", message, 1, true)
  end)
end)

describe("the globals of a chunk", function()
  it("are listed with their lines, read and set, in functions too", function()
    local uses = {}
    for i, use in ipairs(globals.of(load [[
      local a = print
      x = 5
      return function(job)
        local f = function() return zz .. a end
        for _, l in ipairs(job) do y = l end
        return f, math.floor
      end]])) do
      uses[i] = ("%s:%d%s"):format(use.name, use.line, use.sets and "=" or "")
    end
    assert.same({ "print:1", "x:2=", "zz:4", "ipairs:5", "y:5=", "math:6" }, uses)
  end)

  it("have right lines in long functions", function()
    local lines = { "return function()" }
    for i = 2, 700 do lines[i] = i % 50 == 0 and ("\n\n\n\n\ng%d()"):format(i) or "local _ = {}" end
    lines[#lines + 1] = "end"
    local text = table.concat(lines, "\n"):gsub("local _ = {}", "_ = {}")
    for _, use in ipairs(globals.of(load(text))) do
      if use.name ~= "_" then
        local line = 0
        for l in (text .. "\n"):gmatch "([^\n]*)\n" do
          line = line + 1
          if l == use.name .. "()" then assert.equal(line, use.line) end
        end
      end
    end
  end)
end)

describe("a recipe that extends another", function()
  before_each(function()
    recipe("base", {
      ["recipe.lua"] = "local own = require 'lib.own'\nreturn function(job)\n"
        .. "job:report('ran', { n = job.params.n, own = own, folder = job.folder }) end",
      ["lib/own.lua"] = "return 'base'", ["README.md"] = "base",
    }, [[params = { n = { type = "integer", default = 4, min = 1, max = 8, help = "h" },
          m = { type = "boolean", default = false, help = "h" } }, tags = { "a" }, kind = "quantizer",
          expects = { { metric = "psnr", at_least = 1 } }]])
  end)

  it("has its body, parameters, lib and README", function()
    local folder = recipe("child", {}, 'extends = "base@1.0.0"')
    local found = run(folder)
    assert.same({ n = 4, own = "base", folder = place .. "/base" }, found)
    local opened = recipes.open(folder)
    assert.equal(place .. "/base/README.md", opened.find "README.md")
    assert.same({ "a" }, opened.header.tags)
    assert.equal("quantizer", opened.header.kind)
    assert.is_nil(opened.header.expects)
    assert.equal("child", opened.header.name)
    assert.same({ "child", "base" }, { opened.chain[1].header.name, opened.chain[2].header.name })
    assert.equal("base", opened.extends[1].name)
    assert.equal(64, #opened.extends[1].hash)
  end)

  it("changes parameters field by field, and adds its own", function()
    local folder = recipe("child", { ["lib/own.lua"] = "return 'child'" }, [[extends = "base@1.0.0",
      params = { n = { default = 2, max = 3 }, k = { type = "number", default = 1, help = "h" } }]])
    local found = run(folder, { "k=2" })
    assert.equal(2, found.n)
    assert.equal("child", found.own)
    local values, message = params.values(recipes.open(folder).header.params, { "n=4" })
    assert.is_nil(values)
    assert.matches("an integer from 1 to 3", message, 1, true)
  end)

  it("may have a body of its own", function()
    local folder = recipe("child", { ["recipe.lua"] = BODY }, 'extends = "base@1.0.0"')
    assert.same({ own = true }, run(folder))
  end)

  it("is refused where what it changes no longer fits", function()
    local message, id = refusal(recipe("child", {}, 'extends = "base@1.0.0", params = { n = { max = 3 } }'))
    assert.equal("E-RC-03", id)
    assert.matches("child/header.lua: params.n: default must be an integer from 1 to 3", message, 1, true)
    message, id = refusal(recipe("other", {}, 'extends = "base@1.0.0", params = { k = { default = 3 } }'))
    assert.equal("E-RC-03", id)
    assert.matches("params.k: help is missing", message, 1, true)
  end)

  it("names the base that is not there, and the versions that are", function()
    local message, id = refusal(recipe("child", {}, 'extends = "base@2.0.0"'))
    assert.equal("E-RC-20", id)
    assert.matches("extends base@2.0.0, and of base there is version 1.0.0", message, 1, true)
    message, id = refusal(recipe("other", {}, 'extends = "int88@1.0.0"'))
    assert.equal("E-RC-20", id)
    assert.matches("extends int88@1.0.0, which is not there; did you mean 'int8'?", message, 1, true)
  end)

  it("finds the version that it names", function()
    recipe("base@2.0.0", { ["recipe.lua"] = BODY }, nil, "2.0.0")
    assert.same({ own = true }, run(recipe("child", {}, 'extends = "base@2.0.0"')))
  end)

  it("names a circle", function()
    recipe("a", {}, 'extends = "b@1.0.0"')
    recipe("b", {}, 'extends = "a@1.0.0"')
    local message, id = refusal(place .. "/a")
    assert.equal("E-RC-21", id)
    assert.matches("a@1.0.0 extends b@1.0.0 extends a@1.0.0", message, 1, true)
    message, id = refusal(recipe("self", {}, 'extends = "self@1.0.0"'))
    assert.equal("E-RC-21", id)
    assert.matches("self@1.0.0 extends self@1.0.0", message, 1, true)
  end)

  it("ends after eight recipes", function()
    for i = 1, 9 do recipe("r" .. i, {}, ('extends = "r%d@1.0.0"'):format(i + 1)) end
    recipe "r10"
    local message, id = refusal(place .. "/r1")
    assert.equal("E-RC-21", id)
    assert.matches("more than 8 recipes", message, 1, true)
    assert.same({ own = true }, run(place .. "/r3"))
  end)
end)

describe("what a recipe needs", function()
  it("is refused by name where it is not here", function()
    for fields, case in pairs {
      ["api = 99"] = { "E-RC-17", "needs api >= 99, this build has 1" },
      ["needs = { backends = { 'avx52' } }"] = { "E-RC-18", "needs the backend 'avx52'" },
      ["needs = { observers = { 'rang' } }"] = { "E-RC-18",
        "needs the observer 'rang'; did you mean 'range'?; this build knows range, channel_span" },
      ["needs = { quant_types = { 'int8_per_rwo' } }"] = { "E-RC-18", "did you mean 'int8_per_row'" },
      ["needs = { plugins = { 'cuda' } }"] = { "E-RC-18", "needs the plug-in 'cuda'; this build knows none" },
      ["needs = { gpu = true }"] = { "E-RC-18", "needs a GPU" },
    } do
      local folder = recipe("x", nil, fields)
      local message, id = refusal(folder)
      assert.equal(case[1], id)
      assert.matches("x/header.lua", message, 1, true)
      assert.matches(case[2], message, 1, true)
      assert.is_table(recipes.read(folder)) -- it can still be looked at
      core.disk.remove_tree(folder)
    end
    assert.is_table(recipes.open(recipe("x", nil, "api = 1, needs = { backends = { 'ref', 'avx512' }, "
      .. "observers = { 'range' }, quant_types = { 'svdq_int4_r16' } }")))
  end)
end)

describe("a model held against a recipe", function()
  local model
  setup(function() model = assert(vise.open "recipes/quickstart/models/stories260K") end)
  teardown(function() model:close() end)

  local function check(header, values)
    return model_fit.check({ header = header }, values or {}, model)
  end

  local function refused(id, words, header, values)
    local ok, message, found = check(header, values)
    assert.is_nil(ok)
    assert.equal(id, found)
    assert.matches(words, message, 1, true)
  end

  it("must be what inputs.model says", function()
    local function inputs(fields) return { name = "x", inputs = { model = fields } } end
    refused("E-RC-22", "of the family llama, the recipe takes dit", inputs { families = { "dit" } })
    refused("E-RC-22", "no layer of the model matches \"*.attn9.*\"", inputs { layers = { "*.attn9.*" } })
    refused("E-RC-22", "has 64 inputs, the recipe takes 100 and more", inputs { min_inputs = 100 })
    refused("E-RC-22", "is f32, the recipe takes f64", inputs { dtypes = { "f64" } })
    assert.is_true(check(inputs { families = { "dit", "llama" }, layers = { "*.q_proj" }, min_inputs = 64 }))
    assert.is_true(check(inputs "anything"))
  end)

  it("has a layer for every pattern, or the nearest pattern is named", function()
    local header = { name = "x", params = { exclude = { type = "patterns" }, one = { type = "pattern" } } }
    local function values(exclude, one) return { exclude = exclude, one = one or "*" } end
    for glob, near in pairs { ["model.layer.*"] = "model.layers.*", ["*.q_prj"] = "*.q_proj",
      ["model.layers.*.slf_attn.q_proj"] = "model.layers.*.self_attn.q_proj",
      ["model.layers.9.*"] = "model.layers." } do
      refused("E-RC-15", ("exclude: pattern \"%s\" matches 0 of 35 layers; closest: %s"):format(glob, near), header,
        values { glob })
    end
    refused("E-RC-15", "parameter one: pattern \"zzz\" matches 0 of 35 layers", header, values({}, "zzz"))
    assert.is_true(check(header, values { "*.q_proj", "optional:zzz" }))
  end)

  it("has no layer that two rules match", function()
    local header = { name = "x", params = { rules = { type = "map", keys = "pattern" } } }
    refused("E-RC-16", "the rules '*.layers.0.*' and '*.q_proj' both match layer model.layers.0.self_attn.q_proj",
      header, { rules = { ["*.q_proj"] = 4, ["*.layers.0.*"] = 8 } })
    refused("E-RC-15", "rules.*.zzz", header, { rules = { ["*.zzz"] = 4 } })
    assert.is_true(check(header, { rules = { ["*.q_proj"] = 4, ["*.k_proj"] = 8 } }))
  end)

  it("has inputs that a group divides, or the nearest groups are named", function()
    local header = { name = "x", params = { group = { type = "integer", divides = "inputs" },
      exclude = { type = "patterns" } } }
    refused("E-RC-14", "group 48 does not divide the 64 columns of model.layers.0.", header,
      { group = 48, exclude = {} })
    refused("E-RC-14", "nearest: 32, 64", header, { group = 48, exclude = {} })
    refused("E-RC-14", "group 64 does not divide the 172 columns of model.layers.0.mlp.down_proj.weight; nearest: "
      .. "43, 86", header, { group = 64, exclude = {} })
    assert.is_true(check(header, { group = 64, exclude = { "*.down_proj" } }))
    assert.is_true(check(header, { group = 4, exclude = {} }))
  end)

  it("is held against it before the body works on it", function()
    local folder = recipe("x", { ["recipe.lua"] = "return function(job) return job.model end" },
      "params = { exclude = { type = 'patterns', default = { 'nothing.*' }, help = 'h' } }")
    local opened = assert(recipes.open(folder))
    local job = jobs.new(opened, { params = { exclude = { "nothing.*" } }, data = {}, quiet = true,
      model = "recipes/quickstart/models/stories260K" })
    local ok, _, id = jobs.run(job)
    assert.is_nil(ok)
    assert.equal("E-RC-15", id)
  end)
end)
