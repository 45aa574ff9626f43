-- Layers that are given the same input: one smoothing, one `down`.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local low_rank = require "vise.algorithms.low_rank"
local quant_types = require "vise.quant_types"
local svdquant = require "vise.algorithms.svdquant"
local vise = require "vise"

local BLOCKS = 6
local FIRST = "transformer_blocks.0.attn1."
local FEW = { FIRST .. "*" }

local function config(shared, more)
  local cfg = { quant_type = "svdq_int4_r8", calibrate = dit.calibrate, svdq = { shared_inputs = shared } }
  for key, value in pairs(more or {}) do cfg[key] = value end
  return cfg
end

local function quantized(cfg)
  local model = dit.open()
  return model, assert(vise.quantize(model, cfg))
end

-- All that a model's quantized layers hold.
local function digest(model)
  local list = {}
  for _, linear in ipairs(model:layers()) do
    local q = linear.quantized
    if q then
      local values <close> = q:dequantize()
      list[#list + 1] = table.concat({ linear.name, core.xxh3(values), q.smooth and core.xxh3(q.smooth) or "",
        core.xxh3(q.down), core.xxh3(q.up) }, " ")
    end
  end
  return table.concat(list, "\n")
end

-- The layers that share, by the ends of their names.
local function sharing(report)
  local list = {}
  for _, layer in ipairs(report.layers) do
    if layer.shares then list[#list + 1] = layer.name:match "[^.]+$" end
  end
  return table.concat(list, " ")
end

describe("svdq.shared_inputs", function()
  it("groups q, k and v of each block, and nothing else", function()
    local model, report = quantized(config(true))
    local groups, shared = {}, 0
    for _, layer in ipairs(report.layers) do
      if layer.shares then
        shared = shared + 1
        local block, letter = layer.name:match "^(transformer_blocks%.%d+%.attn1)%.to_([qkv])$"
        assert.is_string(letter, layer.name)
        assert.equal(block .. ".to_q", layer.shares)
        groups[layer.shares] = (groups[layer.shares] or 0) + 1
        local first, q = model:layer(layer.shares).quantized, model:layer(layer.name).quantized
        assert.equal(first.smooth:tobytes(), q.smooth:tobytes())
        assert.equal(first.down:tobytes(), q.down:tobytes())
        assert.is_true(letter == "q" or first.up:tobytes() ~= q.up:tobytes())
      end
    end
    assert.equal(3 * BLOCKS, shared)
    for name, count in pairs(groups) do assert.equal(3, count, name) end
    assert.equal(dit.layers, report.quantized)
    assert.matches("18 layers in 6 groups", report:text(), 1, true)
    model:close()
  end)

  it("changes the layers of groups only, and nothing when it is off", function()
    local function lines(cfg)
      local model = quantized(cfg)
      local text = digest(model)
      model:close()
      return text
    end
    local unset = { quant_type = "svdq_int4_r8", calibrate = dit.calibrate, regions = { "transformer_blocks.0.*" } }
    local on = lines(config(true, { regions = unset.regions }))
    local off = lines(config(false, { regions = unset.regions }))
    assert.equal(off, lines(unset))
    for line in off:gmatch "[^\n]+" do
      local same = on:find(line, 1, true) ~= nil
      assert.equal(not line:find "%.to_[qkv] ", same, line)
    end
  end)

  it("leaves a layer of another type out of its siblings' group", function()
    local model, report = quantized(config(true, { regions = FEW, plan = { { "*.to_k", "svdq_int4_r4" } } }))
    assert.equal("to_q to_v", sharing(report))
    model:close()
  end)

  it("needs a branch, and inputs that were seen", function()
    for name, reason in pairs { svdq_int4_r0 = "no low-rank branch",
      svdq_int4_r8_dq = "no calibration shows which layers share an input" } do
      local calibrate = quant_types.parse(name).calibrated and dit.calibrate or nil
      local model, report = quantized { quant_type = name, calibrate = calibrate, regions = FEW,
        svdq = { shared_inputs = true } }
      assert.equal("", sharing(report))
      assert.matches("0 layers in 0 groups; " .. reason, report:text():gsub("%s+", " "), 1, true)
      model:close()
    end
  end)

  it("goes by what few-shot forwards saw", function()
    local model = dit.open()
    local armed = assert(vise.quantize(model, { quant_type = "svdq_int4_r4_dq", regions = FEW,
      svdq = { smooth_strategy = "few_shot", shared_inputs = true } }))
    dit.calibrate(model)
    assert.equal("to_q to_k to_v", sharing(armed.report))
    local q, v = model:layer(FIRST .. "to_q").quantized, model:layer(FIRST .. "to_v").quantized
    assert.equal(q.down:tobytes(), v.down:tobytes())
    model:close()
  end)

  it("comes back from its artefact bit for bit", function()
    local folder, remove = dit.folder()
    local model = quantized(config(true, { regions = FEW, save_to = folder }))
    local loaded = dit.open()
    assert(vise.load(loaded, folder))
    assert.equal(digest(model), digest(loaded))
    assert.equal(dit.answer(model), dit.answer(loaded))
    model:close()
    loaded:close()
    remove()
  end)

  it("has the same bits for any number of threads", function()
    local before, seen = core.threads(), {}
    for n = 1, 2 do
      core.threads(n)
      local model = quantized(config(true, { regions = FEW }))
      seen[n] = digest(model)
      model:close()
    end
    core.threads(before)
    assert.equal(seen[1], seen[2])
  end)

  for _, precision in ipairs { "low", "medium", "high" } do
    it("stays within the planned memory with " .. precision .. " precision", function()
      local options = { shared_inputs = true, calibrate_precision = precision }
      local regions = { FIRST .. "to_q", FIRST .. "to_k", FIRST .. "to_v" }
      local model = dit.open()
      collectgarbage()
      collectgarbage()
      local report = assert(vise.quantize(model, config(true, { regions = regions, svdq = options })))
      local bound = report.plan.memory_bytes + report.plan.workspace_bytes
      assert.equal("to_q to_k to_v", sharing(report))
      assert.is_true(report.peak_bytes <= bound, ("%d > %d"):format(report.peak_bytes, bound))
      model:close()
    end)
  end

  it("leaks nothing and changes nothing, whichever allocation fails", function()
    local model = dit.open()
    local cfg = config(true, { quant_type = "svdq_int4_r2", regions = FEW,
      svdq = { shared_inputs = true, smooth_strategy = "activation", refine_iters = 1 } })
    local other = dit.open() -- with all its memory it has to work, or the sweep would never end
    assert(vise.quantize(other, cfg))
    other:close()
    local n, done = 0, nil
    while not done do
      collectgarbage()
      local live = core.memory().blocks
      core.fail_after(n)
      local ok, result = pcall(vise.quantize, model, cfg)
      core.fail_after(-1)
      done = ok and result
      if not done then
        for _, linear in ipairs(model:layers()) do assert.is_nil(linear.quantized) end
        collectgarbage()
        collectgarbage()
        assert.equal(live, core.memory().blocks)
      end
      n = n + 29
    end
    assert.is_true(n > 300)
    model:close()
  end)
end)

describe("a watch", function()
  local NAMES = { FIRST .. "to_q", FIRST .. "to_k", FIRST .. "to_v" }

  -- Feeds the three layers: each call is a list of inputs, by layer, nil for none.
  local function watched(calls)
    local model, shares = dit.open(), {}
    local watch <close> = assert(vise.observe.attach(model, NAMES, "channel_span"))
    for _, call in ipairs(calls) do
      for i = 1, 3 do
        if call[i] then model:layer(NAMES[i]):forward(call[i]):close() end
      end
    end
    for i, name in ipairs(NAMES) do shares[i] = watch:shares(name):match "to_(.)$" end
    model:close()
    return table.concat(shares)
  end

  it("tells which layers are given the very same tensor on every call", function()
    local g = core.random(1)
    local x, y = g:normal { 4, 128 }, g:normal { 4, 128 }
    local twin <close> = x:copy()
    assert.equal("qqq", watched { { x, x, x } })
    assert.equal("qqq", watched { { x, x, x }, { y, y, y } })
    assert.equal("qkv", watched { { x, twin, y } })
    assert.equal("qqv", watched { { x, x, x }, { y, y, x } })
    assert.equal("qkk", watched { { y, x, x }, { x, y, y } })
    assert.equal("qqv", watched { { x, x } })
  end)
end)

describe("svdquant.make_shared", function()
  local TYPE = quant_types.parse "svdq_int4_r4"

  local function arguments(options)
    local type = {}
    for key, value in pairs(TYPE) do type[key] = value end
    type.smooth = "activation"
    local span = core.tensor("f32", { 64 })
    for i = 1, 64 do span:set(i, 1 + i % 7) end
    return { type = type, storage = "f16", span = span, options = options or {},
      scheme = core.scheme(quant_types.scheme_args(type.weight, "f16")) }
  end

  -- rel-L2 of what parts stand for.
  local function error_of(parts, weight)
    local values <close> = parts.weight:decode()
    local smooth <close> = parts.smooth:to "f32"
    values:div(smooth, values)
    local branch <close> = low_rank.product(parts.up, parts.down)
    values:add(branch, values)
    return core.compare(values, weight).rel_l2
  end

  it("is as good as branches of their own where the rows of all lie in one space", function()
    -- Of rank 4 together: the shared branch holds all, and codes are left the rounding of the factors to
    -- f16, of 2^-11 each.  Without the branch 4-bit codes lose a hundred times that.
    local g = core.random(3)
    local basis, weights = g:normal { 4, 64 }, {}
    for i = 1, 3 do weights[i] = core.matmul(g:normal { 16 * i, 4 }, basis) end
    local parts = assert(svdquant.make_shared(weights, arguments()))
    for i, weight in ipairs(weights) do
      assert.equal(16 * i, (parts[i].up:shape()))
      assert.is_true(error_of(parts[i], weight) < 2 ^ -10)
    end
  end)

  it("is as good as branches of their own within a third where nothing is in common", function()
    -- Noise has no four directions that matter.  The squared singular values of a 32 x 64 matrix are about
    -- (8 + 5.66)^2 = 186 at most, and 64 at the mean: four of its own take up to 4 * 186 / 2048 = 0.36 of the
    -- energy, and going without any costs at most 1 / sqrt(1 - 0.36) = 1.25.  The rest is left to the span
    -- of the whole stack in the smoothing, and to the chance of codes.
    local weights, args = {}, arguments()
    for i = 1, 3 do weights[i] = core.random(i):normal { 32, 64 } end
    local parts = assert(svdquant.make_shared(weights, args))
    for i, weight in ipairs(weights) do
      local own = error_of(assert(svdquant.make(weight, args)), weight)
      assert.is_true(error_of(parts[i], weight) < 4 / 3 * own, i)
    end
  end)

  it("codes each residual on its own, in the published arithmetic too", function()
    local weights = {}
    for i = 1, 2 do weights[i] = core.random(i):normal { 16, 64 } end
    for _, options in ipairs { { emulate = "bf16" }, { smooth_strategy = "activation", refine_iters = 2 } } do
      local parts = assert(svdquant.make_shared(weights, arguments(options)))
      assert.is_true(error_of(parts[1], weights[1]) < 0.15)
      assert.is_true(error_of(parts[2], weights[2]) < 0.15)
    end
  end)
end)
