-- The published figures of SVDQuant on the spectral-decay weight (see tests/spectral.lua): the
-- one-shot error of the refinement table, and the forward errors of single layers.

local core = require "vise.core"
local options_of = require "vise.algorithms.svdquant_options"
local quant_types = require "vise.quant_types"
local quantized_linear = require "vise.nn.quantized_linear"
local spectral = require "spectral"
local svdquant = require "vise.algorithms.svdquant"

local function scheme(storage, format)
  local type = quant_types.parse(("svdq_%s_r8"):format(format or "int4"))
  return core.scheme(quant_types.scheme_args(type.weight, storage))
end

local function round16(t, storage)
  local stored <close> = t:to(storage or "bf16")
  return stored:to "f32"
end

-- The recipe of the published figures in f32 arithmetic.
local PUBLISHED = { refine_iters = 0, scale_search = false, smooth_strategy = "activation" }

local function with(base, more)
  local t = {}
  for key, value in pairs(base) do t[key] = value end
  for key, value in pairs(more or {}) do t[key] = value end
  return t
end

local function error_of(weight, rank, options)
  local layer = { rank = rank, storage = "bf16", scheme = scheme "bf16" }
  local parts = assert(svdquant.decompose(round16(weight), layer, with(PUBLISHED, options)))
  parts.type = quant_types.parse(("svdq_int4_r%d_dq"):format(rank))
  local q = assert(quantized_linear.new(parts))
  return core.compare(q:dequantize(), weight).rel_l2
end

-- normal(0, 1) [batch, tokens, channels] plus 0.2 p_t f_d, p and f linear, rounded to bf16.
local function tokens(seed, batch, count, channels)
  local x = core.random(seed):normal { batch, count, channels }
  local drift = {}
  for t = 0, count - 1 do
    for d = 0, channels - 1 do
      drift[#drift + 1] = 0.2 * (-1 + 2 * t / (count - 1)) * (0.75 + 0.5 * d / (channels - 1))
    end
  end
  x:add(core.tensor_of("f32", { count, channels }, drift), x)
  return round16(x)
end

-- rel-L2 and cosine of a quantized 128 x 128 layer's output against the float layer's.
local function layer_error(case, rank, format)
  local stored = spectral.weight { rows = 128, cols = 128, seed = case.weight_seed }:to "bf16"
  local weight = stored:to "f32"
  local span <close> = core.observer("channel_span", { channels = 128 })
  for i = 0, case.batches - 1 do span:update(tokens(case.calibration_seed + i, 1, 16, 128)) end
  local type = options_of.resolve(quant_types.parse(("svdq_%s_r%d"):format(format, rank)), options_of.check(PUBLISHED))
  local parts = assert(svdquant.make(weight, { type = type, storage = "bf16", scheme = scheme("bf16", format),
    span = span:result(), options = PUBLISHED }))
  parts.type = type
  local q = assert(quantized_linear.new(parts))
  local x = tokens(case.input_seed, case.input, 16, 128)
  return core.compare(q:forward(x), core.linear(x, stored, nil))
end

describe("SVDQuant", function()
  it("has the published one-shot error in our arithmetic: 0.02641", function()
    local weight = spectral.weight { rows = 256, cols = 128 }
    -- 1e-5: what another SVD or another order of sums moves, by the reference's own account.
    assert.near(0.02641, error_of(weight, 32), 1e-5)
    assert.near(0.02641, error_of(weight, 32, { calibrate_precision = "medium" }), 1e-5)
    assert.near(0.02641, error_of(weight, 32, { calibrate_precision = "high" }), 1e-5)
  end)

  it("has NVFP4's one-shot error by the published convention: 0.02412", function()
    -- The default codes for the stored FP8 scales and is better; this is the rule of the published
    -- figure, which codes for the scales before they are stored.
    local weight = spectral.weight { rows = 256, cols = 128 }
    local args = quant_types.scheme_args(quant_types.parse("svdq_nvfp4_r32_dq").weight, "bf16")
    args.convention = "svdq_nvfp4_low"
    local layer = { rank = 32, storage = "bf16", scheme = core.scheme(args) }
    local parts = assert(svdquant.decompose(round16(weight), layer, PUBLISHED))
    parts.type = quant_types.parse "svdq_nvfp4_r32_dq"
    local q = assert(quantized_linear.new(parts))
    assert.near(0.02412, core.compare(q:dequantize(), weight).rel_l2, 1e-5)
  end)

  it("has the published error at the other ranks", function()
    local weight = spectral.weight { rows = 256, cols = 128 }
    -- Published with every step in bf16; f32 steps move the figure by up to 1 %.
    for rank, published in pairs { [0] = 0.107640, [16] = 0.052492, [64] = 0.008012, [128] = 0.001674 } do
      assert.near(published, error_of(weight, rank), 0.01 * published)
    end
  end)

  local cases = {
    linear = { weight_seed = 17, batches = 4, calibration_seed = 29, input_seed = 41, input = 2,
      int4 = { [0] = { 0.15377, 0.98833 }, [16] = { 0.07131, 0.99747 }, [32] = { 0.03468, 0.99940 } },
      nvfp4 = { [0] = { 0.13615, 0.99070 }, [16] = { 0.06069, 0.99816 }, [32] = { 0.03089, 0.99952 } } },
    operator = { weight_seed = 11, batches = 8, calibration_seed = 101, input_seed = 303, input = 6,
      int4 = { [0] = { 0.15412 }, [16] = { 0.07372 }, [32] = { 0.03534 } },
      nvfp4 = { [0] = { 0.13706 }, [16] = { 0.06391 }, [32] = { 0.03177 } } },
  }
  for name, case in pairs(cases) do
    for _, format in ipairs { "int4", "nvfp4" } do
      for _, rank in ipairs { 0, 16, 32 } do
        it(("gives the %s case's error in %s at rank %d"):format(name, format, rank), function()
          local got, want = layer_error(case, rank, format), case[format][rank]
          -- nvfp4: codes are made for the scale that is stored, which the published ones are not; that
          -- makes the weight's error up to 3 % smaller.
          assert.near(want[1], got.rel_l2, (format == "nvfp4" and 0.05 or 0.03) * want[1])
          if want[2] then assert.near(want[2], got.cosine, 0.002) end
        end)
      end
      it(("gives the %s case next to nothing in %s at full rank"):format(name, format), function()
        assert.is_true(layer_error(case, 128, format).rel_l2 <= 0.006)
      end)
    end
  end

  it("keeps a weight of zeros, and one of a single row", function()
    local zeros = core.tensor("f32", { 4, 64 })
    for _, rank in ipairs { 0, 2 } do
      local parts = assert(svdquant.decompose(zeros, { rank = rank, storage = "f16", scheme = scheme "f16" }))
      for _, v in ipairs(parts.weight:decode():totable()) do assert.equal(0, v) end
    end
    local row = core.tensor("f32", { 1, 64 })
    row:set(64, 0.5)
    local parts = assert(svdquant.decompose(row, { rank = 1, storage = "f16", scheme = scheme "f16" }))
    -- The branch takes it all but its own rounding to f16, twice.
    assert.near(0.5, parts.up:get(1) * parts.down:get(64), 2 ^ -10)
  end)

  it("says that a weight is not finite, and keeps nothing", function()
    local w = core.tensor("f32", { 2, 64 })
    w:set(100, 0 / 0)
    for _, rank in ipairs { 0, 1 } do
      local parts, message, id = svdquant.decompose(w, { rank = rank, storage = "f16", scheme = scheme "f16" })
      assert.is_nil(parts)
      assert.matches("^E%-", id)
      assert.is_string(message)
    end
  end)
end)
