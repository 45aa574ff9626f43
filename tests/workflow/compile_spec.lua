local compile = require "workflow.support_compile"
local core = require "vise.core"
local dit = require "workflow.support_dit"
local support = require "support"
local tiny = require "models.tiny"
local vise = require "vise"

local agrees, allocated, bytes = compile.agrees, compile.allocated, compile.bytes
local cached, module_of = compile.cached, compile.module_of

describe("vise.compile", function()
  local threads = core.threads()
  after_each(function() core.threads(threads) end)

  local types = { false, "int8_per_row", "int8_per_tensor", "int4_weight_only", "float8_per_row", "nvfp4_weight_only",
    "svdq_int4_r0_dq", "svdq_int4_r4_dq", "svdq_nvfp4_r4_dq" }

  for _, type in ipairs(types) do
    it(("answers as the model does, bit for bit: %s"):format(type or "float"), function()
      local model <close> = dit.open()
      if type then assert(vise.quantize(model, { quant_type = type, regions = { "transformer_blocks.0.*" } })) end
      for n = 1, 2 do
        core.threads(n)
        agrees(model, { dit.batch(2, 1) }, { dit.batch(2, 7) })
      end
    end)
  end

  it("follows a language model, all logits or the last", function()
    local model <close> = assert(vise.open "recipes/quickstart/models/stories260K")
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    for _, options in ipairs { {}, { last = true } } do
      local fast <close> = assert(vise.compile(model, { 1, 5, 9, 13 }, options))
      for _, ids in ipairs { { 1, 5, 9, 13 }, { 500, 2, 2, 7 } } do
        assert.equal(bytes(model:forward(ids, options)), bytes(fast:forward(ids)))
      end
    end
  end)

  it("continues a cache, wherever it ends", function()
    local model <close> = assert(vise.open "recipes/quickstart/models/stories260K")
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    local mine <close> = assert(model:cache(24))
    local its <close> = assert(model:cache(24))
    for _, cache in ipairs { mine, its } do assert(model:forward({ 1, 5, 9 }, { cache = cache })) end
    local one <close> = assert(vise.compile(model, { 0 }, { cache = its, last = true }))
    local four <close> = assert(vise.compile(model, { 0, 0, 0, 0 }, { cache = its }))
    assert.equal(3, its:length())
    for i = 1, 4 do
      local ids, more = { 17 * i }, { i, 2 * i, 3 * i, 400 }
      local want = bytes(model:forward(ids, { cache = mine, last = true }))
      assert.equal(0, allocated(function() assert.equal(want, bytes(one:forward(ids))) end))
      assert.equal(bytes(model:forward(more, { cache = mine })), bytes(four:forward(more)))
    end
    assert.same({ 23, 23 }, { mine:length(), its:length() })
    assert.error_matches(function() four:forward { 1, 2, 3, 4 } end, "E%-MD%-11: .* 23 are taken and 4 more do not fit")
    assert.error_matches(function() one:forward { 512 } end, "E%-TN%-11")
    assert.equal(23, its:length())
  end)

  it("leaves in a cache what it wrote there", function()
    local cache <close> = vise.nn.cache.new(1, 4, 4)
    local layer, x = cache.layers[1], support.random { 1, 2, 4 }
    local fast <close> = assert(vise.compile(cached(function(k)
      layer:append(k, k)
      return core.silu(layer:all_keys()):add(1)
    end), x, { cache = cache }))
    local want = x:tobytes()
    assert(fast:forward(x))
    assert.equal(want, layer:keys():tobytes())
    assert(fast:forward(x))
    assert.equal(want .. want, layer:values():tobytes())
  end)

  it("keeps to the model's context", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local cache <close> = assert(model:cache(20))
    local one <close> = assert(vise.compile(model, { 0 }, { cache = cache }))
    for _ = 1, 16 do assert(one:forward { 3 }) end
    assert.error_matches(function() one:forward { 3 } end, "E%-MD%-12: 1 ids after 16, the model's context is 16")
  end)

  it("keeps positions that are no cache's", function()
    agrees(module_of(function(x) return core.rope(x, { heads = 1, position = 5 }) end),
      { support.random { 1, 3, 4 } }, { support.random({ 1, 3, 4 }, 2) })
  end)

  it("allocates nothing when it runs", function()
    local model <close> = dit.open()
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    local sample, times, labels = dit.batch(2)
    local fast <close> = assert(vise.compile(model, sample, times, labels))
    assert.equal(0, allocated(function() assert(fast:forward(sample, times, labels)):close() end))
    assert.equal(0, allocated(function() assert(fast:forward(sample, 3.5, 7)):close() end))
    assert.is_true(allocated(function() assert(model:forward(sample, times, labels)):close() end) > 50)
  end)

  it("takes numbers, lists and tensors where the model does", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local sample = support.random({ 2, 2, 4, 4 })
    local fast <close> = assert(vise.compile(model, sample, 3, 1))
    assert.equal(bytes(model:forward(sample, 7.25, 2)), bytes(fast:forward(sample, 7.25, 2)))
    local labels = core.tensor_of("i64", { 2 }, { 0, 3 })
    assert.equal(bytes(model:forward(sample, 1, labels)), bytes(fast:forward(sample, 1, labels)))
    assert.equal(bytes(model:forward(sample, 1, labels)), bytes(fast:forward(sample, 1, { 0, 3 })))
    local strided = support.random({ 3, 6 }):columns(1, 4)
    local sum <close> = assert(vise.compile(module_of(function(x) return x:add(1) end), strided))
    assert.same({ 3, 4 }, { sum:forward(strided):shape() })
  end)

  it("takes its own last answer as an input", function()
    local step = module_of(function(x, y) return x:mul(2):add(y) end)
    local x, y = support.random { 5, 40 }, support.random({ 5, 40 }, 2)
    local fast <close> = assert(vise.compile(step, x, y))
    local want <close> = step:forward(y, step:forward(x, y))
    local once = fast:forward(x, y)
    assert.equal(want:tobytes(), bytes(fast:forward(y, once)))
  end)

  it("names an input that does not fit", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    local sample = support.random { 2, 2, 4, 4 }
    local fast <close> = assert(vise.compile(model, sample, 3, 1))
    local function refuses(words, ...)
      local given = table.pack(...)
      assert.error_matches(function() fast:forward(table.unpack(given, 1, given.n)) end, "E%-CP%-05: .*" .. words)
    end
    refuses("'sample' is f32 1x2x4x4, the model was compiled for f32 2x2x4x4", support.random { 1, 2, 4, 4 }, 3, 1)
    refuses("'sample' is missing", nil, 3, 1)
    refuses("'sample' is 4", 4, 3, 1)
    refuses("'class_labels' is 1.5, the model was compiled for i64 2", sample, 3, 1.5)
    refuses("'class_labels' is a list of 3", sample, 3, { 1, 2, 3 })
    refuses("'timestep' is i64 2, the model was compiled for f32 2", sample, core.tensor("i64", { 2 }), 1)
    refuses("4 arguments, the model was compiled for 3", sample, 3, 1, {})
    assert(fast:forward(sample, 3, 1))
  end)

  it("has views and tensors written in place follow each other", function()
    local part = module_of(function(x)
      local h <close> = x:mul(2)
      local flat <close> = h:reshape { -1 }
      local first <close> = h:columns(1, 3)
      local before <close> = first:copy()
      flat:add(1, flat)
      local y <close> = first:copy()
      return y:mul(before)
    end)
    agrees(part, { support.random { 4, 6 } }, { support.random({ 4, 6 }, 3) })
  end)

  it("does once what is done twice, and beforehand what depends on no input", function()
    local weight = support.random { 6, 6 }
    local part = module_of(function(x)
      local doubled <close> = weight:mul(2)
      local ones <close> = core.tensor_of("f32", { 6 }, { 1, 1, 1, 1, 1, 1 })
      local bias <close> = ones:mul(3)
      local a <close> = core.linear(x, doubled, bias)
      local b <close> = core.linear(x, doubled, bias)
      core.linear(x, weight):close()
      return a:sub(b)
    end)
    local fast <close> = assert(vise.compile(part, support.random { 3, 6 }))
    local facts = fast:describe()
    assert.same({ 5, 2, 2, 1 }, { facts.traced, facts.replayed, facts.constant, facts.shared })
    assert.equal(2 * 36 * 4 // 2 + 24, facts.constant_bytes)
    assert.matches("5 traced, 2 replayed: 2 constant, 1 shared, 0 fused", tostring(fast), 1, true)
    agrees(part, { support.random { 3, 6 } }, { support.random({ 3, 6 }, 4) })
  end)

  it("lets values follow one another in one place", function()
    local part = module_of(function(x)
      local y = x
      for _ = 1, 9 do y = core.softmax(core.silu(y):add(x)) end
      return y
    end)
    local fast <close> = assert(vise.compile(part, support.random { 8, 32 }))
    local facts = fast:describe()
    assert.equal(28 * 1024, facts.value_bytes)
    assert.equal(3 * 1024, facts.arena_bytes) -- x, what becomes of it, the output
    agrees(part, { support.random { 8, 32 } }, { support.random({ 8, 32 }, 4) })
  end)

  it("gives an answer that stays until the next forward, and may be closed", function()
    local fast = assert(vise.compile(module_of(function(x) return x:add(1) end), core.tensor("f32", { 2 })))
    local one = fast:forward(core.tensor_of("f32", { 2 }, { 1, 2 }))
    assert.same({ 2, 3 }, one:totable())
    one:close()
    local two = fast:forward(core.tensor_of("f32", { 2 }, { 3, 4 }))
    assert.same({ 4, 5 }, two:totable())
    fast:close()
    assert.same({ 4, 5 }, two:totable())
  end)

  it("can be closed twice, and not used after that", function()
    local fast = assert(vise.compile(module_of(function(x) return x:add(1) end), core.tensor("f32", { 2 })))
    fast:close()
    fast:close()
    assert.equal("compiled model (closed)", tostring(fast))
    assert.error_matches(function() fast:forward(core.tensor("f32", { 2 })) end, "E%-CP%-06")
    assert.error_matches(function() fast:describe() end, "E%-CP%-06")
  end)

  it("gives all its memory back", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    collectgarbage()
    local before = core.memory().bytes
    assert(vise.compile(model, { 1, 2, 3 })):close()
    collectgarbage()
    assert.equal(before, core.memory().bytes)
  end)

  it("frees at once what the forward made, too", function()
    local part = module_of(function(x)
      local ones <close> = core.tensor_of("f32", { 2 }, { 1, 1 })
      return x:add(ones)
    end)
    local x = core.tensor("f32", { 2 })
    collectgarbage()
    collectgarbage "stop"
    local before = core.memory().bytes
    local fast = assert(vise.compile(part, x))
    local constants = fast:describe().constant_bytes
    fast:close()
    local after = core.memory().bytes
    collectgarbage "restart"
    assert.same({ 8, before }, { constants, after })
  end)

  it("leaves a module alone that is at two places of the tree", function()
    local twice = { name = "twice", children = {}, forward = function(_, x) return x:add(1) end }
    local forward = twice.forward
    local part = module_of(function(x) return twice:forward(twice:forward(x)) end)
    part.children = { twice, twice }
    agrees(part, { support.random { 3 } }, { support.random({ 3 }, 2) })
    assert.equal(forward, twice.forward)
  end)

  it("goes with unusual outputs", function()
    local x, other, weight = support.random { 4, 6 }, support.random({ 4, 6 }, 2), support.random { 5, 3 }
    local same <close> = assert(vise.compile(module_of(function(y) return y end), x))
    assert.equal(other:tobytes(), same:forward(other):tobytes())
    for _, forward in ipairs {
      function(y) return y:rows(2, 3) end,
      function(y) return y:reshape { 24 } end,
      function(y) return y:add(1):rows(2, 3) end,
      function(y) return y:columns(2, 4):copy() end,
      function() return weight:reshape { 15 } end,
      function() return weight:add(1) end,
      function() return core.tensor_of("f32", { 2 }, { 1, 2 }) end,
    } do
      agrees(module_of(forward), { x }, { other })
    end
    agrees(module_of(function() return weight:add(1) end), {}, {})
    agrees(module_of(function(_, z) return z:add(1) end), { x, other }, { other, x })
    local empty = core.tensor("f32", { 0, 4 })
    agrees(module_of(function(y) return y:add(1) end), { empty }, { empty })
  end)

  it("leaks nothing, whichever allocation fails", function()
    local weight, bias = support.random({ 6, 6 }):to "f16", support.random({ 6 }):to "f16"
    local part = vise.nn.MLP.new("mlp", vise.nn.Linear.new("up", 6, 6, weight, bias),
      vise.nn.Linear.new("down", 6, 6, weight, bias), "tanh")
    local x = support.random { 3, 6 }
    local failures = support.sweep(function()
      local fast <close> = vise.compile(part, x)
      return fast and true
    end)
    assert.is_true(failures > 10)
  end)
end)

describe("fusion", function()
  local tokens = core.scheme { bits = 8, granularity = "token", convention = "amax_half_step" }

  -- A quantized layer of random weights: x [..., inputs] -> [..., outputs].
  local function layer(outputs, inputs, seed)
    local scheme = core.scheme { bits = 8, granularity = "row", convention = "amax_half_step" }
    local coded = assert(core.encode(scheme, support.random({ outputs, inputs }, seed)))
    local packed, bias = assert(core.pack(coded)), support.random({ outputs }, seed + 1):to "f16"
    return function(x)
      local rows <close> = assert(core.rows(x, packed, { scheme = core.scheme(tokens:fields()) }))
      return assert(core.product(rows, packed, { bias = bias }))
    end
  end

  local first, second, third = layer(32, 16, 1), layer(16, 32, 3), layer(32, 16, 5)
  local weight, shift = support.random({ 16 }, 7):to "f16", support.random({ 2, 16 }, 8)
  local x, other = support.random({ 2, 5, 16 }, 9), support.random({ 2, 5, 16 }, 10)

  -- What is traced, replayed, shared and fused; and that the bits stay.
  local function counts(f, wanted)
    local part = module_of(f)
    agrees(part, { x }, { other })
    local fast <close> = assert(vise.compile(part, x))
    local facts = fast:describe()
    assert.same(wanted, { facts.traced, facts.replayed, facts.shared, facts.fused })
  end

  it("takes norms and activations into the codes that they become", function()
    counts(function(t) return first(core.rms_norm(t, weight, 1e-5)) end, { 3, 2, 0, 1 })
    counts(function(t) return first(core.layer_norm(t, 1e-6, weight, weight)) end, { 3, 2, 0, 1 })
    counts(function(t) return first(core.modulate(t, shift, shift)) end, { 3, 2, 0, 1 })
    counts(function(t) return first(core.modulate(core.layer_norm(t, 1e-6), shift, shift)) end, { 4, 2, 0, 2 })
    counts(function(t) return first(core.gelu(t, "erf")) end, { 3, 2, 0, 1 })
    counts(function(t) return first(core.gelu(t, "tanh")) end, { 3, 2, 0, 1 })
    counts(function(t) return first(core.silu_mul(t, t)) end, { 3, 2, 0, 1 })
  end)

  it("takes in one of them, and a modulation behind it", function()
    counts(function(t) return first(core.gelu(core.rms_norm(t, weight, 1e-5), "tanh")) end, { 4, 3, 0, 1 })
    counts(function(t) return first(core.layer_norm(core.modulate(t, shift, shift), 1e-6)) end, { 4, 3, 0, 1 })
  end)

  it("leaves alone what others read as well", function()
    counts(function(t)
      local h = core.layer_norm(t, 1e-6)
      return second(first(h)):add(h)
    end, { 6, 6, 0, 0 })
  end)

  it("keeps the order of what is written in place", function()
    local function follows(f) agrees(module_of(f), { x }, { other }) end
    follows(function(t)
      local h = core.layer_norm(t, 1e-6)
      local y = first(h)
      h:clamp(-1, 0, h)
      return y:add(third(h))
    end)
    follows(function(t)
      local h = t:add(1)
      local n = core.layer_norm(h, 1e-6)
      h:clamp(0, 1, h)
      return second(first(n)):add(h)
    end)
    follows(function(t)
      local h = core.rms_norm(t, weight, 1e-5)
      core.gelu(h, "erf", h)
      return second(first(h)):add(second(first(h)))
    end)
  end)

  it("has layers that share an input share its codes, as long as they are needed", function()
    counts(function(t)
      local h = core.layer_norm(t, 1e-6)
      local a = first(h)
      local b = first(second(core.gelu(a, "tanh")))
      return third(h):add(b)
    end, { 11, 8, 1, 2 })
  end)
end)
