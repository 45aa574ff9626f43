-- vise run --resume: a run that did not end is gone on with from the journal beside its output.

local core = require "vise.core"
local fixture = require "runs.support_runs"

local STORIES = "recipes/quickstart/models/stories260K"

-- Rounds block by block; fails at its n-th layer, and says how many it made.
local BODY = [[
  return function(job)
    local made = 0
    local method = { name = "own-rounding", needs = { "range" }, make = function(weight, about)
      made = made + 1
      if made == job.params.n then return nil, "enough" end
      return { weight = vise.coded.encode(about.scheme, weight) }
    end }
    job:quantize(job.model, { quant_type = "int8_weight_only", method = method, calibration = { mode = "sequential" },
      calibrate = function(m) assert(m:forward { 1, 403, 407, 261 }) end })
    job:save(job.model)
    job:print("made %d", made)
  end
]]

describe("vise run --resume", function()
  local place, remove = fixture.folder()
  teardown(remove)
  local header = fixture.header:gsub("max = 9", "max = 99")
  local recipe = fixture.package(place .. "/recipe", { ["header.lua"] = header, ["recipe.lua"] = BODY })

  local function run(out, words)
    return fixture.run(place .. "/runs",
      ("run %s --model %s --out %s/%s %s"):format(recipe, STORIES, place, out, words))
  end

  it("makes the layers that are missing, saves the same bytes and removes the journal", function()
    local first, _, problem = run("whole", "-p n=0")
    assert.equal(0, first, problem)
    local status, _, err = run("out", "-p n=20")
    assert.not_equal(0, status)
    assert.matches("out.work holds what is done: --resume goes on from there", err, 1, true)
    local said
    status, said, err = run("out", "-p n=0 --resume")
    assert.equal(0, status, err)
    assert.matches("made 21\n", said, 1, true)
    assert.is_nil(core.disk.exists(place .. "/out.work"))
    local files = fixture.bytes(place .. "/out/artefact")
    for name, bytes in pairs(fixture.bytes(place .. "/whole/artefact")) do
      if name:find "%.safetensors$" then assert.equal(bytes, files[name], name) end
    end
  end)

  it("refuses the journal of another model by name", function()
    assert.not_equal(0, (run("other", "-p n=20")))
    local work = place .. "/other.work/journal.json"
    local text = assert(core.disk.read(work))
    assert(core.disk.write(work, (text:gsub('"model": "%x+"', '"model": "0"'))))
    local status, _, err = run("other", "-p n=0 --resume")
    assert.equal(64, status)
    assert.matches("E-SQ-03", err, 1, true)
    assert.matches("made with another model; quantize without resume", err, 1, true)
  end)
end)
