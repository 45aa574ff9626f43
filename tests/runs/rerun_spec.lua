-- E19: a run is repeated from its folder alone, to the byte; E23: under a lock any changed byte is named.

local core = require "vise.core"
local fixture = require "runs.support_runs"
local runs = require "vise.runs"

local disk = core.disk

-- The first ones always, all of them with VISE_TEST_SLOW=1.
local recipes = {
  { "int8", "-p static=true" }, { "svdq", "-p rank=8" }, { "int4-weight-only", "" },
  { "int8", "" }, { "svdq-dq", "-p rank=4" }, { "float8", "" }, { "nvfp4", "" },
}
local ALWAYS = 3

describe("a run", function()
  for i, entry in ipairs(recipes) do
    it(("of %s %s is repeated bit for bit, from its log and from its artefact"):format(entry[1], entry[2]), function()
      if i > ALWAYS and os.getenv "VISE_TEST_SLOW" ~= "1" then pending "the other recipes: set VISE_TEST_SLOW=1" end
      local place, remove = fixture.folder()
      local out = place .. "/out"
      local first, again, third = 1 + i % 2, 1 + (i + 1) % 2, 3
      local status, _, err = fixture.run(place, ("run recipes/%s %s %s --out %s"):format(entry[1], fixture.short,
        entry[2], out), "VISE_THREADS=" .. first)
      assert.equal(0, status, err)
      local said
      status, said, err = fixture.run(place, "rerun last --out " .. out .. "2", "VISE_THREADS=" .. again)
      assert.equal(0, status, err)
      assert.matches("artefact: same bytes", said, 1, true)
      assert.same(fixture.bytes(out .. "/artefact"), fixture.bytes(out .. "2/artefact"))
      status, _, err = fixture.run(place, ("run %s/artefact/recipe --locked --out %s3"):format(out, out),
        "VISE_THREADS=" .. third)
      assert.equal(0, status, err)
      assert.same(fixture.bytes(out .. "/artefact"), fixture.bytes(out .. "3/artefact"))
      status, said = fixture.run(place, ("diff %s %s3"):format(out, out))
      assert.equal(0, status, said)
      assert.matches("same bytes\n$", said)
      remove()
    end)
  end
end)

-- Saves a file of the model's weights, so that an artefact is there without a long run.
local BODY = [[return function(job)
  local report = assert(vise.quantize(job.model, { quant_type = "int8_per_row", regions = "all" }))
  job:save(job.model)
  local data = job.data
  job:metric("layers", report.quantized, { better = "higher" })
  job:metric("files", #data)
end]]

describe("a rerun", function()
  local place, remove, model, data, run

  before_each(function()
    place, remove = fixture.folder()
    model = fixture.tiny.write(fixture.tiny.llama())
    data = place .. "/data.txt"
    assert(disk.write(data, "some words"))
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY, ["lib/a.lua"] = "return 1" })
    local outcome = assert(fixture.execute { recipe = place .. "/small", model = model, data = { data },
      out = place .. "/out", place = place .. "/runs" })
    assert.equal("done", outcome.status, outcome.message)
    run = assert(runs.find(place .. "/runs", "last"))
  end)

  after_each(function()
    remove()
    disk.remove_tree(model)
  end)

  local function again(options)
    options = options or {}
    options.place, options.quiet = place .. "/runs", true
    return require("vise.runs.repeat").run(run, options)
  end

  it("needs nothing but its folder and the inputs", function()
    disk.remove_tree(place .. "/small")
    local result = assert(again())
    assert.is_true(result.same)
    assert.same(fixture.bytes(place .. "/out/artefact"), fixture.bytes(result.outcome.out .. "/artefact"))
  end)

  it("finds a model that was moved, when it is told where", function()
    local moved = model .. "-moved"
    assert(disk.rename(model, moved))
    local result, message, id = again()
    assert.same({ nil, "E-RU-04" }, { result, id })
    assert.matches("is not here: say where it lies with --model", message, 1, true)
    result = assert(again { model = moved })
    assert.is_true(result.same)
    assert(disk.rename(moved, model))
  end)

  it("refuses by name when recipe, model or data differ", function()
    for path, name in pairs {
      [run.folder .. "/recipe/recipe.lua"] = "recipe file recipe.lua was changed",
      [run.folder .. "/recipe/lib/a.lua"] = "recipe file lib/a.lua was changed",
      [run.folder .. "/recipe/params.json"] = "recipe file params.json was changed",
      [model .. "/model.safetensors"] = "model file model.safetensors was changed",
      [data] = "data file data.txt was changed",
    } do
      local restore = fixture.flip(path, disk.size(path) - 1)
      local result, message, id = again()
      restore()
      assert.is_nil(result, path)
      assert.equal("E-RU-04", id, message)
      assert.matches(name, message, 1, true)
    end
    assert.is_true(again().same)
  end)

  it("refuses another engine by name", function()
    local status, _, err = fixture.run(place .. "/runs", "rerun last --no-log --out " .. place .. "/x",
      "VISE_BACKEND=ref VISE_BLAS=0")
    assert.equal(65, status, err)
    assert.matches("E-RU-04", err, 1, true)
    assert.matches("engine backend is ref, the lock says", err, 1, true)
    assert.is_nil(disk.exists(place .. "/x"))
  end)

  it("says that other bytes came out", function()
    -- The record of the first run is what the bytes are held against.
    local path = run.folder .. "/run.json"
    local text = disk.read(path)
    local hash = run.record.artefacts[1].files[1].sha256
    assert(disk.write(path, (text:gsub(hash, ("0"):rep(64)))))
    run = assert(runs.find(place .. "/runs", run.id))
    local result = assert(again())
    assert.is_false(result.same)
    assert.matches("has other bytes", result.artefacts[1].difference, 1, true)
  end)
end)

describe("a locked run", function()
  -- Bytes that are changed in each file, spread over it.
  local PLACES = 12

  it("refuses any changed byte of recipe, model and data, and names the file", function()
    local place, remove = fixture.folder()
    local model, data = fixture.tiny.write(fixture.tiny.llama()), place .. "/data.txt"
    assert(disk.write(data, ("some words\n"):rep(40)))
    local folder = fixture.package(place .. "/small", { ["recipe.lua"] = BODY, ["lib/a.lua"] = "return 1\n",
      ["README.md"] = "words\n" })
    local request = { recipe = folder, model = model, data = { data }, given = {} }
    assert(require("vise.runs.prepare").lock(request))
    request.locked = true
    assert(fixture.execute(request))
    local paths = { data }
    for _, name in ipairs { "recipe.lua", "header.lua", "lib/a.lua", "README.md", "lock.json" } do
      paths[#paths + 1] = folder .. "/" .. name
    end
    for _, name in ipairs { "model.safetensors", "config.json" } do paths[#paths + 1] = model .. "/" .. name end
    local flipped = 0
    for _, path in ipairs(paths) do
      local size = disk.size(path)
      for k = 1, math.min(size, PLACES) do
        local restore = fixture.flip(path, 1 + (k - 1) * (size - 1) // math.max(1, math.min(size, PLACES) - 1))
        local outcome, message, id = fixture.execute(request)
        restore()
        assert.is_nil(outcome, path)
        assert.matches("^E%-%u%u%-%d%d$", id)
        -- A changed lock says of a file what the file is not.
        if not path:find "lock.json$" then assert.matches(path:match "[^/]*$", message, 1, true) end
        flipped = flipped + 1
      end
    end
    assert.is_true(flipped > 80)
    assert(fixture.execute(request))
    disk.remove_tree(model)
    remove()
  end)

  it("names parameters, files that are new or gone, and a lock that is missing", function()
    local place, remove = fixture.folder()
    local folder = fixture.package(place .. "/small", { ["recipe.lua"] = "return function() end" })
    local function refused(change)
      local request = { recipe = folder, given = {}, locked = true }
      for key, value in pairs(change) do request[key] = value end
      local outcome, message, id = fixture.execute(request)
      assert.is_nil(outcome)
      return message, id
    end
    local _, missing = refused {}
    assert.equal("E-PK-07", missing)
    assert(require("vise.runs.prepare").lock { recipe = folder, given = {}, data = {} })
    assert.matches("parameter n is 3, the lock says 1", (refused { given = { { "n", "3" } } }), 1, true)
    assert(disk.write(folder .. "/new.txt", ""))
    assert.matches("recipe file new.txt is not in the lock", (refused {}), 1, true)
    assert(disk.remove(folder .. "/new.txt"))
    local model = fixture.tiny.write(fixture.tiny.llama())
    assert.matches("the model is not in the lock", (refused { model = model }), 1, true)
    disk.remove_tree(model)
    remove()
  end)
end)
