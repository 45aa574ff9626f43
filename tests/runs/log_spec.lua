local core = require "vise.core"
local fixture = require "runs.support_runs"
local runs = require "vise.runs"
local support = require "support"

local disk = core.disk
local program = arg[-1]

local function lines_of(path)
  local list = {}
  for line in assert(disk.read(path)):gmatch "[^\n]+" do list[#list + 1] = assert(core.json_decode(line)) end
  return list
end

describe("the log of a run", function()
  local place, remove, package
  before_each(function()
    place, remove = fixture.folder()
    package = place .. "/small"
  end)
  after_each(function() remove() end)

  local function run(body, more)
    fixture.package(package, { ["recipe.lua"] = body, ["lib/a.lua"] = "return 1" })
    local request = { recipe = package, given = { { "n", "2" } }, place = place .. "/runs" }
    for key, value in pairs(more or {}) do request[key] = value end
    return fixture.execute(request)
  end

  it("has parameters, metrics, lines, results, files and the recipe", function()
    local outcome = assert(run([[return function(job)
      job:print("n is %d", job.params.n)
      job:log("aside \27[31m")
      job:metric("loss", 0.5, { unit = "nats", better = "lower", step = 1 })
      job:metric("loss", 0 / 0, { step = 2 })
      job:report("more", { list = { 1, 1 / 0 } })
      job:write("text.txt", "words")
      job:expect("loss", 1, { at_most = 0.5 })
    end]], { out = place .. "/out", command = { "vise", "run" } }))
    local found = assert(runs.find(place .. "/runs", "last"))
    local record = found.record
    assert.matches("^%d%d%d%d%d%d%d%d%-%d%d%d%d%d%d%-small$", found.id)
    assert.equal(found.id, outcome.run.id)
    assert.same({ "done", "1.2.3", 2, 1 }, { record.status, record.recipe.version, record.params.n, record.failed })
    assert.same({ 0.5, "nan" }, { record.metrics[1].value, record.metrics[2].value })
    assert.same({ list = { 1, "inf" } }, record.results[1].data)
    assert.same({ "text.txt" }, { record.outputs[1].file })
    assert.equal(core.sha256 "words", record.outputs[1].sha256)
    local metrics, lines = lines_of(found.folder .. "/metrics.jsonl"), lines_of(found.folder .. "/log.jsonl")
    assert.same({ "loss", 1, "lower" }, { metrics[1].name, metrics[1].step, metrics[1].better })
    assert.same({ "n is 2", "out" }, { lines[1].text, lines[1].stream })
    assert.same({ "aside \\x1b[31m", "log" }, { lines[2].text, lines[2].stream })
    local params = assert(core.json_decode(disk.read(found.folder .. "/params.json")))
    assert.same({ n = 2, exclude = core.array {} }, params.params)
    for _, name in ipairs { "header.lua", "recipe.lua", "lib/a.lua", "lock.json", "params.json" } do
      assert.equal("file", disk.exists(found.folder .. "/recipe/" .. name), name)
    end
  end)

  it("keeps so many lines and no more", function()
    local log = assert(require("vise.runs.log").start(place .. "/runs", { recipe = { name = "x" } }, {}))
    local appended = 0
    function log.append() appended = appended + 1 end
    log:lines("out", ("line\n"):rep(20000))
    assert.same({ 10001, 10001 }, { appended, #log.log })
    assert.matches("were left out", log.log[10001], 1, true)
  end)

  it("says that a run failed, and why", function()
    local outcome = assert(run "return function(job) job:print 'begun' error 'no luck' end")
    assert.equal("failed", outcome.status)
    local record = assert(runs.find(place .. "/runs", "last")).record
    assert.same({ "failed", "E-RC-07" }, { record.status, record.error.id })
    assert.matches("no luck", record.error.message, 1, true)
  end)

  it("gives runs of one second names of their own, in order", function()
    for _ = 1, 3 do assert(run "return function() end") end
    local ids = runs.ids(place .. "/runs")
    assert.equal(3, #ids)
    assert.equal(ids[3], runs.find(place .. "/runs", "last").id)
    local _, _, id = runs.find(place .. "/runs", "2")
    assert.equal("E-RU-02", id)
    _, _, id = runs.find(place .. "/runs", "x")
    assert.equal("E-RU-01", id)
    assert.equal(ids[1], runs.find(place .. "/runs", ids[1]).id)
  end)

  it("is not kept for a dry run, nor with --no-log", function()
    fixture.package(package, { ["recipe.lua"] = "return function() end" })
    for _, option in ipairs { "--dry-run", "--no-log" } do
      assert.equal(0, (fixture.run(place .. "/runs", ("run %s %s"):format(package, option))))
    end
    assert.same({}, runs.ids(place .. "/runs"))
  end)

  it("is not begun for a recipe that lacks its model", function()
    local status, out, err = fixture.run(place .. "/runs", "run int8")
    assert.same({ 64, "" }, { status, out })
    assert.matches("^vise: E%-RC%-08: recipe int8 needs a model: give %-%-model DIR\n", err)
    assert.is_nil(disk.exists(place .. "/runs"))
  end)

  it("writes an empty list as a list", function()
    local prepared = assert(run("return function() end", { out = place .. "/out" }))
    assert.matches('"exclude": %[%]', disk.read(prepared.out .. "/run.json"))
  end)

  describe("on a terminal of 80 columns", function()
    local function narrow(arguments)
      return fixture.run(place .. "/runs", arguments, "COLUMNS=80 LC_ALL=C")
    end

    it("is listed with whole ids and metrics, and shown with whole paths", function()
      local body = "return function(job) job:metric('loss_increase', 0.001795, { unit = 'nats a token' }) end"
      local outcome = assert(run(body,
        { out = place .. "/a/folder/whose/name/is/much/too/long/for/the/lines/of/a/small/terminal/out" }))
      local _, out = narrow "runs"
      assert.matches("\n" .. outcome.run.id:gsub("%-", "%%-") .. "  done    loss_increase 0.001795 ", out)
      local _, shown = narrow "runs show last"
      assert.is_truthy(shown:find(outcome.out, 1, true), shown)
      assert.is_truthy(shown:find("again       vise rerun " .. outcome.run.id, 1, true), shown)
    end)
  end)

  it("is refused in a place where it cannot be", function()
    assert(disk.write(place .. "/runs", "a file"))
    local outcome, message, id = run "return function() error 'ran' end"
    assert.is_nil(outcome)
    assert.equal("E-RU-05", id, message)
  end)

  it("does not let results become part of the recipe", function()
    fixture.package(package, { ["recipe.lua"] = "return function(job) job:write('a', 'b') end" })
    for out, wanted in pairs { [""] = false, ["/x/y"] = false, ["/out"] = true, ["/out/deep"] = true, ["-2"] = true } do
      local outcome, _, id = fixture.execute { recipe = package, given = {}, out = package .. out,
        place = package .. "/runs" }
      assert.equal(wanted, outcome ~= nil, out)
      if not wanted then assert.equal("E-PK-11", id) end
    end
    assert.same({ "header.lua", "recipe.lua" }, (function()
      local names = {}
      for i, file in ipairs(assert(require("vise.recipe.package").read(package)).files) do names[i] = file.name end
      return names
    end)())
  end)

  it("says when a recipe did not look at what it was given", function()
    fixture.package(package, { ["recipe.lua"] = "return function() end" })
    local data = support.file "words"
    local status, _, err = fixture.run(place .. "/runs", ("run %s --data %s"):format(package, data))
    assert.equal(0, status)
    assert.matches("note: recipe small did not use --data " .. data, err, 1, true)
    os.remove(data)
  end)

  it("survives broken records of others", function()
    assert(run "return function() end")
    for i, text in ipairs { "", "[]", '{"schema":1,"id":"c"}', "{" } do
      local name = "20260101-00000" .. i .. "-x"
      assert(disk.mkdir(place .. "/runs/" .. name))
      assert(disk.write(("%s/runs/%s/run.json"):format(place, name), text))
    end
    local list, problems = runs.list(place .. "/runs")
    assert.equal(1, #list)
    assert.equal(4, #problems)
    local status, out = fixture.run(place .. "/runs", "runs --json")
    assert.equal(0, status)
    assert.equal(4, #assert(core.json_decode(out)).problems)
  end)

  it("survives a record with any part of it replaced", function()
    assert(run("return function(job) job:metric('x', 1) job:write('a', 'b') end", { out = place .. "/out" }))
    local found = assert(runs.find(place .. "/runs", "last"))
    local path, commands = found.folder .. "/run.json", {}
    for _, name in ipairs { "runs", "runs.show", "runs.compare", "diff", "recipes.from" } do
      commands[#commands + 1] = require("vise.cli." .. name).run
    end
    local whole, tried = disk.read(path), 0
    local out, err = io.stdout, io.stderr
    local silent = setmetatable({}, { __index = function() return function(self) return self end end })
    local function try_all(record)
      assert(disk.write(path, core.json_encode(record)))
      io.stdout, io.stderr = silent, silent -- luacheck: ignore 122
      local problem
      for i, command in ipairs(commands) do
        local id = i == 3 and { "last", "last" } or "last"
        local ok, raised = pcall(command, { args = { id = id, a = "last", b = "last", run = "last", name = "n" },
          options = { runs = place .. "/runs", to = place .. "/new" .. tried } })
        if not ok and not tostring(raised):find "^E%-" then problem = raised end
      end
      io.stdout, io.stderr = out, err -- luacheck: ignore 122
      tried = tried + 1
      assert.is_nil(problem)
    end
    -- Every table of the record, every field of it, by what else it might be.
    local function spoil(root, t)
      for key, value in pairs(t) do
        for _, other in ipairs { 7, "../x", { a = 1 } } do
          t[key] = other
          try_all(root)
        end
        t[key] = value
        if type(value) == "table" then spoil(root, value) end
      end
    end
    local root = assert(core.json_decode(whole))
    root.results, root.command = core.array {}, core.array { "vise" } -- nobody looks into these
    spoil(root, root)
    assert.is_true(tried > 100)
  end)

  describe("when it is stopped", function()
    -- A child that runs a recipe and dies, or meets an error, at its n-th disk operation.
    local function child(n, mode)
      local script = support.file(([[
        local fixture, core = require "runs.support_runs", require "vise.core"
        core.io_fault(%d, "%s")
        local before = core.io_count()
        local outcome, message, id = fixture.execute { recipe = %q, given = {}, place = %q, out = %q }
        core.io_fault(-1)
        io.write(outcome and outcome.status or id .. " " .. message, " ", core.io_count() - before, "\n")
      ]]):format(n, mode, package, place .. "/runs", place .. "/out"), ".lua")
      local pipe <close> = io.popen(("LUA_PATH='tests/?.lua;;' %s %s 2>&1"):format(program, script))
      local said = pipe:read "a"
      os.remove(script)
      return said
    end

    for _, mode in ipairs { "kill", "error" } do
      it(("by %s at any disk operation, what is there can be read and says how it ended"):format(mode), function()
        fixture.package(package, { ["recipe.lua"] = [[return function(job)
          job:metric("x", 1) job:write("a", "b") end]] })
        local total = math.tointeger(tonumber(child(-1, mode):match "done (%d+)"))
        assert.is_true(total > 20)
        local step = os.getenv "VISE_TEST_SLOW" == "1" and 1 or mode == "kill" and 3 or 7
        for n = 0, total - 1, step do
          disk.remove_tree(place .. "/runs")
          local said = child(n, mode)
          local list, problems = runs.list(place .. "/runs")
          assert.same({}, problems, said)
          assert.is_true(#list <= 1)
          local status = list[1] and list[1].record.status
          if mode == "kill" then
            assert.is_true(status == nil or status == "interrupted" or status == "done", status)
            if status == "interrupted" then assert.equal("file", disk.exists(list[1].folder .. "/recipe/lock.json")) end
          elseif not said:find "^done" then
            assert.matches("E%-FS%-01", said .. (list[1] and list[1].record.error and list[1].record.error.id or ""))
          end
        end
      end)
    end

    it("by Ctrl-C, says interrupted", function()
      fixture.package(package, { ["recipe.lua"] = [[return function(job)
        job:print "begun"
        while true do end
      end]] })
      local command = ([[VISE_RUNS=%s/runs %s run %s >%s/said 2>&1 & p=$!
        for i in $(seq 100); do grep -q begun %s/said && break; sleep 0.02; done
        kill -INT $p; wait $p; echo $?]]):format(place, program, package, place, place)
      local pipe <close> = io.popen(command)
      assert.equal("130\n", pipe:read "a")
      local record = assert(runs.find(place .. "/runs", "last")).record
      assert.same({ "interrupted", "E-RN-01" }, { record.status, record.error.id })
    end)
  end)
end)
