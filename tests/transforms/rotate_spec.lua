-- vise.transform(model, "rotate"): the model answers as before, in another basis.

local core = require "vise.core"
local support = require "support"
local tiny = require "models.tiny"
local vise = require "vise"

local MODEL = "recipes/quickstart/models/stories260K"
local IDS = { Llama = { 1, 403, 407, 261, 378, 432, 7, 9, 100 }, ["GPT-2"] = { 13, 4, 5, 6, 7, 8, 20, 3, 2 } }

local function stories() return assert(vise.open(MODEL)) end
local function gpt2() return assert(vise.open "tests/data/chemts-gpt2-0.5m") end

-- How far apart the logits are; both sum in f32.
local function moved(model, ids, transform)
  local before <close> = assert(model:forward(ids))
  transform(model)
  local after <close> = assert(model:forward(ids))
  return support.rel_l2(after, before)
end

-- A Llama of one head and two blocks.
local function llama(width, dtype)
  local t = tiny.llama()
  t.config.hidden_size, t.config.num_attention_heads, t.config.num_key_value_heads = width, 1, 1
  for name, shape in pairs(t.tensors) do
    local sizes = {}
    for i, size in ipairs(shape) do sizes[i] = (size == 8 or size == 4) and width or size end
    t.tensors[name] = support.random(sizes, #name):to(dtype or "f32")
  end
  return t
end

local function rows_of(t)
  local rows, columns = t:shape()
  local flat, list = t:totable(), {}
  for r = 1, rows do list[r] = table.move(flat, (r - 1) * columns + 1, r * columns, 1, {}) end
  return list
end

-- The entry at (i, j), from 1, of the normalised Walsh-Hadamard matrix of order 8.
local function walsh(i, j)
  local both, sign = (i - 1) & (j - 1), 1
  while both > 0 do both, sign = both >> 1, both & 1 == 1 and -sign or sign end
  return sign / math.sqrt(8)
end

describe("the transform rotate", function()
  for name, open in pairs { Llama = stories, ["GPT-2"] = gpt2 } do
    it("leaves the logits of a real " .. name .. " as they were", function()
      for _, options in ipairs {
        { r2 = false }, { r1 = false }, { r1 = false, r2 = false, r3 = true }, { r3 = true, seed = 7 },
        { r1 = "hadamard", r2 = "random-hadamard" }, { r1 = "random-matrix", r2 = "random-matrix" }, { block = 16 },
      } do
        local model <close> = open()
        local distance = moved(model, IDS[name], function(m) assert(vise.transform(m, "rotate", options)) end)
        assert.is_true(distance > 0 and distance <= 1e-5, tostring(distance))
      end
    end)
  end

  it("does so for widths of every Hadamard matrix, and in blocks for others", function()
    for _, width in ipairs { 4, 12, 20, 24, 28, 36, 40, 44, 52, 60, 108, 140, 156, 172 } do
      local model <close> = assert(tiny.open(llama(width)))
      local distance = moved(model, { 1, 5, 7, 2 }, function(m) assert(vise.transform(m, "rotate", { r3 = true })) end)
      assert.is_true(distance <= 1e-5, ("%d: %g"):format(width, distance))
      assert.are_not.equal(0, distance)
    end
  end)

  it("multiplies who writes and who reads the stream by one matrix", function()
    local model <close> = assert(tiny.open(llama(8)))
    local names = { "model.embed_tokens.weight", "model.layers.1.self_attn.q_proj.weight",
      "model.layers.1.input_layernorm.weight", "model.layers.0.mlp.down_proj.weight", "model.norm.weight" }
    local was, is = {}, {}
    for _, name in ipairs(names) do was[name] = model[name]:totable() end
    assert(vise.transform(model, "rotate", { r1 = "hadamard", r2 = false }))
    for _, name in ipairs(names) do is[name] = model[name]:totable() end
    is.head = model["lm_head.weight"]:totable()
    local function product(w, at, scale) -- row `at` of w diag(scale) H
      local y = {}
      for j = 1, 8 do
        y[j] = 0
        for i = 1, 8 do y[j] = y[j] + w[(at - 1) * 8 + i] * (scale and scale[i] or 1) * walsh(i, j) end
      end
      return y
    end
    -- Written in f32: one rounding of numbers below 4.
    local function near(want, got, at)
      for j = 1, 8 do assert.near(want[j], got[(at - 1) * 8 + j], 2.5e-7) end
    end
    near(product(was[names[1]], 20), is[names[1]], 20)
    near(product(was[names[2]], 3, was[names[3]]), is[names[2]], 3)
    near(product(was[names[1]], 20, was[names[5]]), is.head, 20)
    for _, name in ipairs { names[3], names[5] } do assert.same({ 1, 1, 1, 1, 1, 1, 1, 1 }, is[name]) end
    for column = 1, 12 do -- H' W
      for i = 1, 8 do
        local sum = 0
        for j = 1, 8 do sum = sum + was[names[4]][(j - 1) * 12 + column] * walsh(j, i) end
        assert.near(sum, is[names[4]][(i - 1) * 12 + column], 2.5e-7)
      end
    end
    assert.is_false(model.settings.tie_word_embeddings)
  end)

  it("is undone by the same matrices, transposed", function()
    local w = core.random(3):normal({ 9, 172 }):to "f64"
    local rotation = require("vise.transforms.rotation")
    for _, kind in ipairs(rotation.KINDS) do
      local x, q = w:copy(), rotation.new(kind, 172, 172, core.random(1))
      core.rotate(x, { block = 172 }, q.diagonal, q.matrix)
      assert.is_true(support.rel_l2(x, w) > 0.5)
      core.rotate(x, { block = 172, transpose = true }, q.diagonal, q.matrix)
      assert.is_true(support.rel_l2(x, w) <= 1e-13)
    end
  end)

  it("spreads channels that are much larger than the others", function()
    local t = llama(32)
    local embedding = t.tensors["model.embed_tokens.weight"]
    for row = 0, 19 do embedding:set(row * 32 + 5, 40) end
    local model <close> = assert(tiny.open(t))
    local function kurtosis(w) -- of a flat list: 3 for normal numbers
      local second, fourth = 0, 0
      for _, x in ipairs(w) do second, fourth = second + x ^ 2, fourth + x ^ 4 end
      return fourth * #w / second ^ 2
    end
    local before = kurtosis(model["model.embed_tokens.weight"]:totable())
    assert(vise.transform(model, "rotate", { seed = 2 }))
    local after = kurtosis(model["model.embed_tokens.weight"]:totable())
    assert.is_true(before > 25, tostring(before)) -- one channel of 32
    assert.is_true(after < 4, tostring(after))
    assert.is_true(model["model.embed_tokens.weight"]:statistics().max < 40 / math.sqrt(32) + 2)
  end)

  it("draws the same from a seed, and other signs from another", function()
    local seen = {}
    for i, seed in ipairs { 4, 4, 5 } do
      local model <close> = assert(tiny.open(llama(8)))
      assert(vise.transform(model, "rotate", { seed = seed }))
      seen[i] = model["model.embed_tokens.weight"]:tobytes()
    end
    assert.equal(seen[1], seen[2])
    assert.are_not.equal(seen[1], seen[3])
  end)

  it("stores what it changed in the model's type, or in f32", function()
    for dtype, most in pairs { model = 0.02, f32 = 1e-5 } do
      local model <close> = assert(tiny.open(llama(16, "f16")))
      local function transform(m) assert(vise.transform(m, "rotate", { dtype = dtype })) end
      assert.is_true(moved(model, { 1, 5, 7, 2 }, transform) <= most)
      assert.equal(dtype == "f32" and "f32" or "f16", model["lm_head.weight"]:dtype())
    end
    local t = llama(16, "f16")
    for i = 1, 320 do t.tensors["model.embed_tokens.weight"]:set(i, 60000) end
    local model <close> = assert(tiny.open(t))
    local _, message, id = vise.transform(model, "rotate", { r1 = "hadamard" })
    assert.equal("E-TR-07", id)
    assert.matches("lm_head.weight: element 9 does not fit f16", message, 1, true)
  end)

  it("turns the keys that a cache holds, and the model writes the same text", function()
    local model <close> = stories()
    local want = assert(vise.generate.generate(model, { prompt = { 1 }, max_new = 20 }))
    local keys = {}
    for i = 1, 2 do
      local cache <close> = assert(model:cache(4))
      assert(model:forward({ 1, 403 }, { cache = cache }))
      keys[i] = rows_of(cache.layers[1]:keys():reshape { 2, 32 })
      if i == 1 then assert(vise.transform(model, "rotate", { r1 = false, r2 = false, r3 = true })) end
    end
    for j = 1, 8 do -- the first head
      local sum = 0
      for i = 1, 8 do sum = sum + keys[1][2][i] * walsh(i, j) end
      assert.near(sum, keys[2][2][j], 1e-5)
    end
    assert.same(want, (assert(vise.generate.generate(model, { prompt = { 1 }, max_new = 20 }))))
  end)

  it("can be compiled, in the same bits; what was compiled before is refused", function()
    local model <close> = stories()
    local ids = core.tensor_of("i64", { 1, 4 }, { 1, 403, 407, 261 })
    local old <close> = assert(vise.compile(model, ids))
    assert(vise.transform(model, "rotate", { r3 = true }))
    local fast <close> = assert(vise.compile(model, ids))
    assert.equal(assert(model:forward(ids)):tobytes(), assert(fast:forward(ids)):tobytes())
    assert.error_matches(function() old:forward(ids) end, "E%-CP%-04")
  end)

  it("can be done twice", function()
    local model <close> = stories()
    local function twice(m)
      assert(vise.transform(m, "rotate", { seed = 1 }))
      assert(vise.transform(m, "rotate", { seed = 2, r3 = true }))
    end
    assert.is_true(moved(model, IDS.Llama, twice) <= 1e-5)
    assert.equal(2, #model.transforms)
    vise.restore(model)
    local float <close> = stories()
    assert.equal(assert(float:forward(IDS.Llama)):tobytes(), assert(model:forward(IDS.Llama)):tobytes())
  end)

  it("changes nothing when it fails", function()
    local t = llama(8)
    t.tensors["model.layers.1.mlp.down_proj.weight"]:set(3, 0 / 0)
    local model <close> = assert(tiny.open(t))
    local weight = model:layer("model.layers.0.mlp.up_proj").weight:tobytes()
    local result, message, id = vise.transform(model, "rotate")
    assert.same({ nil, "E-NU-01" }, { result, id })
    assert.matches("model.layers.1.mlp.down_proj.weight: element 3 is not finite", message, 1, true)
    assert.is_nil(model.transforms)
    assert.equal(weight, model:layer("model.layers.0.mlp.up_proj").weight:tobytes())
  end)

  it("gives everything back when memory runs out", function()
    local model <close> = assert(tiny.open(llama(4)))
    local failures = support.sweep(function()
      local done = vise.transform(model, "rotate", { r3 = true })
      core.fail_after(-1)
      return done and vise.restore(model)
    end)
    assert.is_true(failures > 30)
  end)

  it("refuses what it cannot do, by name", function()
    local model <close> = assert(tiny.open(llama(8)))
    local function refuses(text, name, options, other)
      assert.error_matches(function() vise.transform(other or model, name, options) end, text, 1, true)
    end
    refuses('E-TR-01: no transform "rotat"; did you mean \'rotate\'?; there are', "rotat")
    refuses("E-TR-04: rotate has no option 'sed'; did you mean 'seed'?", "rotate", { sed = 1 })
    refuses("E-TR-04: rotate: seed is x, expected an integer", "rotate", { seed = "x" })
    refuses("E-TR-04: rotate: seed is 0.5, expected an integer", "rotate", { seed = 0.5 })
    refuses('E-TR-04: rotate: r1 is "hadamart", expected none, hadamard', "rotate", { r1 = "hadamart" })
    refuses('E-TR-04: rotate: r3 is "random-matrix"', "rotate", { r3 = "random-matrix" })
    refuses('E-TR-04: rotate: dtype is "f64"', "rotate", { dtype = "f64" })
    refuses("E-TR-04: rotate: options are a table", "rotate", 3)
    refuses("E-TR-05: rotate: a block of 3 does not divide the stream of 8", "rotate", { block = 3 })
    refuses("E-TR-05: rotate: there is no Hadamard matrix of 6 numbers; the largest block is 2", "rotate",
      { block = 6 }, assert(tiny.open(llama(12))))
    refuses("E-TR-02: transform rotate: family dit does not say", "rotate", nil, assert(tiny.open(tiny.dit())))
    assert.error_matches(function() vise.transform(nil, "rotate") end, "E%-MD%-15: transform takes a model, got nil")
    local undo = model:layer("model.layers.0.mlp.up_proj"):hook(function() end)
    refuses("E-TR-03: transform rotate: layer model.layers.0.mlp.up_proj has a hook", "rotate")
    undo()
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    refuses("E-TR-03: transform rotate: layer model.layers.0.self_attn.q_proj is quantized", "rotate")
  end)
end)
