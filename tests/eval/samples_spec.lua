local core = require "vise.core"
local eval = require "vise.eval"
local run = require("program").run
local vise = require "vise"

local STORIES = "recipes/quickstart/models/stories260K"

describe("eval.samples", function()
  local model, tokenizer

  lazy_setup(function()
    model = assert(vise.open(STORIES))
    tokenizer = assert(vise.tokenizers.open(STORIES))
  end)
  lazy_teardown(function() model:close() end)

  it("writes from prompts in turn, each text from a seed of its own", function()
    local list = assert(eval.samples(model, { tokenizer = tokenizer, prompts = { "Once", "The cat" }, count = 3,
      seed = 7, max_new = 12 }))
    assert.same({ "Once", "The cat", "Once" }, { list[1].prompt, list[2].prompt, list[3].prompt })
    assert.same({ 7, 8, 9 }, { list[1].seed, list[2].seed, list[3].seed })
    for _, sample in ipairs(list) do
      assert.equal(sample.prompt, sample.text:sub(1, #sample.prompt))
      assert.equal(sample.text, tokenizer:decode(sample.ids))
    end
    assert.not_equal(list[1].text, list[3].text)
  end)

  it("is vise.generate with that seed", function()
    local sample = assert(eval.samples(model, { tokenizer = tokenizer, count = 1, seed = 3, max_new = 20,
      temperature = 1, top_p = 0.9 }))[1]
    local ids = assert(vise.generate.generate(model, { prompt = { 1 }, seed = 3, max_new = 20, temperature = 1,
      top_p = 0.9 }))
    assert.same(ids, sample.ids)
  end)

  it("names an option that it does not have", function()
    for name, value in pairs { sed = 3, count = 0, prompts = "x" } do
      assert.error_matches(function() eval.samples(model, { tokenizer = tokenizer, [name] = value }) end,
        "E%-DT%-08: [%l ]*" .. name)
    end
    assert.error_matches(function() eval.samples(model, {}) end, "E%-DT%-08: samples needs options.tokenizer")
  end)
end)

describe("the report of a run", function()
  it("shows what the language model wrote, float and quantized", function()
    local folder = os.tmpname()
    os.remove(folder)
    local status, _, err = run(("run int4-weight-only --model %s --out %s/out --runs %s/runs -p calibration=2"):format(
      STORIES, folder, folder))
    assert.equal(0, status, err)
    local place <close> = assert(io.popen("find " .. folder .. " -name report.html"))
    local page = assert(core.disk.read(place:read "l"))
    for _, name in ipairs { "float", "int4_weight_only" } do
      assert.matches("<h3>" .. name .. "[^<]*</h3>.-seed 1: %u", page)
      assert.matches("seed 2: %u", page)
    end
    core.disk.remove_tree(folder)
  end)
end)

describe("the manifest of a model that texts calibrated", function()
  it("has hashes of the ids and of the tokenizer", function()
    local tokenizer, found = assert(vise.tokenizers.open(STORIES)), {}
    for i, words in ipairs { "Once upon a time", "Once upon a time", "Once upon a hill" } do
      local model <close> = assert(vise.open(STORIES))
      local work = assert(vise.workload.of(model, { texts = { words, "The end" }, tokenizer = tokenizer,
        calibration = 1 }))
      assert(vise.quantize(model, { quant_type = "int8_per_row_static", calibrate = work:calibration() }))
      found[i] = model.quantization.calibration
    end
    assert.same({ #tokenizer:encode "Once upon a time", tokenizer:hash() },
      { found[1].tokens, found[1].tokenizer_xxh3_128 })
    assert.matches("^%x+$", found[1].statistics_xxh3_128)
    assert.equal(found[1].tokens_xxh3_128, found[2].tokens_xxh3_128)
    assert.not_equal(found[1].tokens_xxh3_128, found[3].tokens_xxh3_128)
  end)
end)
