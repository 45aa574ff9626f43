local core = require "vise.core"
local fixture = require "runs.support_runs"

local disk = core.disk

local BODY = [[return function(job)
  local skip = { "*.0.*" }
  assert(vise.quantize(job.model, { quant_type = job.params.n > 5 and "int8_per_tensor" or "int8_per_row",
    regions = "all", exclude = job.params.n == 3 and skip or nil }))
  job:metric("score", job.params.n, { unit = "points" })
  job:save(job.model)
end]]

describe("vise diff", function()
  local place, remove, model
  setup(function()
    place, remove = fixture.folder()
    model = fixture.tiny.write(fixture.tiny.llama())
    local function make(name, package, body, n)
      local folder = fixture.package(("%s/recipes/%s"):format(place, package), { ["recipe.lua"] = body })
      local outcome, message = fixture.execute { recipe = folder, given = { { "n", n } },
        model = name == "other" and place .. "/model" or model, out = place .. "/" .. name, place = place .. "/runs" }
      assert.equal("done", outcome and outcome.status, message)
      return outcome.run.id
    end
    os.execute(("cp -r %s %s/model"):format(model, place))
    fixture.flip(place .. "/model/model.safetensors", disk.size(model .. "/model.safetensors") - 8)
    make("one", "small", BODY, "1")
    make("same", "small", BODY, "1")
    make("two", "small", BODY, "2")
    make("three", "small", BODY, "3")
    make("six", "small", BODY, "6")
    make("other", "small", BODY, "1")
    make("edited", "edited", BODY .. "\n", "1")
    make("broken", "broken", BODY:gsub("per_tensor", "per_row"):gsub("score", "speed"), "1")
  end)
  teardown(function()
    remove()
    disk.remove_tree(model)
  end)

  local function diff(a, b, options)
    return fixture.run(place .. "/runs", ("diff %s/%s %s/%s %s"):format(place, a, place, b, options or ""))
  end

  local function verdict(a, b)
    local status, out, err = diff(a, b)
    assert.equal("", err)
    return out:match "([^\n]*)\n$", status, out
  end

  it("says in one sentence why and how", function()
    local same, no_difference = verdict("one", "same")
    assert.same({ "same bytes", 0 }, { same, no_difference })
    local words, status, out = verdict("one", "six")
    assert.equal(1, status)
    assert.matches("^same recipe, parameter n 1 %-> 6: 14 of 14 layers differ, .* %-> .*, score 1 %-> 6 points$", words)
    assert.matches("int8_per_row -> int8_per_tensor", out, 1, true)
    assert.matches("^same recipe, parameter n 1 %-> 2: ", (verdict("one", "two")))
    assert.matches("7 of 14 layers differ", (verdict("one", "three")), 1, true)
    assert.matches("^same recipe, model file model.safetensors %x+ %-> %x+: ", (verdict("one", "other")))
    assert.matches("^recipe's files %x+ %-> %x+: the weights are the same, ", (verdict("one", "edited")))
  end)

  it("takes artefacts, output folders, folders of runs and ids", function()
    local ids = require("vise.runs").ids(place .. "/runs")
    local status, out = fixture.run(place .. "/runs", ("diff %s %s/two/artefact"):format(ids[1], place))
    assert.equal(1, status)
    assert.matches("parameter n 1 -> 2", out, 1, true)
    status, out = fixture.run(place .. "/runs", ("diff %s/runs/%s %s"):format(place, ids[1], ids[2]))
    assert.equal(0, status, out)
    local _, _, err = fixture.run(place .. "/runs", ("diff %s last"):format(place))
    assert.matches("E-RU-07", err, 1, true)
    _, _, err = fixture.run(place .. "/runs", "diff nothing last")
    assert.matches("E-RU-01", err, 1, true)
    _, _, err = fixture.run(place .. "/runs", "diff last no/folder")
    assert.matches("E-US-06: no/folder: No such file or directory", err, 1, true)
    _, out = fixture.run(place .. "/runs", ("verify %s/one"):format(place))
    assert.matches(("did you mean %s/one/artefact?"):format(place), out, 1, true)
  end)

  it("passes over what was edited into another type", function()
    local function edit(path, from, to)
      local bytes = assert(disk.read(path))
      local edited, n = bytes:gsub(from, to)
      assert.is_true(n > 0)
      assert(disk.remove(path))
      assert(disk.write(path, edited))
    end
    os.execute(("cp -r %s/two %s/odd"):format(place, place))
    edit(place .. "/odd/artefact/recipe/lock.json", '"file": "[^"]*"', '"file": [1]')
    edit(place .. "/odd/run.json", '"unit": "points"', '"unit": [1]')
    local status, _, err = diff("one", "odd")
    assert.same({ 1, "" }, { status, err })
  end)

  it("prints one JSON object", function()
    local status, out = diff("one", "six", "--json")
    assert.equal(1, status)
    local object = assert(core.json_decode(out))
    assert.same({ what = "parameter n", a = 1, b = 6 }, object.causes[1])
    assert.equal(14, #object.layers)
    assert.equal("int8_per_tensor", object.layers[1].b.type)
    assert.is_false(object.same_bytes)
  end)
end)
