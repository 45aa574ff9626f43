local core = require "vise.core"
local support = require "support"

local function int8(granularity)
  return core.scheme { bits = 8, granularity = granularity or "row", convention = "amax_half_step" }
end

local function int4(group)
  return core.scheme { bits = 4, granularity = "group", group = group, convention = "amax", scale_dtype = "bf16" }
end

local function pack(scheme, rows, cols)
  local w <close> = support.random { rows, cols }
  local coded <close> = core.encode(scheme, w)
  return core.pack(coded)
end

describe("core.pack", function()
  it("takes the bytes that core.packed_bytes says, and no more", function()
    local cases = {
      -- scheme, rows, cols, bytes by hand: codes + sums + scales
      { int8(), 32, 64, 32 * 64 + 128 + 128 },
      { int8 "tensor", 33, 5, 2 * (32 * 8 + 128 + 128) },
      { int4(64), 32, 192, 32 * 192 // 2 + 3 * 128 },
      { int4(64), 65, 70, 3 * (2 * 32 * 64 // 2 + 2 * 128) },
      { int4(5), 1, 12, 3 * 32 * 8 // 2 + 3 * 128 },
      { core.scheme { bits = 4, granularity = "row", convention = "amax" }, 1, 1, 32 * 8 // 2 + 128 },
    }
    for _, case in ipairs(cases) do
      local scheme, rows, cols, bytes = table.unpack(case)
      local w <close> = support.random { rows, cols }
      local coded <close> = core.encode(scheme, w)
      local before = core.memory().bytes
      local packed <close> = core.pack(coded)
      assert.equal(bytes, core.memory().bytes - before)
      assert.equal(bytes, packed:bytes())
      assert.equal(bytes, core.packed_bytes(scheme, { rows, cols }))
    end
  end)

  it("says what it is, and closes", function()
    local packed = pack(int8(), 3, 5)
    assert.equal("packed 3x5, int8 row, amax_half_step, f32 scales", tostring(packed))
    assert.same({ 3, 5 }, { packed:shape() })
    assert.same(int8():fields(), packed:scheme():fields())
    packed:close()
    packed:close()
    assert.equal("packed (closed)", tostring(packed))
    assert.error_matches(function() packed:bytes() end, "packed tensor is closed")
  end)

  it("refuses schemes that no integer kernel reads", function()
    local refused = {
      { bits = 4, granularity = "group", group = 4, convention = "minmax_float_zero" },
      { bits = 8, granularity = "row", convention = "minmax_int_zero" },
      { bits = 8, granularity = "group", group = 4, convention = "amax" },
      { bits = 8, granularity = "token", convention = "amax" },
      { bits = 8, granularity = "block", block = { 2, 4 }, convention = "amax" },
    }
    for _, fields in ipairs(refused) do
      local scheme = core.scheme(fields)
      local message = "E%-SC%-08: no integer kernel takes weights in u?int" .. fields.bits
      assert.error_matches(function() pack(scheme, 2, 8) end, message)
      assert.error_matches(function() core.packed_bytes(scheme, { 2, 8 }) end, message)
    end
  end)

  it("refuses float codes", function()
    for _, fields in ipairs { { element = "f8e4m3", granularity = "row", convention = "amax" },
      { element = "f4e2m1", granularity = "group", group = 4, convention = "amax" } } do
      assert.error_matches(function() pack(core.scheme(fields), 2, 8) end,
        "E%-SC%-08: no integer kernel takes weights in " .. fields.element)
    end
  end)

  it("refuses rows whose integer sums could overflow, and sizes that do", function()
    assert.equal(32 * 65536 + 256, core.packed_bytes(int8(), { 1, 65536 }))
    assert.error_matches(function() core.packed_bytes(int8(), { 1, 65537 }) end,
      "E%-SC%-09: 65537 inputs in int8 row.*at most 65536")
    assert.error_matches(function() core.packed_bytes(int8(), { 1 << 60, 4 }) end, "E%-TN%-01")
    assert.error_matches(function() core.packed_bytes(int4(64), { 4, 32 }) end, "E%-SC%-03")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local w = support.random { 3, 8 }
    local eight <close> = core.encode(int8(), w)
    local four <close> = core.encode(int4(4), w)
    assert.equal(3, support.sweep(function() return core.pack(eight) end)) -- codes, sums, scales
    assert.equal(2, support.sweep(function() return core.pack(four) end))
  end)
end)
