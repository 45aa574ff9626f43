-- vise eval as people call it: protocols, bases, thresholds, images.

local core = require "vise.core"
local run = require("program").run

local MODELS = "recipes/quickstart/models/"
local STORIES, DIT = MODELS .. "stories260K", MODELS .. "dit-fashion-mnist"
local DATA = "tests/data/tinystories/stories-1-128.txt"
local IMAGES = "recipes/quickstart/data/t10k-256-"

local function json(command, status)
  local got, out, err = run("eval " .. command .. " --json")
  assert.equal(status or 0, got, err)
  return assert(core.json_decode(out)), err
end

describe("vise eval", function()
  local folder, artefact, base

  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    artefact, base = folder .. "/int4", folder .. "/float.base"
    local vise = require "vise"
    local model <close> = assert(vise.open(STORIES))
    assert(vise.quantize(model, { quant_type = "int4_weight_only_g32" }))
    assert(vise.save(model, artefact))
  end)
  lazy_teardown(function() core.disk.remove_tree(folder) end)

  it("keeps a base and holds an artefact against it", function()
    local kept = json(("%s -d %s --to 2 --protocol windows --context 64 --top 32 --save-base %s"):format(STORIES, DATA,
      base))
    assert.same({ base, 32 }, { kept.kept.file, kept.kept.top })
    local file <close> = assert(core.safetensors_open(base))
    assert.equal(file:size(), kept.kept.bytes)
    local r = json(("%s -a %s --against %s"):format(STORIES, artefact, base))
    assert.equal("float.base/windows@64", r.task)
    assert.near(kept.measured.loss, r.base.loss, 1e-12)
    assert.is_true(r.divergence.kld > 0.01 and r.divergence.kld < r.divergence.kld_at_most)
    -- What --base does in one go, without a file.
    local once = json(("%s -a %s -b %s -d %s --to 2 --protocol windows --context 64 --top 32"):format(STORIES, artefact,
      STORIES, DATA))
    assert.same(r.divergence, once.divergence)
    assert.same(r.measured, once.measured)
    assert.equal("stories-1-128/windows@64", once.task)
  end)

  it("refuses a base of other data or another protocol by name", function()
    local other = "-d " .. DATA .. " --to 3 --protocol windows --context 64"
    local status, _, err = run(("eval %s --against %s %s"):format(STORIES, base, other))
    assert.equal(65, status)
    assert.matches("float.base is of another data: ", err, 1, true)
    status, _, err = run(("eval %s --against %s -d %s --to 2"):format(STORIES, base, DATA))
    assert.equal(65, status)
    assert.matches("is of another protocol: windows, this is texts", err, 1, true)
  end)

  it("ends with 1 where a threshold is not met, and says which", function()
    local command = ("eval %s -a %s --against %s "):format(STORIES, artefact, base)
    assert.equal(0, (run(command .. "--max-kld 1 --min-same-top 50 --max-perplexity 100")))
    for option, words in pairs { ["--max-kld 0.001"] = "divergence 0%.%d+ is above 0.001",
      ["--min-same-top 99.9"] = "the same likeliest id, in percent, %d+%.%d+ is below 99.9",
      ["--max-perplexity 1"] = "perplexity %d+%.%d+ is above 1" } do
      local status, _, err = run(command .. option)
      assert.equal(1, status)
      assert.matches(words, err)
    end
  end)

  it("prints lm-eval's columns", function()
    local status, out = run(("eval %s -d %s --to 2 --protocol rolling --markdown --samples 1"):format(STORIES, DATA))
    assert.equal(0, status)
    assert.matches("|Tasks|Version|Filter|n-shot|Metric|   |Value|   |Stderr|\n"
      .. "|-----|------:|------|-----:|------|---|----:|---|-----:|\n", out, 1, true)
    assert.matches("|stories%-1%-128/rolling@512| +1|none| +0|word_perplexity|↓|%d+%.%d%d%d%d|±|%d+%.%d%d%d%d|\n", out)
    assert.matches("|bits_per_byte|↓|", out, 1, true)
    assert.matches("sample 1, seed 1 ", out, 1, true)
  end)

  it("measures layers and writes samples, the same from one seed", function()
    local command = ("%s -a %s -d %s --to 1 --layers --samples 2 --seed 5"):format(STORIES, artefact, DATA)
    local r = json(command)
    assert.equal(35, #r.layers)
    assert.is_true(r.layers[1].output_sqnr > 10 and r.layers[1].weight_sqnr > 10)
    assert.same({ 5, 6 }, { r.samples[1].seed, r.samples[2].seed })
    assert.same(r.samples, json(command).samples)
    assert.equal(1, (run("eval " .. command .. " --min-sqnr 60")))
  end)

  it("writes samples without data, also of a quantized model, and takes labels for images only", function()
    local r = json(STORIES .. " -a " .. artefact .. " --samples 1")
    assert.is_nil(r.measured)
    assert.equal(1, #r.samples)
    local status, _, err = run(("eval %s -d %s --labels %slabels-idx1-ubyte"):format(STORIES, DATA, IMAGES))
    assert.equal(64, status)
    assert.matches("--labels goes with a model of images, this one is llama", err, 1, true)
  end)

  it("measures the flow loss, and images against those of the float model", function()
    local dit = folder .. "/dit"
    local vise = require "vise"
    local model <close> = assert(vise.open(DIT, { variant = "fp16" }))
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    assert(vise.save(model, dit))
    local r = json(("%s --variant fp16 -a %s -d %simages-idx3-ubyte --labels %slabels-idx1-ubyte --to 16 --samples 2 "
      .. "--picture %s/both.png --min-psnr 25 --min-ssim 0.9 --layers"):format(DIT, dit, IMAGES, IMAGES, folder))
    assert.same({ 16, 2, 20 }, { r.flow.images, r.drawn.images, r.drawn.steps })
    -- 0.2423 on 1,024 images of the same set; an error of 16 is some hundredths.
    assert.near(0.2423, r.flow.loss, 4 * r.flow.stderr)
    assert.near(r.flow_base.loss, r.flow.loss, 0.01)
    assert.is_true(r.drawn.psnr > 25 and r.drawn.psnr < 100 and r.drawn.ssim > 0.9 and r.drawn.ssim < 1)
    -- Two images of 7 x 7 patches, each with and without its class, 20 times.
    assert.same({ 36, 2 * 2 * 49 * 20 }, { #r.layers, r.layers[1].rows })
    assert.is_true(r.layers[1].output_sqnr > 20)
    assert.equal("\x89PNG", assert(io.open(folder .. "/both.png", "rb")):read(4))
    assert.equal(1, (run(("eval %s --variant fp16 -d %simages-idx3-ubyte --labels %slabels-idx1-ubyte --to 4 "
      .. "--max-flow-loss 0.01"):format(DIT, IMAGES, IMAGES))))
  end)

  it("reads lines for a GPT-2, and says what it leaves out", function()
    local gpt2 = "tests/data/chemts-gpt2-0.5m"
    local status, out, err = run("eval " .. gpt2 .. " -d tests/data/guacamol/lines-1000-1299.smiles --most 70 --json")
    assert.equal(0, status, err)
    local m = assert(core.json_decode(out)).measured
    -- As the data's description has it: 278 of 300 lines, with the ids of beginning and end.
    assert.same({ 278, 12707 }, { m.texts, m.tokens })
    assert.near(2.73739, m.perplexity, 2e-5)
    assert.matches("278 texts of 300; left out: 3 with foreign symbols, 19 too long", err, 1, true)
    assert.equal(65, (run("eval " .. gpt2 .. " -d tests/data/guacamol/lines-1000-1299.smiles --format ids")))
  end)

  it("refuses options that what it measures does not read", function()
    for _, words in ipairs { "-d " .. DATA .. " --max-kld 1", "-d " .. DATA .. " --picture x.png", "--protocol windows",
      "-d " .. DATA .. " --top 3", "-d " .. DATA .. " --any-model", "-d " .. DATA .. " --seed 3", "--save-base x",
      "--samples 1 --layers",
      "-d " .. DATA .. " --save-base x --against " .. DATA } do
      local status, _, err = run(("eval %s %s"):format(STORIES, words))
      assert.equal(64, status, words)
      assert.matches("E%-US%-05: %-%-", err)
    end
  end)
end)
