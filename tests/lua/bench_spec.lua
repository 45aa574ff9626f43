-- vise bench on sizes that take no time: that everything runs and says what the documentation says, never
-- how fast it is.

local core = require "vise.core"

local program = require "program"

local TINY = "-k 128 -n 40 -g 32 -m 1 -m 13 --cold 1 --repeats 1"

local ONE = "products --threads 1 --kernel int8 --cold 0 -k 128 -n 40 -g 32 -m 13 --repeats 1"

local function run(arguments, environment)
  return program.run("bench " .. arguments, environment)
end

local function json(arguments, environment)
  local status, out, err = run(arguments .. " --json", environment)
  assert.equal(0, status, err)
  return assert(core.json_decode(out))
end

local function named(section, name)
  local list = {}
  for _, line in ipairs(section.lines) do
    if line.name == name then list[#list + 1] = line end
  end
  return list
end

describe("vise bench", function()
  it("prints one JSON object with what it found and how much to trust it", function()
    local result = json("machine products --threads 1,2 " .. TINY)
    assert.equal(1, result.schema)
    assert.is_string(result.machine.cpu)
    assert.equal(core.backend(), result.machine.backend)
    assert.same({ 1, 2 }, result.options.threads)
    assert.equal(2, #result.sections)
    for _, section in ipairs(result.sections) do
      assert.is_true(section.foreign >= 0)
      assert.is_boolean(section.trusted)
      assert.is_true(section.seconds > 0)
      for _, line in ipairs(section.lines) do
        assert.is_string(line.name)
        assert.is_true(line.seconds > 0)
        assert.is_true(line.threads == 1 or line.threads == 2)
      end
    end
  end)

  it("times kernels and layers warm and cold, with one thread and two", function()
    local section = json("products --threads 1,2 " .. TINY).sections[1]
    for _, name in ipairs { "int8", "grouped", "gemm", "linear", "int8_per_row", "svdq_int4_r32" } do
      local found = {}
      for _, line in ipairs(named(section, name)) do
        found[("%d %s %d"):format(line.rows, line.state or "-", line.threads)] = line
      end
      for _, key in ipairs { "1 warm 1", "1 warm 2", "1 cold 1", "1 cold 2", "13 warm 1", "13 cold 2" } do
        assert.is_truthy(found[key], name .. " " .. key)
      end
      assert.is_nil(found["1 warm 1"].scaling)
      assert.is_number(found["1 warm 2"].scaling)
    end
    assert.equal("gemm", named(section, "int8")[1].base)
    assert.is_number(named(section, "svdq_int4_r32")[1].times)
    local limits = section.limits[1]
    if core.backend() ~= "ref" then
      assert.is_true(limits.int8 > 0 and limits.dram > 0)
      assert.is_number(named(section, "int8")[1].of_limit)
      assert.is_number(named(section, "int8")[1].of_read)
    end
  end)

  it("leaves cold weights out, and kernels that are not asked for", function()
    local section = json("products --threads 1 --kernel grouped -g 32 -g 64 " .. TINY:gsub("cold 1", "cold 0"):gsub(
      "%-g 32 ", "")).sections[1]
    local seen = {}
    for _, line in ipairs(section.lines) do
      assert.is_not.equal("cold", line.state)
      seen[line.name .. (line.group or "")] = true
    end
    assert.same({ gemm = true, grouped32 = true, grouped64 = true, linear = true }, seen)
  end)

  it("times quantizers and operators", function()
    local result = json("quantizers operators --threads 1 " .. TINY)
    local quantizers, operators = table.unpack(result.sections)
    for _, name in ipairs { "RTN int8_per_row", "scale search int4", "pack nvfp4", "activations int8_per_row",
      "its products", "SVD full, once" } do
      assert.equal(1, #named(quantizers, name), name)
    end
    assert.matches("^SVD randomized", named(quantizers, "SVD full, once")[1].base)
    for _, name in ipairs { "attention", "softmax", "layer_norm", "f32 to bf16" } do
      assert.equal(1, #named(operators, name), name)
    end
  end)

  it("skips peers that are not there with a word", function()
    local section = json("peers --threads 1 " .. TINY, "VISE_PEERS_PYTHON=/nowhere/python").sections[1]
    assert.matches("^skipped: Python", section.notes[#section.notes])
    local here = core.onednn("f32", {})
    if here then
      assert.is_true(#named(section, "oneDNN int8") > 0)
      assert.equal("oneDNN int8", named(section, "int8")[1].base)
    else
      assert.matches("^skipped: .*oneDNN", section.notes[1])
    end
  end)

  it("times models as they are and compiled, beside their layers alone", function()
    local generate, folder = require "vise.bench.generate", os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    generate.dit(folder .. "/dit", { width = 64, layers = 1, tokens = 16 })
    generate.llama(folder .. "/llama", { width = 64, layers = 1 })
    local section = json(("models --model %s/dit --model %s/llama -m 5 --threads 1,2 --repeats 1"):format(folder,
      folder)).sections[1]
    core.disk.remove_tree(folder)
    for _, name in ipairs { "float", "int8_per_row", "svdq_int4_r32_dq" } do
      for i, size in ipairs { "dit, 16 tokens", "llama, 5 tokens" } do
        local plain, compiled = named(section, name)[2 * i], named(section, name .. ", compiled")[2 * i]
        assert.equal(size, plain.size)
        assert.equal(2, compiled.threads)
        assert.is_number(compiled.scaling)
        assert.is_true(plain.blocks > 0)
        assert.equal(0, compiled.blocks)
        assert.equal(name ~= "float", plain.layers ~= nil and plain.of_layers ~= nil)
        assert.equal(plain.planned, plain.megabytes)
      end
    end
  end)

  it("takes a variant of a model folder", function()
    local command = "models --model recipes/quickstart/models/dit-fashion-mnist -m 1 --threads 1 --repeats 1"
    local status, _, err = run(command)
    assert.equal(65, status)
    assert.matches("E%-HF%-14: .*fp16", err)
    assert.equal(8, #json(command .. " --variant fp16").sections[1].lines)
  end)

  it("prints text, and tables in markdown", function()
    local _, text = run(ONE)
    assert.matches("\n  what +rows +cache +threads +ms", text)
    assert.matches("\n  int8 +13 +warm +1 ", text)
    assert.matches("others used %d+ %% of a CPU during", text)
    local _, markdown = run(ONE .. " --markdown")
    assert.matches("\n## products: ", markdown, 1, true)
    assert.matches("\n| --- | --- |", markdown, 1, true)
    assert.matches("\n| int8 | 13 | warm | 1 |", markdown, 1, true)
    assert.matches("\n* others used ", markdown, 1, true)
  end)

  it("names the size of layers where there are layers of it, and no time as nothing", function()
    local _, out = run(ONE)
    assert.matches(" 128 inputs x 40 outputs; best of 1\n", out)
    assert.is_nil(out:find(" 0.000 ", 1, true))
    _, out = run "machine --threads 1 --cold 1 --repeats 1"
    assert.is_nil(out:find("inputs", 1, true))
  end)

  it("refuses what no kernel takes and what is no number", function()
    for words, text in pairs {
      ["-g 12"] = "--group: 12 is not a multiple of 8",
      ["-k 128 -g 48"] = "--inputs: 128 is not a multiple of the group, 48",
      ["-k 64 -g 64"] = "--inputs: 64 is not a multiple of 128",
      ["--threads 1,x"] = "--threads: 'x' is not a number from 1 to 256",
      ["--width 100"] = "--width: 100 is not a multiple of 64",
      ["--threads 0"] = "--threads: '0' is not a number", ["--kernel int9"] = "--kernel: there is no 'int9'",
      ["kernels"] = "WHAT: 'kernels' is none of machine", ["--json --markdown"] = "--json and --markdown",
    } do
      local status, _, err = run(words)
      assert.equal(64, status, words)
      assert.matches("E-US-", err, 1, true)
      assert.matches(text, err, 1, true)
    end
  end)
end)
