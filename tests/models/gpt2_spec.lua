local checkpoints = require "vise.checkpoint"
local core = require "vise.core"
local generate = require "vise.generate"
local models = require "vise.models"
local support = require "support"
local tiny = require "models.tiny"
local vise = require "vise"

local MODEL = "tests/data/chemts-gpt2-0.5m"

-- A copy of the model: `change(name, t)` gives another name and tensor, `config` other values.
local function variant(config, change)
  local held <close> = assert(checkpoints.open(MODEL))
  local copy = { config = held.config, tensors = {} }
  for key, value in pairs(config or {}) do copy.config[key] = value end
  for _, name in ipairs(held:names()) do
    local t, other = assert(held:tensor(name)), name
    if change then other, t = change(name, t) end
    copy.tensors[other] = t
  end
  return tiny.open(copy)
end

local function logits_of(model)
  local golden <close> = assert(core.safetensors_open(MODEL .. "/golden.safetensors"))
  return assert(model:forward(golden:tensor "input_ids"))
end

local function ids_like(count, id)
  local ids = {}
  for i = 1, count do ids[i] = id end
  return ids
end

describe("GPT-2", function()
  local model, golden

  setup(function()
    model = assert(models.open(MODEL))
    golden = assert(core.safetensors_open(MODEL .. "/golden.safetensors"))
  end)
  teardown(function() model:close() end)

  it("predicts what an independent implementation does", function()
    local logits <close> = assert(model:forward(golden:tensor "input_ids"))
    -- Both sum in f32, in different orders: 1e-5 is asked for, 3e-7 is reached.
    assert.is_true(support.rel_l2(logits, golden:tensor "logits") <= 1e-5)
  end)

  it("predicts the same from a cache, one id at a time", function()
    local ids = golden:tensor("input_ids"):totable()
    local whole = assert(model:forward(ids))
    local cache <close> = assert(model:cache(32))
    for i, id in ipairs(ids) do
      local row = assert(model:forward({ id }, { cache = cache, last = true }))
      local want = whole:reshape({ #ids, -1 }):rows(i)
      assert.is_true(support.rel_l2(row:reshape { 1, -1 }, want) <= 1e-5, i)
    end
    assert.error_matches(function() model:forward(ids_like(20, 1), { cache = cache }) end, "E-MD-11", 1, true)
  end)

  it("writes until its end id", function()
    local ids, why = assert(generate.generate(model, { prompt = { 13 }, max_new = 60 }))
    assert.equal("stop", why)
    assert.equal(14, ids[#ids])
  end)

  it("writes the same without a cache, as families of one's own do", function()
    local want = assert(generate.generate(model, { prompt = { 13 }, max_new = 20 }))
    local plain = setmetatable({ cache = false }, { __index = model })
    assert.same(want, (generate.generate(plain, { prompt = { 13 }, max_new = 20 })))
  end)

  it("runs compiled, with a cache that moves on", function()
    local ids = golden:tensor("input_ids"):totable()
    local cache <close> = assert(model:cache(32))
    assert(model:forward({ ids[1] }, { cache = cache }))
    local compiled <close> = assert(vise.compile(model, { ids[2] }, { cache = cache, last = true }))
    local whole = assert(model:forward(ids))
    for i = 2, 6 do
      local row = assert(compiled:forward({ ids[i] }))
      assert.is_true(support.rel_l2(row:reshape { 1, -1 }, whole:reshape({ #ids, -1 }):rows(i)) <= 1e-5, i)
    end
  end)

  it("has the recorded perplexity on molecules", function()
    local tokenizer = assert(vise.tokenizers.of(model))
    local lines, report = assert(vise.data.texts("tests/data/guacamol/lines-1000-1299.smiles",
      { tokenizer = tokenizer, most = 70 }))
    assert.same({ "lines", 300, 278 }, { report.format, report.read, #lines })
    local measured = assert(vise.eval.perplexity(model, lines))
    assert.equal(12707, measured.tokens)
    assert.near(2.73739, measured.perplexity, 2e-5)
  end)

  it("opens files whose names do not begin with transformer", function()
    local other <close> = assert(variant(nil, function(name, t) return name:gsub("^transformer%.", ""), t end))
    assert.equal("h.0.attn.c_attn", other:default_layers()[1])
    assert.equal(16, #other:default_layers())
    assert.is_true(logits_of(other):tobytes() == logits_of(model):tobytes())
  end)

  it("takes the exact GELU, other scales of the scores, and a head of its own", function()
    local plain = logits_of(model):tobytes()
    local exact <close> = assert(variant { activation_function = "gelu" })
    local same <close> = assert(variant { activation_function = "gelu_pytorch_tanh" })
    local inverse <close> = assert(variant { scale_attn_by_inverse_layer_idx = true })
    assert.equal("erf", exact.blocks[1].mlp.gelu)
    assert.equal("tanh", model.blocks[1].mlp.gelu)
    assert.is_false(logits_of(exact):tobytes() == plain)
    assert.is_true(logits_of(same):tobytes() == plain)
    for i = 1, 4 do assert.equal(1 / i, inverse.blocks[i].attention.scale) end
    local headless, message = variant { tie_word_embeddings = false }
    assert.is_nil(headless)
    assert.matches("tensor lm_head.weight is missing", message, 1, true)
  end)

  it("multiplies the scores by what the config says", function()
    -- Queries divided by what the scores are multiplied by give the scores of the plain model.
    local divided <close> = assert(variant({ scale_attn_weights = false }, function(name, t)
      if not name:find "c_attn" then return name, t end
      local values, width = t:totable(), 3 * 96
      for i = 1, #values do
        if (i - 1) % width < 96 then values[i] = values[i] / math.sqrt(96) end
      end
      return name, core.tensor_of("f32", { t:shape() }, values)
    end))
    assert.is_true(support.rel_l2(logits_of(divided), golden:tensor "logits") <= 1e-5)
  end)

  it("refuses by name what it does not compute", function()
    local cases = {
      { { activation_function = "relu" }, 'E-MD-05', '"activation_function" is "relu", this program computes' },
      { { add_cross_attention = true }, 'E-MD-05', '"add_cross_attention" is true' },
      { { n_head = 7 }, "E-MD-10", '"n_head" 7 does not divide "n_embd" 96' },
      { { n_layer = 3 }, "E-MD-09", "belongs to block 3, the config has 3 blocks" },
      { { n_inner = 100 }, "E-MD-07", "h.0.mlp.c_fc.weight is [96, 384], the config implies [96, 100]" },
      { { n_embd = "96" }, "E-MD-04", '"n_embd" is "96", expected an integer' },
      { { n_embd = 1 << 19, n_head = 1 }, "E-MD-10", "makes a layer wider than" },
    }
    for _, case in ipairs(cases) do
      local opened, message, id = variant(case[1])
      assert.is_nil(opened)
      assert.equal(case[2], id, message)
      assert.matches(case[3], message, 1, true)
    end
  end)
end)

describe("a quantized GPT-2", function()
  local function new_folder()
    local folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    return folder
  end

  local function molecules(model)
    return assert(vise.data.texts("tests/data/guacamol/lines-0-999.smiles",
      { tokenizer = assert(vise.tokenizers.of(model)), most = 70, last = 60 }))
  end

  it("is calibrated, saved, verified and loaded to the same bits", function()
    local model <close> = assert(models.open(MODEL))
    local tokenizer = assert(vise.tokenizers.of(model))
    local work = assert(vise.workload.of(model, { texts = molecules(model), calibration = 30, tokenizer = tokenizer }))
    assert(work:reference(model))
    local folder = new_folder()
    local report = assert(vise.quantize(model, { quant_type = "svdq_int4_r8", calibrate = work:calibration(),
      save_to = folder .. "/out" }))
    assert.equal(16, report.quantized)
    assert.is_true(assert(work:quality(model)).value < 0.05)
    assert.is_true(require("vise.verify").verify(folder .. "/out").ok)
    local told = assert(core.json_decode(assert(core.disk.read(folder .. "/out/quant_config.json")))).calibration
    assert.equal(tokenizer:hash(), told.tokenizer_xxh3_128)
    assert.equal(work:texts_read().tokens_xxh3_128, told.tokens_xxh3_128)
    local seen = 0
    for i = 1, 30 do seen = seen + #molecules(model)[i] end
    assert.equal(seen, told.tokens)
    for _, layer in ipairs(model:layers()) do assert.is_nil(rawget(layer, "weight")) end -- no copy is left
    local again <close> = assert(vise.load(assert(models.open(MODEL)), folder .. "/out"))
    local ids = molecules(model)[1]
    local want = assert(model:forward(ids)):tobytes()
    assert.is_true(want == assert(again:forward(ids)):tobytes())
    assert(core.disk.remove_tree(folder))
  end)

  it("is compared with its base, which lies the other way round", function()
    local model <close> = assert(models.open(MODEL))
    local folder = new_folder()
    assert(vise.quantize(model, { quant_type = "int8_weight_only", save_to = folder .. "/out" }))
    local result = assert(require("vise.compare").compare(MODEL, folder .. "/out"))
    local weights = 0
    for _, row in ipairs(result.weights) do
      if row.name:find "c_%a+%.weight$" then
        weights = weights + 1
        assert.equal("differs", row.state)
        assert.is_true(row.rel_l2 < 0.02, row.name)
      end
    end
    assert.equal(16, weights)
    assert(core.disk.remove_tree(folder))
  end)

  it("predicts compiled what it predicts", function()
    local model <close> = assert(models.open(MODEL))
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    local ids = molecules(model)[2]
    local compiled <close> = assert(vise.compile(model, ids))
    assert.is_true(assert(compiled:forward(ids)):tobytes() == assert(model:forward(ids)):tobytes())
  end)
end)

describe("the plan of a GPT-2", function()
  it("counts the copies of weights: all where the model runs, else one", function()
    local model <close> = assert(models.open(MODEL))
    local plain = assert(vise.plan(model, { quant_type = "int8_weight_only" }))
    for _, layer in ipairs(model:layers()) do assert.is_nil(rawget(layer, "weight")) end -- planning makes none
    local run = assert(vise.plan(model, { quant_type = "int8_weight_only", calibrate = print, method = "awq" }))
    local all, one = 0, 0
    for _, layer in ipairs(model:layers()) do all, one = all + layer:copied(), math.max(one, layer:copied()) end
    assert.equal(4 * 442368, all)
    assert.is_true(plain.workspace_bytes >= one + 4 * 384 * 96)
    assert.is_true(run.workspace_bytes >= all)
  end)
end)

describe("Conv1D", function()
  it("turns its weight when it is asked for, and gives it back", function()
    local model <close> = assert(models.open(MODEL))
    collectgarbage()
    local before, layer = core.memory().bytes, model:layer "transformer.h.0.mlp.c_fc"
    assert.equal("f32", layer:dtype())
    assert.equal(96 * 384 * 4, layer:copied())
    assert.same({ 384, 96 }, { layer.weight:shape() })
    assert.is_true(layer.weight:tobytes() == model["transformer.h.0.mlp.c_fc.weight"]:transpose():tobytes())
    assert.is_true(rawequal(layer.weight, layer.weight))
    collectgarbage()
    assert.is_true(core.memory().bytes - before >= layer:copied())
    layer:release()
    assert.is_true(core.memory().bytes - before < layer:copied())
    assert.same({ 384, 96 }, { layer.weight:shape() })
  end)
end)
