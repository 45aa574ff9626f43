-- Journals: a quantization block by block that did not end is gone on with, to the same bytes, or left.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local sequential = require "workflow.support_sequential"
local vise = require "vise"

local disk = core.disk
local FILES = { "int8_per_row_static.safetensors", "quant_config.json" }

local folder, remove = dit.folder()
local expected = {}

-- The files of an artefact.
local function files_of(path)
  local list = {}
  for i, file in ipairs(FILES) do list[i] = assert(disk.read(path .. "/" .. file)) end
  return list
end

local function quantize(path, more, options)
  local model <close> = assert(vise.open(sequential.path))
  local fields = sequential.with(more)
  fields.save_to = path
  return vise.quantize(model, fields, options)
end

setup(function()
  assert(quantize(folder .. "-whole"))
  expected = files_of(folder .. "-whole")
end)
teardown(function() disk.remove_tree(folder .. "-whole") end)

-- A method that rounds, and fails at its n-th layer.
local function failing(n)
  local count = { layers = 0 }
  return { name = "spec-rounding", needs = { "range" }, make = function(weight, about)
    count.layers = count.layers + 1
    if count.layers == n then return nil, "enough", "E-NU-02" end
    return { weight = core.encode(about.scheme, weight) }
  end }, count
end

-- Begins a quantization that fails at its n-th layer: the journal stays.
local function begun(n, more)
  local path = folder .. "-begun"
  local fields = { method = failing(n) }
  for key, value in pairs(more or {}) do fields[key] = value end
  local ok, message, id = quantize(path, fields)
  assert.same({ nil, "E-NU-02" }, { ok, id })
  assert.is_nil(disk.exists(path))
  return path, message
end

local function clean(path)
  for _, name in ipairs { path, path .. ".work" } do
    if disk.exists(name) then disk.remove_tree(name) end
  end
end

describe("a journal", function()
  it("lets another call go on behind the last block, to the bytes of a run that was not stopped", function()
    local whole, count = failing(0)
    assert(quantize(folder .. "-plain", { method = whole }))
    assert.equal(35, count.layers)
    local wanted = files_of(folder .. "-plain")
    clean(folder .. "-plain")
    local path, message = begun(17)
    assert.matches("layer model.layers.2", message, 1, true)
    assert.equal("file", disk.exists(path .. ".work/journal.json"))
    local method, again = failing(0)
    local report = assert(quantize(path, { method = method }, { resume = true }))
    assert.equal(21, again.layers) -- the 14 of two blocks were there
    assert.equal(35, report.quantized)
    assert.same(wanted, files_of(path))
    assert.is_nil(disk.exists(path .. ".work"))
    clean(path)
  end)

  it("begins again without resume, and where there is nothing to go on from", function()
    local path = begun(30)
    local method, count = failing(0)
    assert(quantize(path, { method = method }))
    assert.equal(35, count.layers)
    assert.is_nil(disk.exists(path .. ".work"))
    clean(path)
    method, count = failing(0)
    assert(quantize(path, { method = method }, { resume = true }))
    assert.equal(35, count.layers)
    clean(path)
    assert.is_nil(quantize(path, { calibrate = function() return nil, "no" end }))
    assert.is_nil(disk.exists(path .. ".work")) -- nothing was done: nothing is left
  end)

  it("is refused by the name of what differs", function()
    local path = begun(30)
    local function refused(what, more)
      local method, count = failing(0)
      local fields = { method = method }
      for key, value in pairs(more) do fields[key] = value end
      local ok, message, id = quantize(path, fields, { resume = true })
      assert.same({ nil, "E-SQ-03", 0 }, { ok, id, count.layers })
      assert.matches("another " .. what .. ";", message, 1, true)
      assert.equal("file", disk.exists(path .. ".work/journal.json"))
    end
    refused("config, plan", { calibration = { mode = "true_sequential" } })
    refused("config, plan", { exclude = { "*.down_proj" } })
    refused("config", { calibration = { mode = "sequential", buffered = true } })
    refused("data", { calibrate = function(m) assert(m:forward { 1, 2, 3 }):close() end })
    local before = core.backend()
    core.backend "ref"
    refused("numerics", {})
    core.backend(before)
    local text = assert(disk.read(path .. ".work/journal.json"))
    assert(disk.write(path .. ".work/journal.json", (text:gsub('"model": "%x+"', '"model": "0"'))))
    refused("model", {})
    clean(path)
  end)

  it("that was edited is refused before anything of it is used", function()
    local path = begun(17)
    local journal = path .. ".work/journal.json"
    local good = assert(disk.read(journal))
    local own = path .. "-own.safetensors"
    assert(disk.write(own, "mine"))
    local edits = {
      function(j) j.stage = 99 end, function(j) j.stage = -5 end, function(j) j.stages[1] = 7 end,
      function(j) j.stages[2].reports = nil end, function(j) j.stages[2].file = "../" .. own end,
      function(j) j.states = nil end, function(j) j.states.files = 3 end, function(j) j.states.extras = nil end,
      function(j) j.states.files[1] = "../" .. own:match "[^/]*$" end,
    }
    for i, edit in ipairs(edits) do
      local plain = assert(core.json_decode(good))
      edit(plain)
      assert(disk.write(journal, assert(core.json_encode(plain))))
      local ok, _, id = quantize(path, { method = (failing(0)) }, { resume = true })
      assert.same({ nil, "E-SQ-05" }, { ok, id }, i)
      assert.equal("file", disk.exists(own))
    end
    assert(disk.remove(own))
    clean(path)
  end)

  it("of which the file is damaged, or a folder with something else, is refused", function()
    local path = begun(30)
    for _, text in ipairs { "{", "[]", '{ "format": "vise_journal", "version": 9 }', '{ "format": "vise_journal", '
      .. '"version": 1 }' } do
      assert(disk.write(path .. ".work/journal.json", text))
      local ok, _, id = quantize(path, {}, { resume = true })
      assert.is_nil(ok)
      assert.is_true(id == "E-SQ-05", text)
    end
    assert(disk.write(path .. ".work/thesis.txt", "years"))
    for _, resume in ipairs { true, false } do
      local ok, message, id = quantize(path, {}, { resume = resume })
      assert.same({ nil, "E-SQ-04" }, { ok, id })
      assert.matches("holds thesis.txt", message, 1, true)
    end
    assert.equal("years", disk.read(path .. ".work/thesis.txt"))
    clean(path)
    assert.error_matches(function() quantize(path, {}, { resumed = true }) end, "E%-CF%-02: quantize: unknown option")
  end)

  it("lies where calibration.work or the caller says", function()
    local work, path = folder .. "-elsewhere", folder .. "-out"
    local seen
    local method = { name = "looks", needs = { "range" }, make = function(weight, about)
      seen = seen or disk.exists(work)
      return { weight = core.encode(about.scheme, weight) }
    end }
    assert(quantize(path, { method = method, calibration = { mode = "sequential", work = work } }))
    assert.equal("folder", seen)
    assert.is_nil(disk.exists(work))
    assert.not_matches(work, disk.read(path .. "/quant_config.json"), 1, true)
    assert(quantize(path, {}, { work = work }))
    assert.equal("file", disk.exists(work .. "/journal.json"))
    assert.same(expected, files_of(path))
    disk.remove_tree(work)
    clean(path)
  end)
end)

describe("a quantization that is killed", function()
  local program = arg and arg[-1] or "build/release/vise"

  -- A child process that quantizes to `path` and dies at its n-th disk operation; -1: never.
  local function child(path, n)
    local script = os.tmpname()
    assert(disk.write(script, ([[
      local core = require "vise.core"
      local sequential = require "workflow.support_sequential"
      local vise = require "vise"
      local model = assert(vise.open(sequential.path))
      local fields = sequential.with { save_to = %q }
      core.io_fault(%d, "kill")
      local before = core.io_count()
      assert(vise.quantize(model, fields, { resume = true }))
      io.write("done ", core.io_count() - before)
    ]]):format(path, n)))
    local pipe = io.popen(("LUA_PATH='tests/?.lua;;' %s %s 2>/dev/null"):format(program, script))
    local said = pipe:read "a"
    pipe:close()
    os.remove(script)
    return said
  end

  it("goes on to the same bytes, wherever it was", function()
    local path = folder .. "-killed"
    local operations = tonumber(child(path, -1):match "^done (%d+)")
    assert.same(expected, files_of(path))
    clean(path)
    local slow = os.getenv "VISE_TEST_SLOW" == "1"
    local at = slow and 0 or 3
    while at < operations do
      assert.equal("", child(path, at))
      assert.is_truthy(child(path, -1):find "^done", at)
      assert.same(expected, files_of(path), at)
      assert.is_nil(disk.exists(path .. ".work"), at)
      clean(path)
      at = at + (slow and 1 or operations // 6)
    end
  end)

  it("goes on after being killed again and again", function()
    local path, calls = folder .. "-again", 0
    local operations = 30
    repeat
      calls = calls + 1
      assert(calls < 40)
    until child(path, operations):find "^done"
    assert.is_true(calls > 2, calls)
    assert.same(expected, files_of(path))
    clean(path)
  end)
end)

remove()
