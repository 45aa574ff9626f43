-- Quantized linear layers of every type: what they compute, store and take.

local core = require "vise.core"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"
local support = require "support"

local OUT, IN, RANK = 37, 144, 4 -- tails in every group and block

local NAMES = { "float8_per_tensor", "float8_per_row", "float8_per_block", "float8_weight_only",
  "float8_per_tensor_static", "float8_per_row_static", "int8_per_tensor", "int8_per_row", "int8_weight_only",
  "int8_per_tensor_static", "int8_per_row_static", "int4_weight_only", "int4_weight_only_g16",
  "int4_weight_only_g64", "int4_weight_only_g128", "int4_weight_only_row", "int3_weight_only",
  "int3_weight_only_row", "int2_weight_only_g64", "w4a8", "w4a8_g32", "nvfp4", "nvfp4_weight_only",
  "svdq_int4_r0_dq",
  "svdq_int4_r4_dq", "svdq_int4_r4", "svdq_nvfp4_r0_dq", "svdq_nvfp4_r4_dq", "svdq_nvfp4_r4" }

local function scheme_of(type, storage)
  return core.scheme(quant_types.scheme_args(type.weight, storage))
end

-- A layer of a type, from random parts.
local function make(name, storage, bias_dtype)
  local type = quant_types.parse(name)
  local w <close> = support.random({ OUT, IN }, 1)
  local parts = { type = type, weight = assert(core.encode(scheme_of(type, storage), w)) }
  if type.smooth == "activation" then
    parts.smooth = support.random({ IN }, 2):mul(0.5):add(1.5):to(storage)
  end
  if (type.rank or 0) > 0 then
    parts.down = support.random({ RANK, IN }, 3):to(storage)
    parts.up = support.random({ OUT, RANK }, 4):to(storage)
  end
  if type.static then
    parts.act_scale = assert(quantized_linear.act_scale(type, core.tensor_of("f32", { 2 }, { -0.5, 0.75 })))
  end
  if bias_dtype then parts.bias = support.random({ OUT }, 5):to(bias_dtype) end
  return assert(quantized_linear.new(parts))
end

describe("vise.nn.quantized_linear", function()
  for _, name in ipairs(NAMES) do
    it("computes " .. name .. " as its formula says", function()
      local q = make(name, "bf16", "f16")
      local x = support.random({ 3, 5, IN }, 7)
      local seen = q.smooth_f32 and x:div(q.smooth_f32) or x
      if q.activation then
        seen = core.simulate(q.activation, seen, nil, q.act_scale and q.act_scale:get(1))
      end
      local want = core.linear(seen, q.weight:decode(), nil)
      if q.up then want = want:add(core.linear(core.linear(x, q.down, nil), q.up, nil)) end
      want = want:add(q.bias:to "f32")
      local got = assert(q:forward(x))
      assert.same({ 3, 5, OUT }, { got:shape() })
      -- Terms below 1 * 1 (weights) and IN * RANK (branch): each product and sum is rounded once, in
      -- another order on either side.
      assert.is_true(core.compare(got, want).max_abs <= 2 * (IN + 8) * 2 ^ -24 * IN, name)
      assert.is_true(core.compare(got, want).rel_l2 <= 1e-5, name)
    end)

    it("stores, takes and gives back " .. name .. " to the byte", function()
      for _, storage in ipairs { "f16", "bf16" } do
        for _, bias in ipairs { "f32", "f16", false } do
          local q = make(name, storage, bias or nil)
          local layout = quantized_linear.layout(q.type, { OUT, IN }, storage, bias or nil)
          local tensors, saved, bytes = q:tensors(), {}, 0
          assert.equal(#layout, #tensors)
          for i, t in ipairs(tensors) do
            assert.equal(layout[i].param, t.param)
            assert.equal(layout[i].dtype, t.tensor:dtype())
            assert.same(layout[i].shape, { t.tensor:shape() })
            assert.equal(layout[i].bytes, t.tensor:bytes())
            saved[t.param], bytes = t.tensor:copy(), bytes + layout[i].bytes
          end
          assert.equal(quantized_linear.memory(q.type, { OUT, IN }, storage, bias or nil), q:bytes())
          assert.is_true(q:bytes() >= bytes)
          local again = assert(quantized_linear.from_tensors(q.type, { OUT, IN }, storage, saved))
          local x = support.random({ 4, IN }, 8)
          assert.equal(q:forward(x):tobytes(), again:forward(x):tobytes())
          assert.equal(q:dequantize():tobytes(), again:dequantize():tobytes())
          assert.equal(q:bytes(), again:bytes())
        end
      end
    end)
  end

  it("counts each part once: two levels, static scales, smoothing, factors", function()
    local function layout(name)
      local list = {}
      for _, t in ipairs(quantized_linear.layout(quant_types.parse(name), { 32, 64 }, "bf16", "f16")) do
        list[#list + 1] = ("%s %s %s %d"):format(t.param, t.dtype, table.concat(t.shape, "x"), t.bytes)
      end
      return list
    end
    assert.same({ "codes u8 32x32 1024", "scale f8e4m3 32x4 128", "second bf16 32 64", "smooth bf16 64 128",
      "down bf16 8x64 1024", "up bf16 32x8 512", "bias f16 32 64" }, layout "svdq_nvfp4_r8")
    assert.same({ "codes u8 32x32 1024", "scale f8e4m3 32x4 128", "second f32 1 4", "bias f16 32 64" },
      layout "nvfp4")
    assert.same({ "codes f8e4m3 32x64 2048", "scale f32 1x1 4", "bias f16 32 64" }, layout "float8_per_block")
    assert.same({ "codes i8 32x64 2048", "scale f32 32 128", "act_scale f32 1 4", "bias f16 32 64" },
      layout "int8_per_row_static")
  end)

  it("makes the scale of a static type by its convention", function()
    local range = core.tensor_of("f32", { 2 }, { -3, 2 })
    local function scale(name) return quantized_linear.act_scale(quant_types.parse(name), range):totable() end
    local function f32(x) return core.tensor_of("f32", { 1 }, { x }):totable() end
    assert.same(f32(3 / 127.5), scale "int8_per_row_static")
    assert.same(f32(3 / 448), scale "float8_per_tensor_static")
    range = core.tensor("f32", { 2 })
    assert.same({ 2 ^ -23 }, scale "int8_per_tensor_static")
    assert.same({ 1 }, scale "float8_per_row_static")
    range:set(2, math.huge)
    local none, message, id = quantized_linear.act_scale(quant_types.parse "int8_per_row_static", range)
    assert.same({ nil, "E-SC-04" }, { none, id })
    assert.is_string(message)
  end)

  it("gives the bias alone for zeros", function()
    local x = core.tensor("f32", { 2, IN })
    for _, name in ipairs(NAMES) do
      local q = make(name, "f16", "f32")
      local y, bias = q:forward(x):totable(), q.bias:totable()
      for i, v in ipairs(y) do assert(v == bias[(i - 1) % OUT + 1], name) end
    end
  end)

  it("names NaN in its input", function()
    for _, name in ipairs(NAMES) do
      local q = make(name, "f16")
      if q.activation then
        local x = support.random { 2, IN }
        x:set(IN + 5, 0 / 0)
        local y, message, id = q:forward(x)
        assert.same({ nil, "E-SC-04" }, { y, id })
        assert.matches("row 2, column 5 is NaN", message, 1, true)
      end
    end
  end)

  it("frees what it holds", function()
    for _, name in ipairs(NAMES) do
      collectgarbage()
      collectgarbage()
      local before = core.memory().bytes
      local q = make(name, "f16")
      q:close()
      collectgarbage()
      collectgarbage()
      assert.equal(before, core.memory().bytes, name)
    end
  end)

  it("refuses tensors of another type", function()
    local q = make("svdq_nvfp4_r4", "bf16")
    local saved = {}
    for _, t in ipairs(q:tensors()) do saved[t.param] = t.tensor end
    local none, _, id = quantized_linear.from_tensors(quant_types.parse "nvfp4", { OUT, IN }, "bf16", saved)
    assert.same({ nil, "E-SC-06" }, { none, id })
    saved.second = nil
    none, _, id = quantized_linear.from_tensors(q.type, { OUT, IN }, "bf16", saved)
    assert.same({ nil, "E-SC-06" }, { none, id })
  end)

  it("refuses a saved scale of activations that is none", function()
    local q = make("int8_per_row_static", "bf16")
    for _, bad in ipairs { 0, -1, 0 / 0, math.huge } do
      local saved = {}
      for _, t in ipairs(q:tensors()) do saved[t.param] = t.tensor end
      saved.act_scale = core.tensor_of("f32", { 1 }, { bad })
      local none, message, id = quantized_linear.from_tensors(q.type, { OUT, IN }, "bf16", saved)
      assert.same({ nil, "E-SC-07" }, { none, id })
      assert.matches("tensor 'act_scale' is", message, 1, true)
    end
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x = support.random { 2, IN }
    for _, name in ipairs { "svdq_nvfp4_r4", "float8_per_row_static", "nvfp4", "int8_per_tensor_static" } do
      local q = make(name, "f16", "f16")
      support.sweep(function()
        local ok, y = pcall(q.forward, q, x)
        return ok and y or nil
      end)
    end
  end)

  it("is put together whole or not at all, whichever allocation fails", function()
    local q = make("svdq_nvfp4_r4", "f16", "f16")
    local parts = { type = q.type, weight = q.weight, smooth = q.smooth, down = q.down, up = q.up, bias = q.bias }
    support.sweep(function()
      local ok, made = pcall(quantized_linear.new, parts)
      if not ok or not made then return nil end
      assert.is_truthy(made.smooth_f32 and made.packed_down and made.packed_up)
      made.smooth_f32:close()
      for _, name in ipairs { "packed", "packed_down", "packed_up" } do made[name]:close() end
      return true
    end)
  end)
end)
