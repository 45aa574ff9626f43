-- inspect, eval, run and doctor as people call them: the built program, its status and its output.

local core = require "vise.core"
local support = require "support"

local run = require("program").run

local function file(entries)
  local path = os.tmpname()
  assert(core.safetensors_write(path, entries))
  return path
end

describe("vise inspect", function()
  local a

  setup(function()
    a = file {
      { "w", core.tensor_of("f32", { 2, 3 }, { 1, 2, 0, -4, 0 / 0, 6 }) },
      { "evil\27[2J", core.tensor_of("i8", { 2 }, { 5, 5 }) },
    }
  end)
  teardown(function() os.remove(a) end)

  it("lists tensors and escapes their names", function()
    local status, out = run("inspect " .. a)
    assert.equal(0, status)
    assert.matches("w +f32 +2x3 +24\n", out)
    assert.matches("evil\\x1b[2J", out, 1, true)
    assert.is_nil(out:find("\27", 1, true))
    assert.matches("2 tensors (1 f32, 1 i8), 26 B\n", out, 1, true)
  end)

  it("says on stderr what is odd about a folder", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    local entries = { { "w", core.tensor("f32", { 2 }) } }
    assert(core.safetensors_write(folder .. "/model.safetensors", entries))
    assert(core.safetensors_write(folder .. "/model-1.safetensors", entries))
    assert(core.disk.write(folder .. "/model.safetensors.index.json",
      '{ "metadata": { "total_size": 9 }, "weight_map": { "w": "model-1.safetensors" } }'))
    local status, out, err = run("inspect --json " .. folder)
    core.disk.remove_tree(folder)
    assert.equal(0, status)
    assert.equal(8, assert(core.json_decode(out)).bytes)
    assert.matches("note: E-HF-06: model.safetensors.index.json and model.safetensors are both there", err, 1, true)
    assert.matches("note: E-HF-05: ", err, 1, true)
  end)

  it("gives statistics of the finite elements", function()
    local status, out = run("inspect --stats --json " .. a)
    assert.equal(0, status)
    local object = assert(core.json_decode(out))
    local s = object.tensors[1].name == "w" and object.tensors[1].statistics or object.tensors[2].statistics
    assert.equal(6, s.count)
    assert.equal(1, s.nans)
    assert.equal(1, s.zeros)
    assert.equal(-4, s.min)
    assert.equal(6, s.max)
    assert.equal(1, s.mean)
    assert.equal(1, object.schema)
  end)

  it("draws a histogram, of a constant too", function()
    local status, out = run("inspect --histogram w " .. a)
    assert.equal(0, status)
    assert.matches("^w  f32 2x3\n", out)
    assert.matches("6 values  min %-4  mean 1  max 6", out)
    assert.matches("  1 NaN\n$", out)
    status, out = run([[inspect --histogram "$(printf 'evil\033[2J')" ]] .. a)
    assert.equal(0, status)
    assert.matches("2 values  min 5  mean 5  max 5", out, 1, true)
  end)

  it("suggests the nearest tensor", function()
    local status, _, err = run("inspect --histogram ww " .. a)
    assert.equal(64, status)
    assert.matches("E-US-11: no tensor 'ww'; did you mean 'w'?", err, 1, true)
  end)

  it("names what is wrong with a file", function()
    local bad = support.file "not a safetensors file"
    local status, out, err = run("inspect " .. bad)
    assert.equal(65, status)
    assert.equal("", out)
    assert.matches("^vise: E%-ST%-%d%d: ", err)
    os.remove(bad)
  end)
end)

describe("vise eval", function()
  it("measures tensors of one file against another", function()
    local a = file { { "x", core.tensor_of("f32", { 4 }, { 1, 2, 3, 4.5 }) } }
    local b = file { { "x", core.tensor_of("f32", { 4 }, { 1, 2, 3, 4 }) } }
    local status, out = run(("eval %s --base %s --json"):format(a, b))
    assert.equal(0, status)
    local m = assert(core.json_decode(out)).pairs[1]
    assert.near(0.5 / math.sqrt(30), m.rel_l2, 1e-12)
    assert.near(20 * math.log(math.sqrt(30) / 0.5, 10), m.sqnr, 1e-9)
    assert.near(20 * math.log(3 / 0.25, 10), m.psnr, 1e-9) -- range 3, rmse 0.5 / sqrt(4)
    assert.equal(1, (run(("eval %s --base %s --min-sqnr 30"):format(a, b))))
    assert.equal(0, (run(("eval %s --base %s --min-sqnr 20"):format(a, b))))
    os.remove(a)
    os.remove(b)
  end)

  it("writes equal tensors' infinite ratios as null", function()
    local a = file { { "x", core.tensor_of("f32", { 2 }, { 1, 2 }) } }
    local status, out = run(("eval %s --base %s --json"):format(a, a))
    assert.equal(0, status)
    assert.equal(core.null, assert(core.json_decode(out)).pairs[1].sqnr)
    os.remove(a)
  end)

  it("gives the recorded perplexity of stories 1 to 8", function()
    local model, data = "recipes/quickstart/models/stories260K", "tests/data/tinystories/stories-1-128.txt"
    local command = ("eval %s --data %s --to 8"):format(model, data)
    local status, out = run(command .. " --json")
    assert.equal(0, status)
    local m = assert(core.json_decode(out)).measured
    assert.equal(2705, m.tokens)
    assert.near(1.292693, m.loss, 5e-7)
    assert.equal(1, (run(command .. " --max-perplexity 3.6")))
    assert.equal(64, (run(command .. " --from 9")))
  end)

  it("refuses options that what it measures does not read", function()
    local model, data = "recipes/quickstart/models/stories260K", "tests/data/tinystories/stories-1-128.txt"
    for _, words in ipairs { "--base " .. model .. " --to 3", "--base " .. model .. " --max-perplexity 3",
      "--data " .. data .. " --min-sqnr 3" } do
      local status, _, err = run(("eval %s %s"):format(model, words))
      assert.equal(64, status)
      assert.matches("E%-US%-05: %-%-%l+%-?%l* goes with %-%-%l+", err)
    end
  end)

  it("says that a model of images predicts no text", function()
    local folder = "recipes/quickstart/models/"
    local status, _, err = run(("eval %sdit-fashion-mnist --variant fp16 --tokenizer %sstories260K/tok512.bin "
      .. "--data tests/data/tinystories/stories-1-128.txt"):format(folder, folder))
    assert.equal(64, status)
    assert.matches("E-MD-15: perplexity takes a language model, this one is dit", err, 1, true)
  end)

  it("refuses files that cannot be compared, and a call without a task", function()
    local a = file { { "x", core.tensor_of("f32", { 2 }, { 1, 2 }) } }
    local b = file { { "x", core.tensor_of("f32", { 1 }, { 1 }) } }
    local c = file { { "y", core.tensor_of("f32", { 1 }, { 1 }) } }
    for _, other in ipairs { b, c } do
      local status, _, err = run(("eval %s --base %s"):format(a, other))
      assert.equal(65, status)
      assert.matches("E-US-12", err, 1, true)
    end
    assert.equal(64, (run("eval " .. a)))
    for _, path in ipairs { a, b, c } do os.remove(path) end
  end)
end)

describe("the program", function()
  it("says that its output could not be written", function()
    for _, words in ipairs { "help >/dev/full", "help tensor:rows >/dev/full", "--version >/dev/full" } do
      local status, _, err = run(words)
      assert.equal(74, status)
      assert.matches("E-FS-08: the output could not be written: No space left", err, 1, true)
    end
  end)
end)

describe("vise doctor", function()
  it("finds this machine well enough for the tests", function()
    local status, out = run "doctor --json"
    assert.equal(0, status)
    local states = {}
    for _, check in ipairs(assert(core.json_decode(out)).checks) do states[check.name] = check.state end
    for _, name in ipairs { "cpu", "backend", "products", "threads", "memory", "disk", "libraries", "kernels" } do
      assert.is_truthy(states[name], name)
    end
    assert.equal("ok", states.kernels)
  end)
end)

describe("vise run", function()
  it("says before any work that the quickstart writes files", function()
    local start = core.clock()
    local status, _, err = run "run recipes/quickstart"
    assert.equal(64, status)
    assert.matches("E-RC-09: recipe quickstart writes files: give --out DIR", err, 1, true)
    assert.is_true(core.clock() - start < 2) -- the float run alone takes longer
  end)

  it("prints one JSON object, and what people read on stderr", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    core.disk.write(folder .. "/header.lua", [[{ name = "t", version = "1.0.0", summary = "t", license = "MIT",
      params = { n = { type = "integer", default = 1, help = "x" } } }]])
    core.disk.write(folder .. "/recipe.lua", [[return function(job)
      job:print("n is %d", job.params.n)
      print("aside", 1)
      job:report("n", { n = job.params.n })
      job:expect("n", job.params.n, { at_most = 5 })
    end]])
    local status, out, err = run(("run %s -p n=3 --json --out %s/out"):format(folder, folder))
    assert.equal(0, status)
    assert.equal("n is 3\naside  1\n", err)
    local object = assert(core.json_decode(out))
    assert.equal(3, object.params.n)
    assert.equal(3, object.results[1].data.n)
    assert.equal("file", core.disk.exists(folder .. "/out/run.json"))
    status, out = run(("run %s -p n=6"):format(folder))
    assert.equal(1, status)
    assert.equal("n is 6\n", out)
    core.disk.remove_tree(folder)
  end)
end)
