-- Encoding with steps that come from outside.

local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local function f32(x) return coding.round(x, "f32") end

local function clamp(x, lo, hi) return math.max(lo, math.min(hi, x)) end

-- What codes stand for, by the definition: x is the value, s and z the step as it is stored.
local by_hand = {
  amax_half_step = function(x, half, s) return f32(clamp(coding.rint(f32(x * f32(1 / s))), -half, half - 1) * s) end,
  amax_reciprocal = function(x, half, s) return f32(clamp(coding.rint(f32(x * f32(1 / s))), -half, half - 1) * s) end,
  amax = function(x, half, s) return f32(clamp(coding.rint(f32(x / s)), -half, half - 1) * s) end,
  minmax_float_zero = function(x, half, s, z)
    return f32(f32(clamp(coding.rint(f32(f32(x - z) / s)), -half, half - 1) * s) + z)
  end,
  minmax_int_zero = function(x, half, s, z)
    return f32((clamp(coding.rint(f32(x / s)) + z, 0, 2 * half - 1) - z) * s)
  end,
}

local WIDTH = { tensor = false, row = 13, group = 5, block = 4 }

local function scheme_of(bits, convention, granularity, dtype)
  return core.scheme { bits = bits, convention = convention, granularity = granularity, scale_dtype = dtype,
    group = granularity == "group" and 5 or nil, block = granularity == "block" and { 2, 4 } or nil }
end

-- The tensor of a part that the scheme wants, of random values.
local function steps_for(scheme, shape, convention, bits)
  local given = {}
  for i, part in ipairs(scheme:layout(shape)) do
    if part.name == "scale" then given.scale = support.random(part.shape, i):mul(0.05):add(0.1) end
    if part.name == "zero" then
      given.zero = support.random(part.shape, i)
      for k = 1, given.zero:count() do
        if convention == "minmax_int_zero" then given.zero:set(k, (k * 7) % (1 << bits)) end
      end
    end
  end
  return given
end

describe("core.encode with given steps", function()
  it("rounds them as they are stored, and makes the codes of the definition with them", function()
    local shape = { 3, 13 }
    local x <close> = support.random(shape, 9):mul(3)
    for convention, value in pairs(by_hand) do
      for _, bits in ipairs { 2, 3, 4, 8 } do
        for granularity, width in pairs(WIDTH) do
          for _, dtype in ipairs { "f32", "f16", "bf16" } do
            local scheme = scheme_of(bits, convention, granularity, dtype)
            local given = steps_for(scheme, shape, convention, bits)
            local coded <close> = assert(core.encode(scheme, x, given))
            local got, stored = coded:decode():totable(), coded:tensors()
            local runs = width and (13 + width - 1) // width or 1
            for i = 0, 38 do
              local row = granularity == "block" and i // 13 // 2 or i // 13
              local at = width and row * runs + i % 13 // width + 1 or 1
              local s = coding.round(given.scale:get(at), dtype)
              local z = given.zero and (stored.zero:dtype() == "u8" and given.zero:get(at)
                or coding.round(given.zero:get(at), dtype))
              assert.equal(s, stored.scale:get(at))
              assert.equal(value(x:get(i + 1), 2 ^ (bits - 1), s, z), got[i + 1], tostring(coded))
            end
          end
        end
      end
    end
  end)

  it("gives the codes again that a convention made with the steps it stored", function()
    local x <close> = support.random({ 5, 40 }, 3)
    local schemes = { core.scheme { element = "f8e4m3", granularity = "row", convention = "amax" },
      core.scheme { element = "f4e2m1", granularity = "group", group = 16, convention = "nvfp4" },
      core.scheme { element = "f4e2m1", granularity = "group", group = 16, convention = "svdq_nvfp4_stored",
        second_dtype = "bf16" } }
    for _, convention in ipairs { "amax", "amax_half_step", "minmax_float_zero", "minmax_int_zero" } do
      for _, granularity in ipairs { "tensor", "row", "group", "block" } do
        schemes[#schemes + 1] = scheme_of(4, convention, granularity, "f16")
      end
    end
    for _, scheme in ipairs(schemes) do
      local plain <close> = assert(core.encode(scheme, x))
      local t = plain:tensors()
      local floats = { scale = t.scale:to "f32", zero = t.zero and t.zero:to "f32" or nil,
        second = t.second and t.second:to "f32" or nil }
      local again <close> = assert(core.encode(scheme, x, floats))
      for name, tensor in pairs(again:tensors()) do
        assert(tensor:tobytes() == t[name]:tobytes(), tostring(scheme) .. ": " .. name)
      end
    end
  end)

  it("makes codes of 0 where a scale is 0", function()
    local x <close> = support.matrix { { 1, -2, 0 } }
    local zero <close> = core.tensor("f32", { 1 })
    for convention in pairs(by_hand) do
      local scheme = scheme_of(4, convention, "row", "f32")
      local given = { scale = zero, zero = not scheme:fields().symmetric and zero or nil }
      local coded <close> = assert(core.encode(scheme, x, given))
      assert.same({ 0, 0, 0 }, coded:decode():totable(), convention)
    end
  end)

  it("names what is missing, has another shape, or cannot be a step", function()
    local x <close> = support.random({ 2, 10 }, 1)
    local scheme = scheme_of(4, "minmax_int_zero", "group", "f16")
    local function given(scale, zero)
      return { scale = support.matrix { { 1, scale }, { 1, 1 } }, zero = support.matrix { { 1, zero }, { 1, 1 } } }
    end
    local function refuses(options, id, message, with)
      local ok, said, text, code = pcall(core.encode, with or scheme, x, options)
      if ok then
        assert.is_nil(said)
        said = ("%s: %s"):format(code, text)
      end
      assert.matches(id, said, 1, true)
      assert.matches(message, said, 1, true)
    end
    local right = given(1, 1)
    refuses({ scale = right.scale }, "E-SC-13", "given without 'zero'")
    refuses({ zero = right.zero }, "E-SC-13", "given without 'scale'")
    refuses({ scale = right.scale, zero = core.tensor("f32", { 2, 3 }) }, "E-SC-13",
      "the given zero is f32 2x3, expected")
    refuses({ scale = core.tensor("u8", { 2, 2 }), zero = right.zero }, "E-SC-13", "the given scale is u8 2x2")
    refuses(given(-1, 1), "E-SC-13", "element 2 of the given scale is -1")
    refuses(given(0 / 0, 1), "E-SC-13", "element 2 of the given scale is")
    refuses(given(1, 16), "E-SC-13", "element 2 of the given zero is 16")
    refuses(given(1, 0.5), "E-SC-13", "element 2 of the given zero is 0.5")
    refuses(given(1e30, 1), "E-SC-05", "element 2 of the given scale is 1e+30")
    refuses({ scale = right.scale, zero = right.zero, search = true }, "E-SC-13", "expected one of the two")
    refuses({ scale = 1 }, "E-US-14", "option 'scale' must be a tensor")
    refuses({ scales = right.scale }, "E-US-14", "unknown option 'scales'")
    local wide = scheme_of(8, "amax", "tensor", "f32")
    refuses({ scale = core.tensor("f32", { 1 }):add(3e38) }, "E-SC-05",
      "its largest code would be infinite", wide)
    refuses({ scale = right.scale, zero = right.zero }, "E-SC-13", "'zero' is given, but convention 'amax' has none",
      scheme_of(4, "amax", "group", "f32"))
  end)

  it("still refuses values that are not finite", function()
    local x <close> = support.matrix { { 1, 2 }, { 3, 0 / 0 } }
    for _, granularity in ipairs { "tensor", "row" } do
      local scheme = scheme_of(4, "amax", granularity, "f32")
      local scale = core.tensor("f32", { granularity == "row" and 2 or 1 }):add(1)
      local coded, message, id = core.encode(scheme, x, { scale = scale })
      assert.is_nil(coded)
      assert.equal("E-SC-04", id)
      assert.matches("row 2, column 2 is NaN", message, 1, true)
    end
  end)

  it("leaves nothing behind when memory runs out", function()
    local x <close> = support.random({ 2, 10 }, 1)
    local scheme = scheme_of(4, "amax", "row", "f32")
    local scale = core.tensor("f32", { 2 }):add(1)
    support.sweep(function() return core.encode(scheme, x, { scale = scale }) end)
  end)
end)
