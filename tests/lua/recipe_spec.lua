local core = require "vise.core"
local jobs = require "vise.job"
local params = require "vise.recipe.params"
local recipes = require "vise.recipe"

local HEADER = [[{ name = "test", version = "1.0.0", summary = "a test", license = "MIT", %s }]]

-- A recipe's folder with these files; `path` is removed by the caller.
local function folder(body, header, more)
  local path = os.tmpname()
  os.remove(path)
  assert(core.disk.mkdir(path))
  local files = { ["header.lua"] = header or HEADER:format "", ["recipe.lua"] = body }
  for name, text in pairs(more or {}) do
    if name:find "/" then core.disk.mkdir(path .. "/" .. name:match "^(.*)/") end
    files[name] = text
  end
  for name, text in pairs(files) do assert(core.disk.write(path .. "/" .. name, text)) end
  return path
end

-- Opens and runs a recipe; the job, and what running it gave.
local function run(body, header, options, more)
  local path = folder(body, header, more)
  local recipe, message, id = recipes.open(path)
  local job, ok
  if recipe then
    options = options or {}
    options.params = assert(params.values(recipe.header.params or {}, options.given or {}))
    options.data, options.quiet = options.data or {}, true
    job = jobs.new(recipe, options)
    ok, message, id = jobs.run(job)
  end
  core.disk.remove_tree(path)
  return job, ok, message, id
end

describe("a recipe's parameters", function()
  local specs = {
    bits = { type = "integer", default = 4, min = 2, max = 8, unit = "bits", help = "x" },
    scale = { type = "number", default = 1, max = 2.5, help = "x" },
    fast = { type = "boolean", default = false, help = "x" },
    name = { type = "string", default = "", help = "x" },
    mode = { type = "choice", default = "low", choices = { "low", "high" }, help = "x" },
    layer = { type = "pattern", default = "*", help = "x" },
    exclude = { type = "patterns", default = { "a" }, help = "x" },
  }

  it("have their defaults, and a list of its own each time", function()
    local first = assert(params.values(specs, {}))
    assert.same({ bits = 4, scale = 1, fast = false, name = "", mode = "low", layer = "*", exclude = { "a" } }, first)
    first.exclude[1] = "changed"
    assert.same({ "a" }, params.values(specs, {}).exclude)
  end)

  it("are read from text by their type", function()
    local v = assert(params.values(specs, { { "bits", "8" }, { "scale", "-1e-3" }, { "fast", "yes" },
      { "name", "a=b" }, { "mode", "high" }, { "exclude", "x,y" }, { "exclude", "z" } }))
    assert.equal(8, v.bits)
    assert.equal(-1e-3, v.scale)
    assert.is_true(v.fast)
    assert.equal("a=b", v.name)
    assert.equal("high", v.mode)
    assert.same({ "x", "y", "z" }, v.exclude)
  end)

  it("refuse what does not fit, by name", function()
    for _, case in ipairs {
      { "bits", "9", "from 2 to 8 bits" }, { "bits", "4.0", "an integer" }, { "bits", "0x4", "an integer" },
      { "bits", "", "an integer" }, { "scale", "3", "at most 2.5" }, { "scale", "nan", "a number" },
      { "fast", "maybe", "a boolean" }, { "mode", "hihg", "did you mean 'high'?" }, { "layer", "", "a pattern" },
    } do
      local v, message, id = params.values(specs, { { case[1], case[2] } })
      assert.is_nil(v)
      assert.equal("E-RC-05", id)
      assert.matches(case[3], message, 1, true)
    end
    assert.equal("E-RC-05", select(3, params.values(specs, { { "bits", "4" }, { "bits", "5" } })))
  end)

  it("suggest the nearest name", function()
    local _, message, id = params.values(specs, { { "bist", "4" } })
    assert.equal("E-RC-04", id)
    assert.matches("did you mean 'bits'?", message, 1, true)
  end)
end)

describe("a recipe's header", function()
  it("is refused by the field that is wrong", function()
    for _, case in ipairs {
      { "nmae = 1", "did you mean 'name'?" },
      { "authors = 'me'", "authors must be a list of names" },
      { "homepage = 5", "homepage must be an address" },
      { "inputs = { images = 'x' }", "inputs: unknown field 'images'" },
      { "inputs = { model = 1 }", "inputs.model must be" },
      { "params = { p = 5 }", "p must be a table" },
      { "params = { p = { type = 'integre', default = 1, help = 'x' } }", "did you mean 'integer'?" },
      { "params = { p = { type = 'integer', help = 'x' } }", "default is missing" },
      { "params = { p = { type = 'integer', default = 1 } }", "help is missing" },
      { "params = { p = { type = 'integer', default = 1.5, help = 'x' } }", "default must be an integer" },
      { "params = { p = { type = 'integer', default = 1, min = 2, help = 'x' } }", "of at least 2" },
      { "params = { p = { type = 'integer', default = 1, min = 3, max = 2, help = 'x' } }", "min and max" },
      { "params = { p = { type = 'string', default = '', min = 1, help = 'x' } }", "min and max" },
      { "params = { p = { type = 'choice', default = 'a', help = 'x' } }", "choices must be" },
      { "params = { p = { type = 'string', default = '', choices = { 'a' }, help = 'x' } }", "are for the type" },
      { "params = { p = { type = 'string', default = '', help = 'x', unti = 's' } }", "did you mean 'unit'?" },
      { "params = { ['a-b'] = { type = 'string', default = '', help = 'x' } }", "a parameter's name is a word" },
    } do
      local _, ok, message, id = run("return function() end", HEADER:format(case[1]))
      assert.is_nil(ok)
      assert.equal("E-RC-03", id, case[1])
      assert.matches(case[2], message, 1, true)
    end
  end)

  it("needs a name, a version, a summary and a licence", function()
    for _, name in ipairs { "name", "version", "summary", "license" } do
      local header = HEADER:format "":gsub(name .. " = \"[^\"]*\",", "")
      local _, _, message, id = run("return function() end", header)
      assert.equal("E-RC-03", id)
      assert.matches(("'%s' is missing"):format(name), message, 1, true)
    end
  end)
end)

describe("a recipe's body", function()
  it("gets the job: parameters, data, folders", function()
    local header = HEADER:format "params = { n = { type = 'integer', default = 3, help = 'x' } }"
    local job, ok = run([[return function(job)
      job:report("seen", { n = job.params.n, data = #job.data, dry = job.dry_run, own = job.folder ~= nil })
    end]], header, { given = { { "n", "5" } }, data = { "a", "b" } })
    assert.is_true(ok)
    assert.same({ n = 5, data = 2, dry = false, own = true }, job.results[1].data)
  end)

  it("sees pure Lua, vise and its own modules, and nothing else", function()
    local job, ok = run([[
      local own = require "lib.own"
      return function(job)
        local function absent(name) return rawget(_G, name) == nil and not pcall(function() return _G[name] end) end
        job:report("seen", { io = absent "io", execute = os.execute == nil, load = absent "load",
          debug = absent "debug", package = absent "package", vise = vise == require "vise",
          core = not pcall(require, "vise.core"), own = own.answer })
      end]], nil, nil, { ["lib/own.lua"] = "return { answer = 42 }" })
    assert.is_true(ok)
    assert.same({ io = true, execute = true, load = true, debug = true, package = true, vise = true, core = true,
      own = 42 }, job.results[1].data)
  end)

  it("fails by name when it does not load or is no function", function()
    for _, body in ipairs { "return {", "return 5", "" } do
      local _, ok, message, id = run(body)
      assert.is_nil(ok)
      assert.equal("E-RC-06", id)
      assert.matches("recipe.lua", message, 1, true)
    end
  end)

  it("fails with its line when its code fails", function()
    local _, ok, message, id = run "return function(job)\n  local x = job.params.a.b\nend"
    assert.is_nil(ok)
    assert.equal("E-RC-07", id)
    assert.matches("recipe.lua:2: attempt to index a nil value", message, 1, true)
  end)

  it("passes the id of a failure on, returned or asserted", function()
    for _, body in ipairs {
      "return nil, 'no good', 'E-DT-01'",
      "assert(nil, 'no good', 'E-DT-01')",
    } do
      local _, ok, message, id = run("return function() " .. body .. " end")
      assert.is_nil(ok)
      assert.equal("E-DT-01", id)
      assert.equal("no good", message)
    end
  end)

  it("fails when it returns nil and a message, or raises what is no text", function()
    for body, text in pairs { ["return nil, 'no good'"] = "no good", ["return nil, 'no good', 2"] = "no good",
      ["error {}"] = "table: ", ["error()"] = "nil" } do
      local _, ok, message, id = run("return function() " .. body .. " end")
      assert.is_nil(ok, body)
      assert.equal("E-RC-07", id)
      assert.matches(text, message, 1, true)
    end
    local _, ok = run "return function() return nil end"
    assert.is_true(ok)
  end)

  it("is told what it called a job's function with", function()
    for body, text in pairs {
      ["job:print('%d', 'x')"] = "job:print(\"%d\"): bad argument #2",
      ["job:log('%d', 'x')"] = "job:log(\"%d\")",
      ["job:report(nil, {})"] = "job:report takes a name and data, got nil and table",
      ["job:report('x')"] = "got string and nil",
      ["job:expect('x', nil, { at_least = 1 })"] = "expect x: it takes a number and bounds, got nil and table",
      ["job:expect('x', 1)"] = "got number and nil",
    } do
      local ok, message = pcall(run, "return function(job) " .. body .. " end")
      assert.is_false(ok, body)
      assert.matches("E-RC-10", message, 1, true)
      assert.matches(text, message, 1, true)
    end
  end)

  it("is told when a model or a folder is missing", function()
    for want, body in pairs { ["E-RC-08"] = "return job.model", ["E-RC-09"] = "return job:path 'x'" } do
      local _, ok, _, id = run("return function(job) " .. body .. " end")
      assert.is_nil(ok)
      assert.equal(want, id)
    end
  end)

  it("writes inside its output folder only", function()
    local out = os.tmpname()
    os.remove(out)
    local _, ok = run("return function(job) job:write('a/b.txt', 'text') end", nil, { out = out .. "/deep" })
    assert.is_true(ok)
    assert.equal("file", core.disk.exists(out .. "/deep/a/b.txt"))
    for _, name in ipairs { "../x", "/x", "a/../../x", "" } do
      assert.error_matches(function()
        run(("return function(job) job:write(%q, 'text') end"):format(name), nil, { out = out })
      end, "E%-RC%-10")
    end
    core.disk.remove_tree(out)
  end)

  it("counts the expectations that are not met", function()
    local job, ok = run [[return function(job)
      job:expect("a", 1, { at_least = 0.5 })
      job:expect("b", 1, { at_most = 0.5 })
      job:expect("c", 0 / 0, { at_least = 0 })
    end]]
    assert.is_true(ok)
    assert.equal(2, job.failed)
  end)
end)
