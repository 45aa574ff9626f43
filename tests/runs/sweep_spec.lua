local core = require "vise.core"
local fixture = require "runs.support_runs"
local run_table = require "vise.runs.table"
local runs = require "vise.runs"

local disk = core.disk

describe("a sweep", function()
  local place, remove
  before_each(function() place, remove = fixture.folder() end)
  after_each(function() remove() end)

  local BODY = [[return function(job)
    local n = job.params.n
    if n == 2 then return nil, "no two", "E-DT-01" end
    job:metric("psnr", 10 * n, { unit = "dB", better = "higher" })
    job:write("text.txt", tostring(n))
    if n == 4 then job:expect("n", n, { at_most = 3 }) end
  end]]

  it("runs each point into a folder and a log of its own; one that fails loses no other", function()
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY })
    local status, out, err = fixture.run(place .. "/runs", ("run %s/small -p n=1,2,3 --out %s/out"):format(place,
      place))
    assert.equal(1, status)
    assert.matches("E-RU-06: 1 of 3 points of the sweep failed", err, 1, true)
    assert.matches("n=2 failed: E-DT-01: no two", err, 1, true)
    assert.equal("1", disk.read(place .. "/out/n=1/text.txt"))
    assert.equal("3", disk.read(place .. "/out/n=3/text.txt"))
    assert.matches("n=1 +psnr 10 dB", out)
    assert.matches("n=2 +E%-DT%-01", out)
    local statuses = {}
    for i, run in ipairs(runs.list(place .. "/runs")) do
      statuses[i] = run.record.label .. " " .. run.record.status
    end
    assert.same({ "n=1 done", "n=2 failed", "n=3 done" }, statuses)
    status, out, err = fixture.run(place .. "/runs", "runs compare last " .. runs.ids(place .. "/runs")[1])
    assert.equal(0, status, err)
    assert.matches("\nn +3 +1\n", out)
  end)

  it("answers with one JSON object, and 1 when an expectation is not met", function()
    fixture.package(place .. "/small", { ["recipe.lua"] = BODY })
    local status, out = fixture.run(place .. "/runs", ("run %s/small -p n=3,4 --json --no-log"):format(place))
    assert.equal(1, status) -- it writes, and there is no --out
    local points = assert(core.json_decode(out)).points
    assert.same({ "E-RC-09", "n=4" }, { points[1].error.id, points[2].label })
    status, out = fixture.run(place .. "/runs", ("run %s/small -p n=3,4 --json --out %s/o"):format(place, place))
    assert.equal(1, status)
    points = assert(core.json_decode(out)).points
    assert.same({ 30, 40, 1 }, { points[1].metric.value, points[2].metric.value, points[2].failed })
    assert.equal(place .. "/o/n=4", points[2].out)
  end)

  it("marks the points that no other beats", function()
    local function figures(value, bytes, better, name)
      return { metric = { name = name or "m", value = value, better = better or "higher" }, bytes = bytes }
    end
    assert.same({ true, [3] = true },
      run_table.pareto { figures(1, 10), figures(1, 11), figures(2, 20), figures(1.5, 30) })
    assert.same({ [2] = true }, run_table.pareto { figures(1, 10, "lower"), figures(0.5, 10, "lower") })
    assert.same({ true, true }, run_table.pareto { figures(1, 10), figures(1, 10) })
    assert.same({ true }, run_table.pareto { figures("inf", 10), figures(1, 10), false })
    assert.same({}, run_table.pareto { figures(1, 10), { bytes = 3 } })
    assert.same({}, run_table.pareto { figures(1, 10), { metric = { name = "m", value = "nan" }, bytes = 1 } })
  end)
end)
