local core = require "vise.core"
local data = require "vise.data"
local eval = require "vise.eval"
local generate = require "vise.generate"
local models = require "vise.models"
local support = require "support"
local tiny = require "models.tiny"

local MODEL = "recipes/quickstart/models/stories260K"
local GOLDEN = "tests/data/stories260K/"
local STORIES = "tests/data/tinystories/"

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

describe("the Llama", function()
  local model, tokenizer

  setup(function()
    model = assert(models.open(MODEL))
    tokenizer = assert(core.tokenizer_open(MODEL .. "/tok512.bin"))
  end)
  teardown(function() model:close() end)

  it("predicts what an independent implementation does", function()
    local golden = assert(core.safetensors_open(GOLDEN .. "golden.safetensors"))
    local logits <close> = assert(model:forward(golden:tensor "input_ids"))
    -- Both sum in f32, in different orders: 1e-5 is asked for, 3e-7 is reached.
    assert.is_true(support.rel_l2(logits, golden:tensor "logits") <= 1e-5)
  end)

  it("writes the recorded 200 ids, and they are the recorded text", function()
    local ids, why = assert(generate.generate(model, { prompt = { 1 }, max_new = 200 }))
    assert.equal("length", why)
    assert.same(core.json_decode(read(GOLDEN .. "expected_greedy_200.ids.json")), core.array(ids))
    assert.equal(read(GOLDEN .. "expected_greedy_200.txt"), tokenizer:decode(ids))
  end)

  it("has the recorded losses", function()
    local first = assert(data.stories(STORIES .. "stories-1-128.txt"))
    assert.equal(128, #first)
    local some = assert(eval.perplexity(model, table.move(first, 1, 8, 1, {}), { tokenizer = tokenizer }))
    assert.equal(2705, some.tokens)
    assert.near(1.292693, some.loss, 5e-5)

    local last = assert(data.stories(STORIES .. "stories-1500-1539.txt"))
    assert.equal(40, #last)
    local all = assert(eval.perplexity(model, last, { tokenizer = tokenizer }))
    assert.equal(14879, all.tokens)
    assert.near(1.496868, all.loss, 5e-5)
    assert.near(4.467675, all.perplexity, 5e-4)
  end)

  it("quantizes seven layers of every block unless told otherwise", function()
    local names = model:default_layers()
    assert.equal(35, #names)
    assert.equal("model.layers.0.self_attn.q_proj", names[1])
    assert.equal("model.layers.4.mlp.down_proj", names[35])
    for _, layer in ipairs(model:layers()) do assert.is_true(model.checkpoint:has(layer.name .. ".weight")) end
  end)
end)

describe("a Llama", function()
  local IDS = { 1, 5, 19, 0, 7, 7, 3 }

  it("with a cache predicts what it does without one", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local whole <close> = assert(model:forward(IDS))
    local rows <close> = whole:reshape { #IDS, -1 }
    for _, cut in ipairs { 1, 3, 6 } do
      local cache <close> = assert(model:cache())
      local got = {}
      local parts = { table.move(IDS, 1, cut, 1, {}) }
      for i = cut + 1, #IDS do parts[#parts + 1] = { IDS[i] } end
      for _, ids in ipairs(parts) do
        local logits <close> = assert(model:forward(ids, { cache = cache }))
        local values = logits:totable()
        table.move(values, 1, #values, #got + 1, got)
      end
      assert.equal(#IDS, cache:length())
      -- Products may take another path for fewer rows: a few roundings of f32.
      assert.is_true(support.rel_l2(got, rows) < 1e-5)
    end
  end)

  it("starts afresh with a cache that was cleared", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local cache <close> = assert(model:cache(8))
    local a = assert(model:forward(IDS, { cache = cache }))
    cache:clear()
    local b = assert(model:forward(IDS, { cache = cache }))
    assert.equal(a:tobytes(), b:tobytes())
  end)

  it("gives the last position alone when only that is wanted", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local batch = core.tensor_of("i64", { 2, 3 }, { 1, 5, 19, 4, 4, 9 })
    local all = assert(model:forward(batch))
    local last = assert(model:forward(batch, { last = true }))
    assert.same({ 2, 1, 20 }, { last:shape() })
    local rows = all:reshape { 6, 20 }
    local want = rows:rows(3):totable()
    table.move(rows:rows(6):totable(), 1, 20, 21, want)
    assert.is_true(support.rel_l2(last, want) < 1e-5)
  end)

  it("predicts each text of a batch as if it were alone", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local both = assert(model:forward(core.tensor_of("i32", { 2, 3 }, { 1, 5, 19, 4, 4, 9 }))):totable()
    local each = assert(model:forward { 1, 5, 19 }):totable()
    table.move(assert(model:forward { 4, 4, 9 }):totable(), 1, 60, 61, each)
    assert.is_true(support.rel_l2(both, each) < 1e-5)
  end)

  it("does not look ahead", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local short = assert(model:forward { 1, 5 }):totable()
    local long = table.move(assert(model:forward { 1, 5, 11, 12 }):totable(), 1, 40, 1, {})
    assert.is_true(support.rel_l2(short, long) < 1e-5)
  end)

  it("may have a head of its own, and biases", function()
    local it = tiny.llama()
    local table_of_ids = support.random({ 20, 8 }, 3)
    local twice = table_of_ids:mul(2)
    it.tensors["model.embed_tokens.weight"] = table_of_ids
    local tied <close> = assert(tiny.open(it))
    it.config.tie_word_embeddings, it.config.attention_bias, it.config.mlp_bias = false, true, true
    it.tensors["lm_head.weight"] = twice
    local plain <close> = tied:forward(IDS)
    for block = 0, 1 do
      for layer, outputs in pairs { ["self_attn.q_proj"] = 8, ["self_attn.k_proj"] = 4, ["self_attn.v_proj"] = 4,
        ["self_attn.o_proj"] = 8, ["mlp.gate_proj"] = 12, ["mlp.up_proj"] = 12, ["mlp.down_proj"] = 8 } do
        it.tensors[("model.layers.%d.%s.bias"):format(block, layer)] = core.tensor("f32", { outputs })
      end
    end
    -- The other weights are random by their place in the file: give both models the same ones.
    local loose <close> = assert(tiny.open(it))
    for _, layer in ipairs(tied:layers()) do loose:layer(layer.name).weight = layer.weight end
    for i, block in ipairs(tied.blocks) do
      loose.blocks[i].input_norm, loose.blocks[i].post_norm = block.input_norm, block.post_norm
    end
    loose.norm = tied.norm
    assert.equal(#tied:layers() + 1, #loose:layers())
    assert.equal(#tied:default_layers(), #loose:default_layers())
    assert.equal(plain:mul(2):tobytes(), loose:forward(IDS):tobytes())
  end)

  it("may have heads of a size of their own", function()
    local it = tiny.llama()
    it.config.head_dim = 4
    for block = 0, 1 do
      local name = ("model.layers.%d.self_attn."):format(block)
      it.tensors[name .. "q_proj.weight"], it.tensors[name .. "o_proj.weight"] = { 16, 8 }, { 8, 16 }
      it.tensors[name .. "k_proj.weight"], it.tensors[name .. "v_proj.weight"] = { 8, 8 }, { 8, 8 }
    end
    local model <close> = assert(tiny.open(it))
    assert.same({ 1, 7, 20 }, { assert(model:forward(IDS)):shape() })
  end)

  it("raises for inputs that do not fit", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local function raises(text, ...)
      local given = table.pack(...)
      assert.error_matches(function() model:forward(table.unpack(given, 1, given.n)) end, text, 1, true)
    end
    raises("E-MD-12: no ids", {})
    raises("E-MD-12: 17 ids after 0, the model's context is 16", core.tensor("i64", { 17 }))
    raises("E-MD-12: ids are tensor i64 1x1x1", core.tensor("i64", { 1, 1, 1 }))
    raises("20", { 1, 20 })
    local cache <close> = model:cache(2)
    raises("E-MD-11: the cache has room for 2 positions: 0 are taken and 3 more do not fit", { 1, 2, 3 },
      { cache = cache })
    raises("E-MD-11: a cache holds one sequence, not 2", core.tensor("i64", { 2, 1 }), { cache = cache })
  end)

  it("returns nil, message and id when memory runs out, and leaks nothing", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local failures = support.sweep(function()
      local y, _, id = model:forward(IDS)
      if not y then assert(id == "E-MM-01") end
      return y
    end)
    assert.is_true(failures > 50)
    support.sweep(function()
      local cache = model:cache(4)
      if cache then cache:close() end
      return cache
    end)
  end)
end)
