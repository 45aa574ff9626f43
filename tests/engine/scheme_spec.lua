local core = require "vise.core"

local function fields(changes)
  local f = { bits = 4, granularity = "group", group = 64, convention = "amax", scale_dtype = "bf16" }
  for k, v in pairs(changes or {}) do f[k] = v end
  for k, v in pairs(f) do
    if v == "nil" then f[k] = nil end
  end
  return f
end

local function scheme(changes) return core.scheme(fields(changes)) end

local function refuses(changes, message)
  local ok, err = pcall(scheme, changes)
  assert.is_false(ok)
  assert.matches(message, err, 1, true)
end

describe("core.scheme", function()
  it("names itself", function()
    assert.equal("scheme int4 group 64, amax, bf16 scales", tostring(scheme()))
    assert.equal("scheme uint8 row, minmax_int_zero, f32 scales",
      tostring(core.scheme { bits = 8, granularity = "row", convention = "minmax_int_zero" }))
  end)

  it("fills in what the convention implies", function()
    assert.same({ element = "int", bits = 4, granularity = "group", group = 64, symmetric = true, zero = "none",
      convention = "amax", scale_dtype = "bf16", second = "none" }, scheme():fields())
    local f = scheme({ convention = "minmax_float_zero" }):fields()
    assert.same({ false, "float" }, { f.symmetric, f.zero })
    f = scheme({ convention = "minmax_int_zero" }):fields()
    assert.same({ false, "int" }, { f.symmetric, f.zero })
  end)

  it("describes float elements, blocks and two levels", function()
    local f8 = core.scheme { element = "f8e4m3", granularity = "block", block = { 128, 64 }, convention = "amax" }
    assert.equal("scheme f8e4m3 block 128x64, amax, f32 scales", tostring(f8))
    assert.same({ element = "f8e4m3", bits = 8, granularity = "block", block = { 128, 64 }, symmetric = true,
      zero = "none", convention = "amax", scale_dtype = "f32", second = "none" }, f8:fields())
    local d = f8:describe()
    assert.same({ -448, 448, true }, { d.lo, d.hi, d.signed })
    local f4 = core.scheme { element = "f4e2m1", granularity = "group", group = 16, convention = "svdq_nvfp4",
      second_dtype = "bf16" }
    assert.equal("scheme f4e2m1 group 16, svdq_nvfp4, f8e4m3 scales, bf16 row scales", tostring(f4))
    assert.same({ element = "f4e2m1", bits = 4, granularity = "group", group = 16, symmetric = true, zero = "none",
      convention = "svdq_nvfp4", scale_dtype = "f8e4m3", second = "row", second_dtype = "bf16" }, f4:fields())
    assert.same({ -6, 6 }, { f4:describe().lo, f4:describe().hi })
    assert.equal("scheme f4e2m1 group 16, nvfp4, f8e4m3 scales, f32 tensor scale",
      tostring(core.scheme { element = "f4e2m1", granularity = "group", group = 16, convention = "nvfp4" }))
  end)

  it("takes back the fields of float elements", function()
    for _, convention in ipairs { "amax", "amax_reciprocal", "nvfp4", "svdq_nvfp4", "svdq_nvfp4_low",
      "svdq_nvfp4_stored" } do
      local s = core.scheme { element = "f4e2m1", granularity = "group", group = 16, convention = convention }
      assert.same(s:fields(), core.scheme(s:fields()):fields())
    end
    local s = core.scheme { element = "f8e4m3", granularity = "block", block = { 1, 128 }, convention = "amax" }
    assert.same(s:fields(), core.scheme(s:fields()):fields())
  end)

  it("takes back the fields it gives", function()
    for _, convention in ipairs { "amax_half_step", "amax", "amax_reciprocal", "minmax_float_zero",
      "minmax_int_zero" } do
      for _, granularity in ipairs { "tensor", "row", "token", "group" } do
        local s = scheme { convention = convention, granularity = granularity,
          group = granularity == "group" and 16 or "nil" }
        assert.same(s:fields(), core.scheme(s:fields()):fields())
      end
    end
  end)

  it("describes the codes, the formula and its source", function()
    local d = scheme():describe()
    assert.same({ -8, 7, true }, { d.lo, d.hi, d.signed })
    assert.matches("amax / (2^(b-1) - 1)", d.formula, 1, true)
    assert.matches("SVDQuant", d.source)
    assert.equal("int4 group 64, amax, bf16 scales", d.text)
    d = scheme({ bits = 8, convention = "minmax_int_zero" }):describe()
    assert.same({ 0, 255, false }, { d.lo, d.hi, d.signed })
  end)

  it("refuses a value that a field does not allow, and names field, value and choices", function()
    refuses({ bits = 5 }, "E-SC-01: scheme field 'bits' is 5, allowed: 2, 3, 4, 8")
    refuses({ bits = "nil" }, "E-SC-01: scheme field 'bits' is 0")
    refuses({ granularity = "channel" },
      "E-SC-01: scheme field 'granularity' is 'channel', allowed: tensor, row, token, group")
    refuses({ granularity = "nil" }, "E-SC-01: scheme field 'granularity' is missing")
    refuses({ convention = "max" }, "E-SC-01: scheme field 'convention' is 'max', allowed: amax_half_step, amax")
    refuses({ convention = "nil" }, "E-SC-01: scheme field 'convention' is missing")
    refuses({ scale_dtype = "f64" }, "E-SC-01: scheme field 'scale_dtype' is 'f64', allowed: f32, f16, bf16")
    refuses({ zero = "maybe" }, "E-SC-01: scheme field 'zero' is 'maybe', allowed: none, int, float")
  end)

  it("refuses a field of the wrong type, and one it does not know", function()
    refuses({ bits = "4" }, "E-SC-01: scheme field 'bits' is a string, expected an integer")
    refuses({ group = 1.5 }, "E-SC-01: scheme field 'group' is a number, expected an integer")
    refuses({ convention = 4 }, "E-SC-01: scheme field 'convention' is a number, expected a string")
    refuses({ symmetric = 1 }, "E-SC-01: scheme field 'symmetric' is a number, expected true or false")
    refuses({ grp = 1 }, "E-SC-01: unknown scheme field 'grp', allowed: bits, granularity, group")
  end)

  it("refuses fields that contradict each other", function()
    refuses({ granularity = "row" }, "E-SC-02: scheme field 'group' is 64 with granularity 'row'")
    refuses({ group = "nil" }, "E-SC-02: scheme field 'group' is 0 with granularity 'group'")
    refuses({ group = -1 }, "E-SC-02: scheme field 'group' is -1")
    refuses({ symmetric = false },
      "E-SC-02: scheme field 'symmetric' is false with convention 'amax', allowed: true")
    refuses({ zero = "int" }, "E-SC-02: scheme field 'zero' is 'int' with convention 'amax', allowed: none")
    refuses({ convention = "minmax_int_zero", zero = "float" }, "allowed: int")
  end)
end)

describe("core.scheme of floats and blocks", function()
  local function rejects(f, message)
    local ok, err = pcall(core.scheme, f)
    assert.is_false(ok)
    assert.matches(message, err, 1, true)
  end

  it("refuses what contradicts the element", function()
    rejects({ element = "f6", granularity = "row", convention = "amax" },
      "E-SC-01: scheme field 'element' is 'f6', allowed: int, f8e4m3, f4e2m1")
    rejects({ element = "f8e4m3", bits = 4, granularity = "row", convention = "amax" },
      "E-SC-02: scheme field 'bits' is 4 with element 'f8e4m3', allowed: 8")
    rejects({ element = "f8e4m3", granularity = "row", convention = "amax_half_step" },
      "E-SC-02: scheme field 'convention' is 'amax_half_step' with element 'f8e4m3', allowed: amax, amax_reciprocal")
    rejects({ bits = 4, granularity = "group", group = 16, convention = "nvfp4" },
      "E-SC-02: scheme field 'convention' is 'nvfp4' with element 'int', allowed: amax_half_step, amax")
    rejects({ bits = 4, granularity = "row", convention = "amax", scale_dtype = "f8e4m3" },
      "E-SC-02: scheme field 'scale_dtype' is 'f8e4m3' with element 'int', allowed: f32, f16, bf16")
  end)

  it("refuses what contradicts two levels", function()
    local function f4(more)
      local f = { element = "f4e2m1", granularity = "group", group = 16, convention = "nvfp4" }
      for k, v in pairs(more) do f[k] = v end
      return f
    end
    rejects(f4 { granularity = "row", group = 0 },
      "E-SC-02: scheme field 'granularity' is 'row' with convention 'nvfp4', allowed: group")
    rejects(f4 { scale_dtype = "f32" }, "'scale_dtype' is 'f32' with convention 'nvfp4', allowed: f8e4m3")
    rejects(f4 { second = "row" }, "'second' is 'row' with convention 'nvfp4', allowed: tensor")
    rejects(f4 { second = "column" }, "E-SC-01: scheme field 'second' is 'column', allowed: none, tensor, row")
    rejects(f4 { convention = "amax", second = "row" }, "'second' is 'row' with convention 'amax', allowed: none")
    rejects(f4 { convention = "amax", second_dtype = "f16" }, "'second_dtype' is 'f16' with convention 'amax'")
    rejects(f4 { second_dtype = "f8e4m3" }, "E-SC-01: scheme field 'second_dtype' is 'f8e4m3', allowed: f32, f16, bf16")
  end)

  it("refuses blocks that are none", function()
    local function block(b, granularity)
      return { element = "f8e4m3", granularity = granularity or "block", convention = "amax", block = b }
    end
    rejects(block({ 128, 128 }, "row"), "E-SC-02: scheme field 'block' is {128, 128} with granularity 'row'")
    rejects(block(nil), "E-SC-02: scheme field 'block' is {0, 0} with granularity 'block', allowed: 1 or more")
    rejects(block { 0, 4 }, "'block' is {0, 4}")
    rejects(block { 4 }, "E-SC-01: scheme field 'block' is a nil, expected an integer")
    rejects(block { 4, 4, 4 }, "E-SC-01: scheme field 'block' has 3 numbers, expected {rows, columns}")
    rejects(block(128), "E-SC-01: scheme field 'block' is a number, expected {rows, columns}")
  end)
end)

describe("scheme:layout", function()
  it("gives blocks a scale each, short ones too, and two levels their parts", function()
    local f8 = core.scheme { element = "f8e4m3", granularity = "block", block = { 128, 128 }, convention = "amax" }
    assert.same({
      { name = "codes", dtype = "f8e4m3", shape = { 129, 300 }, bytes = 129 * 300 },
      { name = "scale", dtype = "f32", shape = { 2, 3 }, bytes = 24 },
    }, (f8:layout { 129, 300 }))
    assert.same({ 1, 1 }, f8:layout({ 5, 7 })[2].shape)
    local f4 = { element = "f4e2m1", granularity = "group", group = 16, convention = "svdq_nvfp4",
      second_dtype = "bf16" }
    assert.same({
      { name = "codes", dtype = "u8", shape = { 5, 17 }, bytes = 85 },
      { name = "scale", dtype = "f8e4m3", shape = { 5, 3 }, bytes = 15 },
      { name = "second", dtype = "bf16", shape = { 5 }, bytes = 10 },
    }, (core.scheme(f4):layout { 5, 33 }))
    f4.convention, f4.second_dtype = "nvfp4", nil
    assert.same({ name = "second", dtype = "f32", shape = { 1 }, bytes = 4 }, core.scheme(f4):layout({ 5, 33 })[3])
  end)

  it("gives every tensor's dtype, shape and bytes", function()
    local list, bytes = scheme():layout { 5, 131 }
    assert.same({
      { name = "codes", dtype = "u8", shape = { 5, 66 }, bytes = 330 },
      { name = "scale", dtype = "bf16", shape = { 5, 3 }, bytes = 30 },
    }, list)
    assert.equal(360, bytes)
    list = scheme({ bits = 8, granularity = "row", group = "nil", convention = "minmax_int_zero" }):layout { 5, 7 }
    assert.same({
      { name = "codes", dtype = "u8", shape = { 5, 7 }, bytes = 35 },
      { name = "scale", dtype = "bf16", shape = { 5 }, bytes = 10 },
      { name = "zero", dtype = "u8", shape = { 5 }, bytes = 5 },
    }, list)
    list = scheme({ bits = 8, granularity = "tensor", group = "nil", scale_dtype = "f32" }):layout { 5, 7 }
    assert.same({
      { name = "codes", dtype = "i8", shape = { 5, 7 }, bytes = 35 },
      { name = "scale", dtype = "f32", shape = { 1 }, bytes = 4 },
    }, list)
    list = scheme({ convention = "minmax_float_zero", scale_dtype = "f16" }):layout { 2, 64 }
    assert.same({ name = "zero", dtype = "f16", shape = { 2, 1 }, bytes = 4 }, list[3])
  end)

  it("refuses a group that is wider than the row, naming both", function()
    assert.error_matches(function() scheme({ group = 128 }):layout { 8, 64 } end,
      "E%-SC%-03: group 128 is wider than the 64 inputs")
  end)

  it("refuses sizes that overflow", function()
    assert.error_matches(function() scheme():layout { 1 << 40, 1 << 40 } end, "E%-TN%-01: codes")
    assert.error_matches(function() scheme():layout { 3, (1 << 63) - 1 } end, "E%-TN%-01")
    assert.error_matches(function() scheme():layout { -1, 64 } end, "E%-TN%-01")
    assert.error_matches(function() scheme():layout { 64 } end, "{rows, cols}")
  end)
end)
