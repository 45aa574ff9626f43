-- vise recipes: what people see of the recipes that are here, and of packages that they make.

local core = require "vise.core"
local package_checks = require "vise.recipe.check"
local recipes = require "vise.recipe"

local program = arg[-1]
local STORIES = "recipes/quickstart/models/stories260K"

local place

local function put(path, text)
  local at = 1
  while true do
    at = path:find("/", at + 1, true)
    if not at then break end
    if not core.disk.exists(path:sub(1, at - 1)) then assert(core.disk.mkdir(path:sub(1, at - 1))) end
  end
  assert(core.disk.write(path, text))
end

-- Runs vise with an environment in which only `place` holds recipes of one's own.
local function vise(words, before)
  local command = ("cd %s && XDG_DATA_HOME=%s/data VISE_RECIPES=%s/mine VISE_RUNS=%s/runs %s '%s' %s 2>&1; echo $?")
    :format(place, place, place, place, before or "", core.disk.real(program), words)
  local pipe <close> = io.popen(command)
  local out, status = pipe:read("a"):match "^(.-)(%d+)\n$"
  return tonumber(status), out
end

local HEADER = [[{ name = "%s", version = "1.2.3", summary = "%s", license = "MIT", %s }]]

local function mine(name, header, files)
  local folder = place .. "/mine/" .. name
  put(folder .. "/header.lua", header)
  for file, text in pairs(files or { ["recipe.lua"] = "return function() end", ["README.md"] = "x" }) do
    put(folder .. "/" .. file, text)
  end
  return folder
end

local function has(words, text)
  assert.is_truthy(text:find(words, 1, true), ("%q is not in:\n%s"):format(words, text))
end

before_each(function()
  local path = os.tmpname()
  os.remove(path)
  assert(core.disk.mkdir(path))
  place = core.disk.real(path)
end)
after_each(function() core.disk.remove_tree(place) end)

describe("vise recipes list", function()
  it("has a line for each recipe, by where it is from", function()
    mine("own", HEADER:format("own", "mine alone", ""))
    local status, out = vise "recipes list"
    assert.equal(0, status)
    has("$VISE_RECIPES\n  own ", out)
    has("came with vise\n", out)
    assert.is_truthy(out:find "own +1%.2%.3  mine alone")
    assert.is_truthy(out:find "\n  int8 +%d")
    assert.same({ 0, out }, { vise "recipes" })
  end)

  it("is JSON where that is asked for", function()
    mine("own", HEADER:format("own", "mine alone", "kind = 'evaluation'"))
    mine("broken", "{")
    local status, out = vise "recipes list --json"
    assert.equal(0, status)
    local by_name = {}
    for _, r in ipairs(core.json_decode(out).recipes) do by_name[r.name] = r end
    assert.equal("evaluation", by_name.own.kind)
    assert.equal("path", by_name.own.origin)
    assert.equal("E-RC-02", by_name.broken.error.id)
    assert.equal("shipped", by_name.svdq.origin)
  end)

  it("lists the newest version of a name", function()
    for _, version in ipairs { "1.9.0", "1.10.0", "0.2.0" } do
      put(("%s/data/vise/recipes/mine@%s/header.lua"):format(place, version),
        ([[{ name = "mine", version = "%s", summary = "s", license = "MIT" }]]):format(version))
    end
    local _, out = vise "recipes list"
    has("your own\n  mine", out)
    assert.is_truthy(out:find "mine +1%.10%.0")
    has("version  1.9.0", select(2, vise "recipes show mine@1.9.0"))
  end)

  it("shows broken and hostile recipes without harm", function()
    mine("evil\27[31m\n\u{202e}<b>", HEADER:format("evil", "s", ""))
    mine("bad", HEADER:format("bad", "\\27[2J", ""))
    local evil = " 'mine/evil\27[31m\n\u{202e}<b>'"
    for _, words in ipairs { "recipes list", "recipes list --json", "recipes show bad", "recipes params bad",
      "recipes check bad", "recipes check" .. evil, "recipes show" .. evil, "recipes params" .. evil,
      "run 'nothing\27[31m'", "run" .. evil, "recipes new 'a\27[31mb'", "recipes show '\27[31m'" } do
      local _, out = vise(words)
      assert.is_nil(out:find "[\0-\9\11-\31\127]", words)
      if not words:find "json" then assert.is_nil(out:find("\u{202e}", 1, true), words) end
    end
    has("broken: E-RC-03", select(2, vise "recipes list"))
  end)

  it("fits a narrow, dumb and plain terminal", function()
    local _, plain = vise "recipes list"
    for _, before in ipairs { "TERM=dumb", "NO_COLOR=1", "LC_ALL=C" } do
      assert.equal(plain, select(2, vise("recipes list", before)))
    end
    assert.is_nil(plain:find "\27")
  end)
end)

describe("vise recipes show", function()
  it("says what a recipe is, takes and promises, and how to run it", function()
    local status, out = vise "recipes show svdq"
    assert.equal(0, status)
    assert.is_truthy(out:find "license +MIT")
    for _, words in ipairs { "svdq: SVDQuant", "rank: an integer from 0 to 4096",
      "arXiv 2411.05007", "svdq_int4_r8 psnr at least", "vise run svdq --model DIR", "header.lua",
      "recorded results\n", "dit-fashion-mnist" } do
      has(words, out)
    end
    for line in out:gmatch "[^\n]+" do
      if not line:find "/" then assert.is_true(#line <= 96, line) end
    end
  end)

  it("leaves out what is no result in expected.json, and escapes the rest", function()
    mine("own", HEADER:format("own", "s", ""), { ["expected.json"] = [[{ "schema": 1, "recorded": [
      { "params": {}, "metrics": [5], "bytes": "x", "seconds": {}, "model_name": 7 },
      { "params": {}, "metrics": [{ "name": "m\u001b[2J", "value": 3, "unit": [] }], "bits_per_weight": true }] }]] })
    local status, out = vise "recipes show own"
    assert.equal(0, status, out)
    has("no model  -", out)
    has("m\\x1b[2J 3", out)
  end)

  it("shows what is inherited", function()
    assert.equal(0, (vise "recipes new child --extends int8"))
    local _, out = vise "recipes show ./child"
    assert.is_truthy(out:find "extends +int8@1")
    has("variant: one of per_tensor", out)
    local plain = core.json_decode((select(2, vise "recipes show ./child --json")))
    assert.equal("child", plain.header.name)
    assert.equal("int8", plain.chain[2].name)
  end)

  it("suggests the nearest name", function()
    local status, out = vise "recipes show svqd"
    assert.equal(66, status)
    has("E-RC-11: no recipe 'svqd'", out)
    has("did you mean 'svdq'", out)
  end)
end)

describe("vise recipes params", function()
  it("shows values as they were understood", function()
    mine("own", HEADER:format("own", "s", [[params = {
      memory = { type = "bytes", default = "1GiB", help = "how much", affects = "speed" },
      secret = { type = "integer", default = 1, help = "for experts alone", advanced = true },
      bits = { type = "integer", required = true, min = 2, help = "how many", when = { secret = { 1, 2 } } } }]]))
    local status, out = vise "recipes params own -p memory=1536MiB"
    assert.equal(0, status)
    has("memory = 1536MiB  (given)\n    a size: how much; changes the speed, not the result", out)
    has("bits = (must be given)\n    an integer of at least 2: how many; only while secret is 1 or 2", out)
    has("for experts\nsecret = 1", out)
    status, out = vise "recipes params own -p memry=1"
    assert.equal(64, status)
    has("did you mean 'memory'?", out)
  end)

  it("prints a JSON schema", function()
    local status, out = vise "recipes params int8 --json"
    assert.equal(0, status)
    local schema = core.json_decode(out)
    assert.equal("https://json-schema.org/draft/2020-12/schema", schema["$schema"])
    assert.same({ "per_tensor", "per_row", "weight_only" }, schema.properties.variant.enum)
  end)
end)

describe("vise recipes new", function()
  it("makes a package that passes the check as it is, and runs", function()
    for _, words in ipairs { "fresh", "other --license 0BSD --author 'A \"B\"'", "child --extends int8" } do
      local name = words:match "%a+"
      local status, out = vise("recipes new " .. words)
      assert.equal(0, status, out)
      for _, file in ipairs { "header.lua", "README.md", "LICENSE", "test/basic.lua", ".luarc.json" } do
        assert.equal("file", core.disk.exists(place .. "/" .. name .. "/" .. file), file)
      end
      status, out = vise("recipes check ./" .. name)
      assert.equal(0, status, out)
      has(name .. " 0.1.0: ok, 1 test file", out)
      has("5 dry runs", out)
    end
    local status, out = vise(("run ./child --model %s/%s -p calibration=1 --no-log --out out"):format(
      core.disk.real ".", STORIES))
    assert.equal(0, status, out)
    -- The result carries the base, so that it can be repeated where neither recipe is known.
    core.disk.remove_tree(place .. "/child")
    status, out = vise("run out/artefact/recipe --locked --no-log --out again")
    assert.equal(0, status, out)
    assert.equal(core.disk.sha256(place .. "/out/artefact/int8_per_row.safetensors"),
      core.disk.sha256(place .. "/again/artefact/int8_per_row.safetensors"))
    local base = place .. "/out/artefact/recipe/extends/int8@1.0.0/recipe.lua"
    assert(core.disk.write(base, assert(core.disk.read(base)) .. "-- changed\n"))
    status, out = vise "run out/artefact/recipe --locked --no-log --out third"
    assert.is_true(status ~= 0)
    has("int8", out)
  end)

  it("refuses a name that is none, and a folder that is there", function()
    put(place .. "/there/x", "")
    for words, text in pairs { ["'Bad Name'"] = "lower-case words", there = "there is there already",
      ["a/../B"] = "lower-case words" } do
      local status, out = vise("recipes new " .. words)
      assert.equal(73, status)
      has("E-RC-23", out)
      has(text, out)
    end
    assert.equal(66, (vise "recipes new x --extends nothing-like-it"))
    assert.is_nil(core.disk.exists(place .. "/x"))
  end)
end)

describe("vise recipes check", function()
  local README = { ["README.md"] = "x" }

  local function check(name, header, files)
    local all = { ["recipe.lua"] = "return function(job) job:standard { quant_type = 'int8_per_row' } end",
      ["README.md"] = "bits", ["test/a.lua"] = "return function(t) t:run { model = 'llama', dry_run = true } end" }
    for file, text in pairs(files or README) do all[file] = text or nil end
    return assert(package_checks.package(mine(name, HEADER:format(name, "s", header or ""), all)))
  end

  it("finds nothing wrong with a good package", function()
    local found = check "good"
    assert.same({}, found.errors)
    assert.equal(1, #found.tests)
    assert.equal(2, #found.dry_runs) -- the defaults on both models: nothing to draw
    assert.is_true(#found.sentence >= 1 and #found.sentence <= 5)
    for _, line in ipairs(found.sentence) do assert.is_true(#line <= 80) end
  end)

  it("names what is wrong", function()
    for words, case in pairs {
      ["E-RC-03: "] = { "a", "licence = 'x'" },
      ["README.md is missing"] = { "b", "", { ["README.md"] = " \n" } },
      ["test/ is missing"] = { "c", "", { ["test/a.lua"] = false } },
      ["E-RC-06: "] = { "d", "", { ["recipe.lua"] = "return function(" } },
      ["E-RC-19: recipe.lua:2: unknown name 'prnt'; did you mean 'print'?"] = { "e", "",
        { ["recipe.lua"] = "return function()\n  prnt() end" } },
      ["E-RC-12: "] = { "f", "", { ["lib/own.lua"] = string.dump(function() end) } },
      ["lib/own.lua:1: unknown name 'nowhere'"] = { "g", "", { ["lib/own.lua"] = "return nowhere" } },
      ["test/a.lua: bits is 3, expected 4"] = { "h", "",
        { ["test/a.lua"] = "return function(t) t:equal(3, 4, 'bits') end" } },
      ["test/a.lua: it returns a nil, expected function(t)"] = { "i", "", { ["test/a.lua"] = "" } },
      ["test/a.lua: the run failed: E-RC-08: "] = { "j", "", { ["test/a.lua"] = "return function(t) t:run {} end" } },
      ["E-RC-18: "] = { "k", "needs = { gpu = true }" },
      ["dry run on llama, n=-"] = { "l",
        "params = { n = { type = 'integer', default = 1, min = -9, max = 1, help = 'h' } }",
        { ["recipe.lua"] = "return function(job) if job.params.n < 1 then local x = nil + 1 end "
          .. "job:standard { quant_type = 'int8_per_row' } end" } },
      ["dry run on dit, defaults: E-CF-04: "] = { "m", "",
        { ["recipe.lua"] = "return function(job) job:standard { quant_type = 'int9' } end" } },
    } do
      local found = check(case[1], case[2], case[3])
      has(words, table.concat(found.errors, "\n"))
    end
  end)

  it("takes what is refused by name as an answer", function()
    local found = check("a", "params = { rank = { type = 'integer', default = 8, min = 1, max = 4000, help = 'h' } }",
      { ["recipe.lua"] = "return function(job)\n"
        .. "job:standard { quant_type = 'svdq_int4_r' .. job.params.rank .. '_dq' } end" })
    assert.same({}, found.errors)
    local refused = 0
    for _, run in ipairs(found.dry_runs) do refused = refused + (run.outcome:find "^E%-PL%-03" and 1 or 0) end
    assert.equal(5, #found.dry_runs)
    assert.is_true(refused > 0)
  end)

  it("notes what could be better", function()
    local notes = table.concat(check("a", "params = { n = { type = 'integer', default = 1, help = 'h' } }",
      { ["recipe.lua"] = "x = 1\nreturn function(job) job:standard { quant_type = 'int8_per_row' } end" }).notes, "\n")
    for _, words in ipairs { "README.md does not name the parameter 'n'", "LICENSE is missing", "expects is missing",
      "recipe.lua:1: sets the global 'x'" } do
      has(words, notes)
    end
  end)

  it("gives tests what they need", function()
    local found = check("a", "params = { bits = { type = 'integer', default = 4, min = 2, max = 8, help = 'h' } }", {
      ["recipe.lua"] = [[return function(job)
        job:print("bits %d", job.params.bits)
        if job.out then job:write("x.txt", "text") end
        job:report("seen", { bits = job.params.bits, model = job.model.family })
        job:expect("bits", job.params.bits, { at_least = 3 })
      end]],
      ["test/a.lua"] = [[return function(t)
        local run = t:run { model = "dit", given = { "bits=2" }, out = "o" }
        t:equal(run.results.seen.bits, 2)
        t:equal(run.results.seen.model, "dit")
        t:equal(run.failed, 1)
        t:equal(run.text, "bits 2\n")
        t:near(1.0, 1.1, 0.2)
        local values, message, id = t:params { "bits=9" }
        t:equal(values, nil)
        t:equal(id, "E-RC-05")
        t:refuses({ given = { "bits=9" } }, "E-RC-05")
        assert(not pcall(t.near, t, 0 / 0, 1, 1))
        assert(not pcall(t.refuses, t, { model = "dit" }, "E-RC-05"))
      end]],
    })
    assert.same({}, found.errors)
  end)

  it("ends with 1 where a package has errors, and says the same as JSON", function()
    mine("good", HEADER:format("good", "s", ""))
    local status, out = vise "recipes check good int8"
    assert.equal(1, status)
    has("good 1.2.3: 1 error", out)
    has("error  test/ is missing", out)
    status, out = vise "recipes check good --json"
    assert.equal(1, status)
    local plain = core.json_decode(out)
    assert.is_false(plain.ok)
    assert.equal("good", plain.packages[1].name)
    assert.equal(1, #plain.packages[1].errors)
    assert.equal(66, (vise "recipes check nothing-like-it"))
  end)
end)

describe("a recipe that is found by name", function()
  it("runs from anywhere", function()
    mine("own", HEADER:format("own", "s", ""), { ["recipe.lua"] = "return function(job) job:print 'here' end" })
    local status, out = vise "run own --no-log"
    assert.equal(0, status)
    has("here\n", out)
    assert.equal("own", assert(recipes.read(place .. "/mine/own")).header.name)
  end)

  it("finds what the other ships where it runs another's body", function()
    mine("base", HEADER:format("base", "s", "assets = { 'words.txt' }"), { ["words.txt"] = "x",
      ["recipe.lua"] = "return function(job) job:print('folder %s', job.folder) end" })
    mine("child", HEADER:format("child", "s", "extends = 'base@1.2.3'"), { ["README.md"] = "x" })
    for _, words in ipairs { "run child", "run child --no-log", "run child --no-log --dry-run" } do
      local status, out = vise(words)
      assert.equal(0, status, out)
      has(("folder %s/mine/base\n"):format(place), out)
    end
  end)
end)
