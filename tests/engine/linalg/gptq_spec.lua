local core = require "vise.core"
local gptq = require "gptq"
local support = require "support"

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

local ROWS, INPUTS = 37, 64

-- Inputs that depend on each other, as those of a model do, some much larger than others.
local function moments(seed, dead)
  local x = support.random({ 3 * INPUTS, INPUTS }, seed)
  local flat = x:totable()
  for r = 0, 3 * INPUTS - 1 do
    for c = 2, INPUTS do
      local at = r * INPUTS + c
      flat[at] = (flat[at] + 0.6 * flat[at - 1]) * (c % 7 == 0 and 3 or 1)
    end
    for _, c in ipairs(dead or {}) do flat[r * INPUTS + c] = 0 end
  end
  return core.moments(core.tensor_of("f32", { 3 * INPUTS, INPUTS }, flat), 1 / (3 * INPUTS))
end

local function natural()
  local order = {}
  for i = 1, INPUTS do order[i] = i end
  return order
end

-- Sweeps both ways: the values must be equal to what f32 keeps of them, so that every code is. Returns the loss
-- of each.
local function compare(fields, how, options, dead)
  local h, w = moments(5, dead), support.random({ ROWS, INPUTS }, 11)
  local order = options.order and options.order:totable() or natural()
  local factor = assert(core.inverse_factor(h, { order = options.order, precision = "f64" }))
  local coded, loss = core.gptq(core.scheme(fields), w, factor, options)
  local _, values, want = gptq.sweep(gptq.rows(w), gptq.rows(h), 0.01, order, how)
  local got = gptq.rows(coded:decode())
  for r = 1, ROWS do
    for c = 1, INPUTS do
      assert.is_true(math.abs(values[r][c] - got[r][c]) <= 1e-6, ("row %d, column %d"):format(r, c))
    end
  end
  -- Values of about 1 carry some roundings of f32; an error of 8 bits is so small that they show in its square.
  local allowed = (how.bits == 8 and 1e-5 or 1e-6) * want
  assert.is_true(math.abs(loss - want) <= allowed, ("loss %.9g, expected %.9g"):format(loss, want))
  return loss
end

local function int(bits, convention, group)
  return { bits = bits, convention = convention, granularity = group and "group" or "row", group = group }
end

describe("core.gptq", function()
  it("makes the codes of plain double precision, steps by group", function()
    for _, bits in ipairs { 2, 3, 4, 8 } do
      compare(int(bits, "amax", 16), { steps = gptq.steps.amax, bits = bits, group = 16 }, {})
    end
    compare(int(4, "minmax_int_zero", 16), { steps = gptq.steps.minmax_int_zero, bits = 4, group = 16 }, {})
  end)

  it("makes them of groups that no block fits", function()
    for _, group in ipairs { 7, 24, 40, 64 } do
      for _, block in ipairs { 1, 13, 32, 128 } do
        compare(int(4, "amax", group), { steps = gptq.steps.amax, bits = 4, group = group }, { block = block })
      end
    end
  end)

  it("makes them of rows and of whole tensors, in an order", function()
    local order = core.column_order(moments(5))
    compare(int(3, "minmax_int_zero"), { steps = gptq.steps.minmax_int_zero, bits = 3 }, { order = order })
    local w = support.random({ ROWS, INPUTS }, 11)
    local most = math.max(w:max(), -w:min())
    compare({ bits = 8, convention = "amax", granularity = "tensor" },
      { steps = function(_, bits) return gptq.steps.amax({ most }, bits) end, bits = 8 }, {})
  end)

  it("makes them of static groups in an order that mixes them", function()
    local options = { order = core.column_order(moments(5)), static_groups = true }
    compare(int(4, "amax", 16), { steps = gptq.steps.amax, bits = 4, group = 16, static = true }, options)
  end)

  it("makes them of groups that an order leaves together", function()
    local options = { order = core.column_order(moments(5), 16) }
    compare(int(4, "minmax_int_zero", 16), { steps = gptq.steps.minmax_int_zero, bits = 4, group = 16 }, options)
  end)

  it("makes the steps of the published code when asked to", function()
    local how = { steps = gptq.steps.amax, bits = 3, group = 8, reference = 32 }
    local published = compare(int(3, "amax", 8), how, { reference_groups = true, block = 32 })
    how.reference = nil
    assert.not_equal(published, compare(int(3, "amax", 8), how, { block = 32 }))
  end)

  it("makes codes of f4e2m1 with two levels of scales", function()
    compare({ element = "f4e2m1", convention = "nvfp4", granularity = "group", group = 16, scale_dtype = "f8e4m3",
      second = "tensor" }, { steps = gptq.steps.nvfp4, group = 16 }, {})
  end)

  it("rounds dead columns from 0 and passes nothing on", function()
    local dead = { 3, 20, 64 }
    compare(int(4, "amax", 16), { steps = gptq.steps.amax, bits = 4, group = 16 }, {}, dead)
    compare(int(4, "amax", 16), { steps = gptq.steps.amax, bits = 4, group = 16, static = true },
      { static_groups = true }, dead)
    local factor = assert(core.inverse_factor(moments(5, dead)))
    local values = core.gptq(core.scheme(int(4, "amax")), support.random({ 2, INPUTS }, 1), factor):decode()
    for _, c in ipairs(dead) do assert.equal(0, values:get(c)) end
  end)

  it("loses what the quadratic form of its error says, for every scheme that has no blocks", function()
    local h, w = moments(9), support.random({ ROWS, INPUTS }, 3)
    local damped = h:totable()
    local mean = 0
    for i = 0, INPUTS - 1 do mean = mean + damped[i * INPUTS + i + 1] / INPUTS end
    for i = 0, INPUTS - 1 do damped[i * INPUTS + i + 1] = damped[i * INPUTS + i + 1] + 0.01 * mean end
    damped = core.tensor_of("f32", { INPUTS, INPUTS }, damped)
    local factor = assert(core.inverse_factor(h))
    local function two(name, second)
      return { element = "f4e2m1", convention = name, granularity = "group", group = 16, scale_dtype = "f8e4m3",
        second = second }
    end
    for _, fields in ipairs {
      int(4, "amax_half_step", 32), int(4, "amax_reciprocal", 32), int(4, "minmax_float_zero", 32), int(8, "amax"),
      int(3, "ct_sym", 32), int(3, "ct_asym", 32), int(4, "gptq_sym", 32), int(2, "gptq_asym", 32),
      int(4, "amax_floor", 32), int(4, "awq_asym", 32), int(4, "amax_narrow"), int(4, "autoround_sym", 32),
      int(4, "autoround_asym", 32), int(4, "nc_sym", 32), int(4, "nc_full", 32), int(4, "gguf_q4_0", 32),
      int(4, "gguf_q4_1", 32), int(8, "gguf_q8_0", 32), int(4, "quanto_asym", 32),
      two("nvfp4", "tensor"), two("svdq_nvfp4", "row"), two("svdq_nvfp4_low", "row"), two("svdq_nvfp4_stored", "row"),
      { element = "f8e4m3", convention = "amax", granularity = "row" },
      { element = "f8e4m3", convention = "amax", granularity = "tensor" },
    } do
      local scheme = core.scheme(fields)
      local coded, loss = core.gptq(scheme, w, factor)
      local form = core.quadratic(w:sub(coded:decode()), damped)
      -- svdq_nvfp4 chooses codes with another scale than the stored one, which is what decodes them.
      assert.is_true(math.abs(loss - form) <= 2e-5 * form, tostring(scheme))
      assert.is_true(form < core.quadratic(w:sub(core.encode(scheme, w):decode()), damped), tostring(scheme))
    end
  end)

  it("loses less with searched scales", function()
    local factor, w = assert(core.inverse_factor(moments(5))), support.random({ ROWS, INPUTS }, 3)
    local scheme = core.scheme(int(3, "amax", 32))
    local _, plain = core.gptq(scheme, w, factor)
    local _, searched = core.gptq(scheme, w, factor, { search = true })
    assert.is_true(searched < plain)
  end)

  it("gives back the weight where rounding makes no error", function()
    local scheme = core.scheme(int(8, "amax"))
    local w = core.encode(scheme, support.random({ ROWS, INPUTS }, 3)):decode()
    local coded, loss = core.gptq(scheme, w, assert(core.inverse_factor(moments(5))))
    assert.same(w:totable(), coded:decode():totable())
    assert.equal(0, loss)
  end)

  it("makes the same bits for any number of threads and backend without BLAS' products", function()
    local before, factor = core.threads(), assert(core.inverse_factor(moments(5)))
    local w, scheme = support.random({ 150, INPUTS }, 3), core.scheme(int(4, "amax", 16))
    local codes, losses = {}, {}
    for i, threads in ipairs { 1, 2, 5 } do
      core.threads(threads)
      local coded, loss = core.gptq(scheme, w, factor, { block = 32 })
      codes[i], losses[i] = coded:tensors().codes:tobytes(), loss
    end
    core.threads(before)
    assert.equal(codes[1], codes[2])
    assert.equal(codes[1], codes[3])
    assert.same({ losses[1], losses[1] }, { losses[2], losses[3] })
  end)

  it("takes weights of 16 bits", function()
    local factor, scheme = assert(core.inverse_factor(moments(5))), core.scheme(int(4, "amax", 16))
    for _, dtype in ipairs { "f16", "bf16" } do
      local w = support.random({ ROWS, INPUTS }, 3):to(dtype)
      local coded, loss = core.gptq(scheme, w, factor)
      local same, as_before = core.gptq(scheme, w:to "f32", factor)
      assert.equal(same:tensors().codes:tobytes(), coded:tensors().codes:tobytes())
      assert.equal(as_before, loss)
    end
  end)

  it("refuses what does not fit, by name", function()
    local factor, w = assert(core.inverse_factor(moments(5))), support.random({ 4, INPUTS }, 3)
    local scheme = core.scheme(int(4, "amax", 16))
    refuses("E-TN-08", function() core.gptq(scheme, support.random { 4, 8 }, factor) end)
    refuses("E-TN-08", function() core.gptq(scheme, w, support.random { 4, INPUTS }) end)
    refuses("the order mixes groups of 16 columns", function()
      core.gptq(scheme, w, factor, { order = core.column_order(moments(5)) })
    end)
    refuses("E-NU-12", function() core.gptq(scheme, w, factor, { order = core.tensor("i32", { INPUTS }) }) end)
    refuses("not f8e4m3 block", function()
      core.gptq(core.scheme { element = "f8e4m3", granularity = "block", block = { 2, 16 }, convention = "amax" }, w,
        factor)
    end)
    refuses("block", function() core.gptq(scheme, w, factor, { block = 0 }) end)
    refuses("unknown option 'blok'", function() core.gptq(scheme, w, factor, { blok = 1 }) end)
  end)

  it("names a number that is not finite", function()
    local factor, scheme = assert(core.inverse_factor(moments(5))), core.scheme(int(4, "amax", 16))
    local w = support.random({ 40, INPUTS }, 3)
    w:set(38 * INPUTS + 9, 0 / 0)
    local coded, message, id = core.gptq(scheme, w, factor)
    assert.is_nil(coded)
    assert.same({ "row 39, column 9 is NaN, expected a finite number", "E-SC-04" }, { message:match ": (row.*)" or
      message, id })
    factor:set(2, math.huge)
    coded, message, id = core.gptq(scheme, support.random { 4, INPUTS }, factor)
    assert.is_nil(coded)
    assert.matches("row 1, column 2 of the factor", message, 1, true)
    assert.equal("E-NU-01", id)
  end)

  it("says when corrections diverge", function()
    local factor = core.tensor("f32", { INPUTS, INPUTS })
    for i = 0, INPUTS - 1 do
      for j = i, INPUTS - 1 do factor:set(i * INPUTS + j + 1, j == i and 1e-3 or 1) end
    end
    local coded, _, id = core.gptq(core.scheme(int(2, "amax", 16)), support.random { 4, INPUTS }, factor)
    assert.is_nil(coded)
    assert.equal("E-NU-14", id)
  end)

  it("leaks nothing, whichever allocation fails", function()
    local factor, w = assert(core.inverse_factor(moments(5))), support.random({ 4, INPUTS }, 3)
    local scheme = core.scheme(int(4, "minmax_int_zero", 16))
    assert.is_true(support.sweep(function() return core.gptq(scheme, w, factor) end) > 4)
  end)
end)
