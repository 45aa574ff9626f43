local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local function int8(granularity)
  return { bits = 8, granularity = granularity or "row", convention = "amax_half_step", scale_dtype = "f32" }
end

local function int4(group, convention, dtype)
  return { bits = 4, granularity = group and "group" or "row", group = group, convention = convention or "amax",
    scale_dtype = dtype or "bf16" }
end

local function float4(group, convention)
  return { element = "f4e2m1", granularity = "group", group = group, convention = convention or "nvfp4",
    scale_dtype = convention ~= "amax" and "f8e4m3" or "bf16" }
end

local function float8(granularity, block)
  return { element = "f8e4m3", granularity = granularity, block = block, convention = "amax", scale_dtype = "f32" }
end

local function encode(fields, w)
  return assert(core.encode(core.scheme(fields), w))
end

local function pack(fields, rows, cols)
  local w <close> = support.random { rows, cols }
  local coded <close> = encode(fields, w)
  return core.pack(coded)
end

-- Every kind of weight there is, for matrices of at least `least` columns.
local function weights(least)
  local list = { int8(), int8 "tensor", int4(), int4(nil, "minmax_int_zero", "f16"),
    { bits = 8, granularity = "row", convention = "minmax_int_zero", scale_dtype = "f16" },
    { bits = 8, granularity = "row", convention = "minmax_float_zero", scale_dtype = "f32" },
    float8 "tensor", float8 "row", float8("block", { 3, 6 }),
    { bits = 8, granularity = "block", block = { 2, 5 }, convention = "amax", scale_dtype = "f32" } }
  for _, g in ipairs { 1, 3, 8, 16, 64 } do
    if g <= least then
      for _, c in ipairs { "amax", "minmax_int_zero", "minmax_float_zero" } do
        list[#list + 1] = int4(g, c)
        list[#list + 1] = { bits = 8, granularity = "group", group = g, convention = c, scale_dtype = "bf16" }
      end
      for _, c in ipairs { "nvfp4", "svdq_nvfp4_stored", "amax" } do list[#list + 1] = float4(g, c) end
    end
  end
  return list
end

-- A row of x that is 1 in one column and 0 elsewhere finds out what the weights of that column are.
local function unpack_by_product(packed, cols)
  local eye <close> = core.tensor("f32", { cols, cols })
  for i = 0, cols - 1 do eye:set(i * cols + i + 1, 1) end
  local rows <close> = assert(core.rows(eye, packed))
  return core.product(rows, packed):totable() -- [cols, rows]
end

describe("core.pack", function()
  for _, size in ipairs { { 1, 1 }, { 2, 7 }, { 35, 67 } } do
    local n, k = table.unpack(size)
    it(("holds what the codes stand for, %d x %d"):format(n, k), function()
      local w = support.random({ n, k }, 3)
      for _, fields in ipairs(weights(k)) do
        local coded <close> = encode(fields, w)
        local packed <close> = core.pack(coded)
        local want, got = coded:decode():totable(), unpack_by_product(packed, k)
        local zero = fields.convention:find "minmax" ~= nil
        for r = 1, n do
          for c = 1, k do
            local a, b = want[(r - 1) * k + c], got[(c - 1) * n + r]
            -- The value is scaled in two roundings here, in one there; with a zero point the terms
            -- are up to twice the largest weight, 1.
            local slack = 4 * 2.0 ^ -24 * (math.abs(a) + (zero and 2 or 0))
            assert(math.abs(a - b) <= slack, ("%s: %.9g, expected %.9g at %d, %d"):format(packed, b, a, r, c))
          end
        end
      end
    end)

    it(("holds floats as they are, %d x %d"):format(n, k), function()
      local wide = support.random({ n, k + 3 }, 4)
      for _, dtype in ipairs { "f32", "f16", "bf16" } do
        local w = wide:to(dtype):columns(2, k + 1)
        local packed <close> = core.pack_floats(w)
        local want, got = w:to("f32"):totable(), unpack_by_product(packed, k)
        for r = 1, n do
          for c = 1, k do assert.equal(want[(r - 1) * k + c], got[(c - 1) * n + r]) end
        end
        assert.equal(dtype, packed:kind())
      end
    end)
  end

  it("takes the bytes that core.packed_bytes says, and no more", function()
    collectgarbage() -- what other specs left behind would go meanwhile
    local cases = {
      -- scheme, rows, cols, bytes by hand: codes + sums + upper level + scales + zero points
      { int8(), 32, 64, 32 * 64 + 128 + 128 },
      { int8 "tensor", 33, 5, 2 * (32 * 8 + 128 + 128) },
      { int4(64), 32, 192, 32 * 192 // 2 + 3 * 64 },
      { int4(64), 65, 70, 3 * (2 * 32 * 64 // 2 + 2 * 64) },
      { int4(5), 1, 12, 3 * 32 * 8 // 2 + 3 * 64 },
      { int4(nil, "amax", "f32"), 1, 1, 32 * 8 // 2 + 128 },
      { int4(32, "minmax_float_zero"), 32, 64, 32 * 32 + 2 * 64 + 2 * 64 },
      { int4(32, "minmax_int_zero", "f16"), 32, 64, 32 * 32 + 2 * 128 + 2 * 128 + 2 * 32 },
      { float4(16), 40, 64, 2 * (32 * 32 + 128 + 4 * 32) },
      { float8("block", { 128, 128 }), 32, 130, 32 * 2 * 128 + 2 * 128 },
    }
    local function check(bytes, said, make)
      local before = core.memory().bytes
      local packed <close> = make()
      assert.equal(bytes, core.memory().bytes - before)
      assert.equal(bytes, packed:bytes())
      assert.equal(bytes, said)
    end
    for _, case in ipairs(cases) do
      local fields, rows, cols, bytes = table.unpack(case)
      local w <close> = support.random { rows, cols }
      local coded <close> = encode(fields, w)
      check(bytes, core.packed_bytes(core.scheme(fields), { rows, cols }), function() return core.pack(coded) end)
    end
    for dtype, size in pairs { f32 = 4, f16 = 2, bf16 = 2 } do
      local w <close> = support.random({ 33, 7 }):to(dtype)
      check(2 * 32 * 7 * size, core.packed_bytes(dtype, { 33, 7 }), function() return core.pack_floats(w) end)
    end
  end)

  it("gives the same weights with any number of threads", function()
    local w = support.random({ 70, 32 }, 5)
    for _, fields in ipairs { int8(), int4(32), float4(16), float8 "row" } do
      local coded <close> = encode(fields, w)
      local first
      coding.everywhere(function(where)
        if core.backend() ~= "ref" then return end
        local packed <close> = core.pack(coded)
        local got = unpack_by_product(packed, 32)
        first = first or got
        assert.same(first, got, where)
      end)
    end
  end)

  it("says what it is, and closes", function()
    local packed = pack(int8(), 3, 5)
    assert.equal("int8", packed:kind())
    assert.equal("nibble", pack(float4(2), 3, 5):kind())
    assert.equal("float8", pack(float8 "row", 3, 5):kind())
    assert.equal("packed 3x5, int8 row, amax_half_step, f32 scales", tostring(packed))
    assert.same({ 3, 5 }, { packed:shape() })
    assert.same(core.scheme(int8()):fields(), packed:scheme():fields())
    local floats = core.pack_floats(support.random { 3, 5 })
    assert.equal("packed 3x5, f32", tostring(floats))
    assert.is_nil(floats:scheme())
    packed:close()
    packed:close()
    assert.equal("packed (closed)", tostring(packed))
    assert.error_matches(function() packed:bytes() end, "packed tensor is closed")
  end)

  it("takes no time for outputs without inputs, however many", function()
    local packed <close> = core.pack_floats(core.tensor("f32", { 1 << 40, 0 }))
    assert.same({ 1 << 40, 0 }, { packed:shape() })
    assert.equal(0, packed:bytes())
  end)

  it("refuses sizes that do not fit, and tensors that are no weights", function()
    assert.error_matches(function() core.packed_bytes(core.scheme(int8()), { 1 << 60, 4 }) end, "E%-TN%-01")
    assert.error_matches(function() core.packed_bytes("f32", { 1 << 30, 1 << 31 }) end, "E%-TN%-01")
    assert.error_matches(function() core.packed_bytes(core.scheme(int4(64)), { 4, 32 }) end, "E%-SC%-03")
    assert.error_matches(function() core.packed_bytes("i8", { 4, 32 }) end, "expected f32, f16 or bf16")
    assert.error_matches(function() core.pack_floats(core.tensor("i8", { 2, 2 })) end, "E%-TN%-04")
    assert.error_matches(function() core.pack_floats(core.tensor("f32", { 2, 2, 2 })) end, "E%-TN%-08")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local w = support.random { 3, 8 }
    local eight <close> = encode(int8(), w)
    local four <close> = encode(int4(4), w)
    assert.equal(1, support.sweep(function() return core.pack(eight) end))
    assert.equal(1, support.sweep(function() return core.pack(four) end))
    assert.equal(1, support.sweep(function() return core.pack_floats(w) end))
  end)
end)
