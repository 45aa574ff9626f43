-- The recipe that an artefact carries.

local core = require "vise.core"
local fixture = require "runs.support_runs"
local vise = require "vise"

local disk = core.disk

local BODY = [[return function(job)
  local words = job.folder and 1
  assert(vise.quantize(job.model, { quant_type = "int8_per_row", regions = "all" }))
  job:save(job.model)
end]]

describe("an artefact of a recipe", function()
  local place, remove, model
  before_each(function()
    place, remove = fixture.folder()
    model = fixture.tiny.write(fixture.tiny.llama())
  end)
  after_each(function()
    remove()
    disk.remove_tree(model)
  end)

  local function make(more)
    local request = { recipe = place .. "/small", given = {}, model = model, out = place .. "/out" }
    for key, value in pairs(more or {}) do request[key] = value end
    local outcome, message = fixture.execute(request)
    assert.equal("done", outcome and outcome.status, message or outcome and outcome.message)
    return request.out .. "/artefact"
  end

  it("carries it, and is loaded, verified and exported as any other", function()
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY, ["lib/a.lua"] = "return 1\n" })
    local folder = make()
    assert.same({ "header.lua", "lib", "lock.json", "params.json", "recipe.lua" }, disk.list(folder .. "/recipe"))
    assert.is_true(require("vise.verify").verify(folder).ok)
    local loaded = assert(vise.open(model))
    assert(vise.load(loaded, folder))
    -- A plain save carries no recipe, and takes the place of one that does.
    assert(vise.save(loaded, place .. "/plain"))
    assert.is_nil(disk.exists(place .. "/plain/recipe"))
    assert(vise.save(loaded, folder))
    assert.is_nil(disk.exists(folder .. "/recipe"))
    assert.is_true(require("vise.verify").verify(folder).ok)
    loaded:close()
    make()
    local status, _, err = fixture.run(place, ("export %s --model %s --to vise --out %s/exported"):format(folder, model,
      place))
    assert.equal(0, status, err)
  end)

  it("holds no time: another run writes the same bytes, also onto itself", function()
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY })
    local first = fixture.bytes(make())
    assert.same(first, fixture.bytes(make()))
    assert.same(first, fixture.bytes(make { out = place .. "/other", place = place .. "/runs" }))
    local again = make { recipe = place .. "/out/artefact/recipe", model = nil, locked = true, out = place .. "/third" }
    assert.same(first, fixture.bytes(again))
  end)

  it("is the old one or the new one, wherever the disk fails while it is replaced", function()
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY, ["lib/a.lua"] = "return 1\n" })
    local folder = make()
    local old, n = fixture.bytes(folder), 0
    local other = make { given = { { "n", "2" } }, out = place .. "/other" }
    local carried = { about = require("vise.load").resolve(other).manifest.recipe, files = {} }
    for name, bytes in pairs(fixture.bytes(other .. "/recipe")) do
      carried.files[#carried.files + 1] = { name = "recipe/" .. name, bytes = bytes }
    end
    local new = fixture.bytes(other)
    local loaded = assert(vise.load(assert(vise.open(model)), other))
    while true do
      core.io_fault(n)
      local saved, message, id = vise.save(loaded, folder, nil, carried)
      core.io_fault(-1)
      assert.same(saved and new or old, fixture.bytes(folder))
      if saved then break end
      assert.equal("E-FS-01", id, message)
      assert.is_true(require("vise.verify").verify(folder).ok)
      n = n + 1
    end
    assert.is_true(n > 15)
    loaded:close()
  end)

  it("is damaged when its recipe is", function()
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY })
    local folder = make()
    for _, name in ipairs { "recipe.lua", "header.lua", "lock.json", "params.json" } do
      local restore = fixture.flip(("%s/recipe/%s"):format(folder, name), 20)
      local report = require("vise.verify").verify(folder)
      restore()
      assert.equal("E-AR-19", report.problems[1] and report.problems[1].id)
      assert.matches(name, report.problems[1].message, 1, true)
    end
    disk.remove(folder .. "/recipe/recipe.lua")
    assert.is_false(require("vise.verify").verify(folder).ok)
  end)

  it("does not carry assets, and finds them again in the package of that name and version", function()
    local header = fixture.header:gsub("params =", "assets = { 'words' }, params =")
    local files = { ["header.lua"] = header, ["recipe.lua"] = BODY:gsub("local words", [[
      assert(vise.data.stories(job.folder .. "/words/a.txt"))
      local words]]), ["words/a.txt"] = "once<|endoftext|>" }
    fixture.package(place .. "/small", files)
    local folder = make()
    assert.is_nil(disk.exists(folder .. "/recipe/words"))
    local request = { recipe = folder .. "/recipe", given = {}, locked = true, out = place .. "/again" }
    local outcome, message, id = fixture.execute(request)
    assert.same({ nil, "E-PK-09" }, { outcome, id })
    assert.matches("lacks its asset words", message, 1, true)
    -- The package is found where recipes are found.
    local status, _, err = fixture.run(place, ("run %s/recipe --locked --out %s/again"):format(folder, place),
      "VISE_RECIPES=" .. place)
    assert.equal(0, status, err)
    assert.same(fixture.bytes(folder), fixture.bytes(place .. "/again/artefact"))
    fixture.flip(place .. "/small/words/a.txt", 2)
    status, _, err = fixture.run(place, ("run %s/recipe --locked --out %s/again"):format(folder, place),
      "VISE_RECIPES=" .. place)
    assert.equal(65, status)
    assert.matches("E-PK-08", err, 1, true)
    assert.matches("asset words/a.txt was changed", err, 1, true)
  end)

  it("carries the recipes that its own extends", function()
    fixture.package(place .. "/base", { ["recipe.lua"] = BODY,
      ["header.lua"] = fixture.header:gsub("small", "base", 1) })
    fixture.package(place .. "/small", { ["header.lua"] = [[{ name = "small", version = "1.0.0", summary = "x",
      license = "MIT", extends = "base@1.2.3" }]] })
    local folder = make { place = place .. "/runs" }
    local first = fixture.bytes(folder)
    assert.is_string(first["recipe/extends/base@1.2.3/recipe.lua"])
    disk.remove_tree(place .. "/base")
    disk.remove_tree(place .. "/small")
    assert.same(first, fixture.bytes(make { recipe = folder .. "/recipe", model = nil, locked = true,
      out = place .. "/again" }))
    fixture.flip(folder .. "/recipe/extends/base@1.2.3/recipe.lua", 3)
    local _, message, id = fixture.execute { recipe = folder .. "/recipe", given = {}, locked = true }
    assert.equal("E-PK-08", id, message)
    assert.matches("extends/base@1.2.3/recipe.lua", message, 1, true)
  end)
end)

describe("a package from a run", function()
  it("repeats it under another name", function()
    local place, remove = fixture.folder()
    local model = fixture.tiny.write(fixture.tiny.llama())
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY })
    assert(fixture.execute { recipe = place .. "/small", given = { { "n", "4" } }, model = model, out = place .. "/out",
      place = place .. "/runs" })
    local status, out, err = fixture.run(place .. "/runs", ("recipes from last mine --to %s/mine"):format(place))
    assert.equal(0, status, err)
    assert.matches("vise run " .. place .. "/mine", out, 1, true)
    local header = assert(require("vise.recipe").open(place .. "/mine")).header
    assert.same({ "mine", "1.0.0" }, { header.name, header.version })
    status, out, err = fixture.run(place .. "/runs", ("run %s/mine --locked --out %s/again"):format(place, place))
    assert.equal(0, status, out .. err)
    local old, new = fixture.bytes(place .. "/out/artefact"), fixture.bytes(place .. "/again/artefact")
    assert.equal(old["int8_per_row.safetensors"], new["int8_per_row.safetensors"])
    assert.equal(73, (fixture.run(place .. "/runs", ("recipes from last mine --to %s/mine"):format(place))))
    assert.equal(65, (fixture.run(place .. "/runs", ("recipes from last Mine --to %s/x"):format(place))))
    -- Recording it again replaces what it says of this model, and adds what it says of other values.
    for _, given in ipairs { "", "-p n=5" } do
      status, out, err = fixture.run(place .. "/runs", ("recipes record %s/mine %s"):format(place, given))
      assert.equal(0, status, out .. err)
    end
    local recorded = assert(require("vise.recipe.expected").read(place .. "/mine"))
    assert.same({ 4, 5 }, { recorded[1].params.n, recorded[2].params.n })
    disk.remove_tree(model)
    remove()
  end)
end)
