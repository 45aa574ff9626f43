-- Refinement and scale search against the published table, and what must hold of every split.

local core = require "vise.core"
local emulate = require "vise.algorithms.emulate"
local low_rank = require "vise.algorithms.low_rank"
local quant_types = require "vise.quant_types"
local scale_search = require "scale_search"
local spectral = require "spectral"
local support = require "support"
local svdquant = require "vise.algorithms.svdquant"

local weight = spectral.weight { rows = 256, cols = 128 }
local stored = weight:to("bf16"):to "f32"

local function scheme_of(format, storage)
  local type = quant_types.parse("svdq_" .. format .. "_r8")
  return core.scheme(quant_types.scheme_args(type.weight, storage or "bf16"))
end

local function split(format, rank, options, smooth)
  return assert(svdquant.decompose(stored, { rank = rank, storage = "bf16", scheme = scheme_of(format),
    smooth = smooth }, options))
end

-- The published measure: factors and decoded residual against the weight before it was stored.
local function error_of(format, rank, options)
  local parts, info = split(format, rank, options)
  local values = options.emulate and emulate.codec(scheme_of(format)).decode(parts.weight) or parts.weight:decode()
  if parts.up then values:add(low_rank.product(parts.up, parts.down), values) end
  return core.compare(values, weight).rel_l2, info
end

local function bytes_of(parts)
  local list = {}
  for name, t in pairs(parts.weight:tensors()) do list[#list + 1] = name .. t:tobytes() end
  table.sort(list)
  for _, name in ipairs { "up", "down", "smooth" } do list[#list + 1] = parts[name] and parts[name]:tobytes() or "-" end
  return table.concat(list, "|")
end

local PUBLISHED = { -- rounds -> error at rank 32
  int4 = { [0] = 0.026423, 0.021266, 0.019715, [5] = 0.018608, [10] = 0.018134 },
  nvfp4 = { [0] = 0.024128, 0.019196, 0.017313, [5] = 0.015490, [10] = 0.014506 },
}

describe("the published arithmetic", function()
  it("gives the published errors of one shot", function()
    assert.near(0.026423, error_of("int4", 32, { emulate = "bf16" }), 5e-6)
    assert.near(0.107640, error_of("int4", 0, { emulate = "bf16" }), 5e-7)
    assert.near(0.096408, error_of("nvfp4", 0, { emulate = "bf16" }), 5e-7)
    assert.near(0.024128, error_of("nvfp4", 32, { emulate = "bf16", calibrate_precision = "medium" }), 5e-6)
    -- The randomized decomposition's last bits turn codes of nvfp4: other orders of the same sums
    -- move this figure by 1e-5.
    assert.near(0.024128, error_of("nvfp4", 32, { emulate = "bf16" }), 2e-5)
  end)

  for format, by_rounds in pairs(PUBLISHED) do
    it("gives the published errors of refinement within 1.5 %: " .. format, function()
      for _, rounds in ipairs { 1, 2, 5 } do
        assert.near(by_rounds[rounds], error_of(format, 32, { emulate = "bf16", refine_iters = rounds }),
          0.015 * by_rounds[rounds])
      end
    end)
  end

  it("makes a full rank worse, as published, since the last round is kept", function()
    for format, want in pairs { int4 = 0.001789, nvfp4 = 0.001732 } do
      local shot = error_of(format, 128, { emulate = "bf16" })
      local refined, info = error_of(format, 128, { emulate = "bf16", refine_iters = 5 })
      assert.equal(5, info.best)
      assert.is_true(refined > shot)
      assert.near(want, refined, 0.015 * want)
    end
  end)

  it("says no to what it cannot emulate", function()
    local parts, message, id = svdquant.decompose(core.tensor("f32", { 4, 96 }), { rank = 0, storage = "bf16",
      scheme = scheme_of "int4" }, { emulate = "bf16" })
    assert.is_nil(parts)
    assert.equal("E-PL-03", id)
    assert.matches("whole groups of 64", message)
  end)
end)

describe("refinement", function()
  for _, format in ipairs { "int4", "nvfp4" } do
    it("is strictly better than one shot after 1, 2 and 5 rounds: " .. format, function()
      for _, search in ipairs { false, true } do
        local before = error_of(format, 32, { refine_iters = 0, scale_search = search })
        for _, rounds in ipairs { 1, 2, 5 } do
          local now = error_of(format, 32, { refine_iters = rounds, scale_search = search })
          assert.is_true(now < before)
          before = now
        end
      end
    end)

    it("beats the published table by what scale search must give: " .. format, function()
      local by_rounds = PUBLISHED[format]
      assert.is_true(error_of(format, 32, { refine_iters = 0 }) <= 0.89 * by_rounds[0])
      assert.is_true(error_of(format, 32, { refine_iters = 5 }) <= 0.925 * by_rounds[5])
    end)

    it("does not make a full rank worse: " .. format, function()
      local shot = error_of(format, 128, { refine_iters = 0 })
      assert.is_true(error_of(format, 128, { refine_iters = 5 }) <= shot)
    end)

    it("leaves rank 0 alone, bit for bit: " .. format, function()
      local plain = bytes_of(split(format, 0, { refine_iters = 0 }))
      assert.equal(plain, bytes_of(split(format, 0, { refine_iters = 5 })))
    end)
  end

  it("gives searched scales as the plainest search does", function()
    -- The same decomposition, then the oracle for the residual.
    local parts = split("int4", 32, { refine_iters = 0 })
    local residual = stored:sub(low_rank.product(parts.up, parts.down))
    local oracle, got = scale_search.int4(residual, 64), parts.weight:decode()
    -- Equal but for ties that rounding decides; one group in a thousand may differ.
    assert.near(core.compare(oracle, residual).rel_l2, core.compare(got, residual).rel_l2, 1e-6)
    assert.near(0.023264, error_of("int4", 32, { refine_iters = 0, calibrate_precision = "high" }), 1e-5)
    assert.near(0.021401, error_of("nvfp4", 32, { refine_iters = 0, calibrate_precision = "high" }), 1e-4)
    assert.near(0.016604, error_of("int4", 32, { refine_iters = 5, calibrate_precision = "high" }), 0.015 * 0.016604)
    assert.near(0.014252, error_of("nvfp4", 32, { refine_iters = 5, calibrate_precision = "high" }), 0.015 * 0.014252)
  end)

  it("with no rounds is the plain split, bit for bit", function()
    for _, options in ipairs { { keep_best = false }, { keep_best = true }, { early_stop = true } } do
      options.refine_iters = 0
      assert.equal(bytes_of(split("int4", 16, { refine_iters = 0 })), bytes_of(split("int4", 16, options)))
    end
  end)

  it("anchors the residual to the weight in every round", function()
    local smooth = core.tensor("bf16", { 128 })
    for i = 1, 128 do smooth:set(i, 0.5 + i / 64) end
    local function drift(rounds)
      local parts = split("int4", 32, { refine_iters = rounds, keep_best = false }, smooth)
      local s = smooth:to "f32"
      local smoothed = stored:mul(s)
      local residual = smoothed:sub(low_rank.product(parts.up, parts.down, s))
      -- Codes of the true residual are the codes that are stored.
      local again = assert(core.encode(scheme_of "int4", residual, { search = true }))
      return core.compare(again:decode(), parts.weight:decode()).rel_l2
    end
    for _, rounds in ipairs { 0, 1, 2, 5 } do assert.equal(0, drift(rounds)) end
  end)

  it("keeps the best round, the last, or stops at the first that does not improve", function()
    local long = { refine_iters = 40, scale_search = false }
    local _, last = split("int4", 96, { refine_iters = 40, scale_search = false, keep_best = false })
    local _, best = split("int4", 96, long)
    local least, at = math.huge, nil
    for i, e in ipairs(last.errors) do
      if e < least then least, at = e, i - 1 end
    end
    assert.same(last.errors, best.errors)
    assert.equal(40, last.best)
    assert.equal(at, best.best)
    assert.equal(least, best.error)
    local stop = 0 -- the first round that is no better than the best before it
    while last.errors[stop + 2] and last.errors[stop + 2] < last.errors[stop + 1] do stop = stop + 1 end
    local _, early = split("int4", 96, { refine_iters = 40, scale_search = false, early_stop = true })
    assert.equal(stop, early.best)
    assert.equal(math.min(stop + 1, 40), early.rounds)
  end)

  it("is the same for any number of threads", function()
    local threads = core.threads()
    core.threads(1)
    local one = bytes_of(split("int4", 16, { refine_iters = 2 }))
    core.threads(2)
    local two = bytes_of(split("int4", 16, { refine_iters = 2 }))
    core.threads(threads)
    assert.equal(one, two)
  end)

  it("leaks nothing, whichever allocation fails", function()
    local small = support.random({ 8, 64 }, 3)
    local failures = support.sweep(function()
      return (svdquant.decompose(small, { rank = 2, storage = "f16", scheme = scheme_of("int4", "f16") },
        { refine_iters = 1 }))
    end)
    assert.is_true(failures > 10)
  end)

  if os.getenv "VISE_TEST_SLOW" ~= "1" then
    pending "stays within 1.5 % of the published table after 10 rounds; set VISE_TEST_SLOW=1"
    return
  end
  it("stays within 1.5 % of the published table after 10 rounds", function()
    for format, by_rounds in pairs(PUBLISHED) do
      assert.near(by_rounds[10], error_of(format, 32, { emulate = "bf16", refine_iters = 10 }), 0.015 * by_rounds[10])
    end
  end)
end)

describe("balanced smoothing", function()
  local balance = require "vise.algorithms.balance"

  local function factors(x, w, iters)
    local span = core.observer("channel_span", { channels = 64 })
    span:update(x)
    return balance.factors(w, span:result(), x, { rank = 0, storage = "bf16", seed = 0, alpha = 0.5, group = 64,
      iters = iters })
  end

  -- What the quantized product of x and w answers, against the float one.
  local function output_error(x, w, smooth)
    local s = smooth:to "f32"
    local type = quant_types.parse "svdq_int4_r0_dq"
    local packed = core.pack(assert(core.encode(scheme_of "int4", w:mul(s))))
    local y = core.product(core.rows(x, packed, { scheme = core.scheme(type.activation), smooth = s }), packed)
    return core.compare(y, core.linear(x, w)).rel_l2
  end

  it("makes less noise than the spans' factors, where one token made a span", function()
    local x, w = support.random({ 128, 64 }, 5), support.random({ 32, 64 }, 6)
    x:set(1, 60) -- one outlier in channel 1 that spans cannot tell from a habit
    for t = 1, 127 do x:set(t * 64 + 2, 12 * x:get(t * 64 + 2)) end -- channel 2 has the habit
    local plain, costs = factors(x, w, 1)
    assert.same({ 1 }, costs)
    local balanced, all = factors(x, w, 30)
    assert.is_true(all[#all] < 0.9)
    assert.is_true(output_error(x, w, balanced) < output_error(x, w, plain))
  end)

  it("leaves channels alone that nothing flows through or weighs", function()
    local x, w = support.random({ 16, 64 }, 1), support.random({ 8, 64 }, 2)
    for t = 0, 15 do x:set(t * 64 + 7, 0) end
    for o = 0, 7 do w:set(o * 64 + 9, 0) end
    local s = factors(x, w, 10)
    assert.equal(1, s:get(7))
    assert.equal(1, s:get(9))
    for _, v in ipairs(factors(core.tensor("f32", { 4, 64 }), w, 5):totable()) do assert.equal(1, v) end
  end)

  it("needs rows of input", function()
    local type = quant_types.parse "svdq_int4_r0"
    type.smooth = "balance"
    local span = core.tensor("f32", { 64 })
    local parts, message, id = svdquant.make(support.random({ 8, 64 }, 1), { type = type, storage = "f16",
      scheme = scheme_of("int4", "f16"), span = span })
    assert.is_nil(parts)
    assert.equal("E-OB-18", id)
    assert.matches("needs rows", message)
  end)
end)
