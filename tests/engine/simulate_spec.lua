local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local SCHEMES = {
  { bits = 8, granularity = "token", convention = "amax_half_step" },
  { bits = 8, granularity = "tensor", convention = "amax_half_step" },
  { bits = 4, granularity = "group", group = 5, convention = "amax_reciprocal", scale_dtype = "bf16" },
  { bits = 4, granularity = "group", group = 5, convention = "minmax_float_zero" },
  { bits = 8, granularity = "row", convention = "minmax_int_zero" },
  { element = "f8e4m3", granularity = "tensor", convention = "amax" },
  { element = "f8e4m3", granularity = "token", convention = "amax" },
  { element = "f8e4m3", granularity = "block", block = { 1, 128 }, convention = "amax" },
  { element = "f8e4m3", granularity = "block", block = { 3, 7 }, convention = "amax" },
  { element = "f4e2m1", granularity = "group", group = 16, convention = "amax_reciprocal", scale_dtype = "f8e4m3" },
  { element = "f4e2m1", granularity = "group", group = 16, convention = "nvfp4" },
  { element = "f4e2m1", granularity = "group", group = 16, convention = "svdq_nvfp4", second_dtype = "bf16" },
}

local TENSOR = { element = "f8e4m3", granularity = "tensor", convention = "amax" }

describe("core.simulate", function()
  it("gives what encoding and decoding give, for every scheme", function()
    local rows = coding.awkward(11, 1030, 3, false)
    local x <close> = support.matrix(rows)
    for _, fields in ipairs(SCHEMES) do
      local scheme = core.scheme(fields)
      local coded <close> = core.encode(scheme, x)
      local got <close> = core.simulate(scheme, x)
      assert(coded:decode():tobytes() == got:tobytes(), tostring(scheme))
    end
  end)

  it("keeps the shape, reads f16, bf16 and strided rows", function()
    for _, fields in ipairs(SCHEMES) do
      local scheme = core.scheme(fields)
      local x = support.random { 2, 3, 32 }
      local got = core.simulate(scheme, x)
      assert.same({ 2, 3, 32 }, { got:shape() })
      assert.equal("f32", got:dtype())
      for _, dtype in ipairs { "f16", "bf16" } do
        local small = x:to(dtype)
        assert.equal(core.simulate(scheme, small:to "f32"):tobytes(), core.simulate(scheme, small):tobytes())
      end
      local view = x:reshape({ 6, 32 }):columns(5, 28)
      assert.equal(core.simulate(scheme, view:copy()):tobytes(), core.simulate(scheme, view):tobytes())
      assert.same({ 0, 32 }, { core.simulate(scheme, core.tensor("f32", { 0, 32 })):shape() })
    end
  end)

  it("writes into `out`, also over its own input", function()
    for _, fields in ipairs(SCHEMES) do
      local scheme, x = core.scheme(fields), support.random { 9, 32 }
      local want, out = core.simulate(scheme, x), core.tensor("f32", { 9, 32 })
      assert.equal(out, core.simulate(scheme, x, out))
      assert.equal(want:tobytes(), out:tobytes())
      assert.equal(x, core.simulate(scheme, x, x))
      assert.equal(want:tobytes(), x:tobytes())
    end
    local x, scheme = support.random { 9, 32 }, core.scheme(TENSOR)
    assert.error_matches(function() core.simulate(scheme, x:rows(1, 8), x:rows(2, 9)) end, "E%-TN%-12")
    assert.error_matches(function() core.simulate(scheme, x, core.tensor("f32", { 32, 9 })) end, "E%-TN%-07")
  end)

  it("takes the scale that it is given, and clips what lies beyond", function()
    local x = core.tensor_of("f32", { 1, 5 }, { 0, 1, -300, 448, 1000 })
    assert.same({ 0, 1, -288, 448, 448 }, core.simulate(core.scheme(TENSOR), x, nil, 1):totable())
    assert.same({ 0, 1, -288, 448, 896 }, core.simulate(core.scheme(TENSOR), x, nil, 2):totable())
    local int8 = core.scheme { bits = 8, granularity = "tensor", convention = "amax_half_step" }
    assert.same({ 0, 1, -128, 127, 127 }, core.simulate(int8, x, nil, 1):totable())
  end)

  it("gives with the tensor's own scale what it finds itself", function()
    local x = support.random { 9, 32 }
    for _, convention in ipairs { "amax", "amax_half_step" } do
      local scheme = core.scheme { bits = 8, granularity = "tensor", convention = convention }
      local scale = core.encode(scheme, x):tensors().scale:get(1)
      assert.equal(core.simulate(scheme, x):tobytes(), core.simulate(scheme, x, nil, scale):tobytes())
    end
  end)

  it("refuses a scale that is none, and schemes that have not one", function()
    local x, scheme = support.random { 2, 32 }, core.scheme(TENSOR)
    for _, bad in ipairs { 0, -1, 0 / 0, math.huge, 1e-45, 1e39 } do
      assert.error_matches(function() core.simulate(scheme, x, nil, bad) end, "E%-SC%-12: the given scale is")
    end
    for _, fields in ipairs { SCHEMES[1], SCHEMES[8], SCHEMES[11],
      { bits = 8, granularity = "tensor", convention = "minmax_int_zero" } } do
      assert.error_matches(function() core.simulate(core.scheme(fields), x, nil, 1) end,
        "E%-SC%-12: a scale is given, but .* takes none")
    end
    assert.error_matches(function() core.simulate(scheme, x, nil, "1x") end, "number expected")
  end)

  it("names NaN, with a given scale too, and refuses what it cannot read", function()
    local x = support.random { 5, 32 }
    x:set(2 * 32 + 9, 0 / 0)
    for _, fields in ipairs(SCHEMES) do
      local y, message, id = core.simulate(core.scheme(fields), x)
      assert.same({ nil, "E-SC-04", "row 3, column 9 is NaN, expected a finite number" }, { y, id, message })
    end
    local y, message, id = core.simulate(core.scheme(TENSOR), x, nil, 1)
    assert.same({ nil, "E-SC-04", "row 3, column 9 is NaN, expected a finite number" }, { y, id, message })
    assert.error_matches(function() core.simulate(core.scheme(TENSOR), core.tensor("i8", { 2, 2 })) end, "E%-TN%-04")
    assert.error_matches(function() core.simulate(core.scheme(SCHEMES[10]), support.random { 2, 8 }) end, "E%-SC%-03")
  end)

  it("gives the same bits on every backend, with any number of threads", function()
    local x <close> = support.matrix(coding.awkward(300, 129, 5, false))
    for _, fields in ipairs(SCHEMES) do
      local scheme, first = core.scheme(fields), nil
      coding.everywhere(function(where)
        local y <close> = core.simulate(scheme, x)
        first = first or y:tobytes()
        assert(y:tobytes() == first, tostring(scheme) .. where)
      end)
    end
  end)

  it("takes no memory beside the result, and leaks nothing", function()
    local x, out = support.random { 70, 600 }, core.tensor("f32", { 70, 600 })
    local token, tensor = core.scheme(SCHEMES[7]), core.scheme(TENSOR)
    core.reset_peak()
    local before = core.memory().bytes
    core.simulate(token, x, out)
    assert.equal(before, core.memory().peak)
    -- The result's two blocks, and the ranges of the tiles for a scale that all share.
    assert.equal(2, support.sweep(function() return core.simulate(token, x) end))
    assert.equal(3, support.sweep(function() return core.simulate(tensor, x) end))
  end)
end)
