local core = require "vise.core"
local support = require "support"

local KERNELS = { "int8", "grouped", "nvfp4", "float8", "f32", "f16", "bf16", "w8", "w4", "w8f", "gemm", "gemm_few" }

describe("core.bench_problem", function()
  for _, kernel in ipairs(KERNELS) do
    it("makes a right problem of " .. kernel, function()
      for _, shape in ipairs { { 1, 64, 32, 32 }, { 7, 192, 45, 48 }, { 26, 192, 70, 64 } } do
        local m = kernel == "gemm_few" and math.min(8, shape[1]) or shape[1]
        local p <close> = core.bench_problem(kernel, { m = m, k = shape[2], n = shape[3], group = shape[4] }, "bf16")
        assert.is_true(p:check())
        assert.is_true(p:run())
        assert.equal(1, p:copies())
      end
    end)
  end

  it("cuts a product of one channel among many threads", function()
    local before = core.threads()
    local p <close> = core.bench_problem("gemm", { m = 2, k = 64, n = 1 })
    core.threads(3)
    local ran = p:run()
    core.threads(before)
    assert.is_true(ran)
  end)

  it("takes scales of every type, and activations with a scale a row or a group", function()
    for _, dtype in ipairs { "f32", "f16", "bf16", "f8e4m3" } do
      for _, blocks in ipairs { false, true } do
        local p <close> = core.bench_problem("grouped", { m = 3, k = 64, n = 40, group = 16, blocks = blocks }, dtype)
        assert.is_true(p:check())
      end
    end
  end)

  it("goes through as many copies as cold weights need", function()
    local p <close> = core.bench_problem("int8", { m = 1, k = 64, n = 32, cold = 10000 })
    assert.equal(64 * 32, p:weights())
    assert.equal(5, p:copies())
    assert.is_true(p:run())
  end)

  it("refuses shapes that no kernel takes", function()
    assert.error_matches(function() core.bench_problem("w4", { k = 64, group = 24 }) end, "E%-HW%-08")
    assert.error_matches(function() core.bench_problem("int8", { k = 12 }) end, "no int8 kernel takes 1 rows")
    assert.error_matches(function() core.bench_problem("gemm_few", { m = 9 }) end, "E%-HW%-08")
    assert.error_matches(function() core.bench_problem("w4", {}, "i8") end, "scales are f32")
    assert.error_matches(function() core.bench_problem "w9" end, "invalid option 'w9'")
    assert.error_matches(function() core.bench_problem("int8", { rows = 1 }) end, "unknown option 'rows'")
  end)

  it("is closed once", function()
    local p = core.bench_problem "int8"
    p:close()
    p:close()
    assert.error_matches(function() p:run() end, "problem is closed")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local failures = support.sweep(function()
      local p <close> = core.bench_problem("float8", { m = 2, k = 64, n = 32 })
      return p and p:check()
    end)
    assert.equal(12, failures) -- a problem and its arrays, and three to check it
  end)
end)

describe("core.bench_peak", function()
  it("says how much it did, and where there is no such loop", function()
    for _, kind in ipairs { "int8", "f32" } do
      assert.is_nil(core.bench_peak(kind, "ref"))
      for _, backend in ipairs(core.cpu().backends) do
        if backend.runs and backend.name ~= "ref" then assert.is_true(core.bench_peak(kind, backend.name) > 0) end
      end
    end
    assert.error_matches(function() core.bench_peak "int7" end, "invalid option 'int7'")
  end)
end)

describe("core.bench_memory", function()
  it("reads or copies each slice, the last one shorter", function()
    local from, to = core.tensor_of("u8", { 1000 }, ("\7"):rep(1000)), core.tensor("u8", { 1000 })
    assert.equal(2000, core.bench_memory(from, 300, 2, to))
    assert.same(from:totable(), to:totable())
    local whole = core.tensor("u8", { 1000 })
    assert.equal(1000, core.bench_memory(from, math.maxinteger, 1, whole))
    assert.same(from:totable(), whole:totable())
    local read = core.bench_memory(from, 256, 3)
    assert.is_true(read == 3000 or read == nil and core.backend() == "ref")
  end)

  it("refuses what makes no sense", function()
    local a, b = core.tensor("u8", { 8 }), core.tensor("u8", { 9 })
    assert.error_matches(function() core.bench_memory(a, 0, 1) end, "at least one byte")
    assert.error_matches(function() core.bench_memory(a, 8, 0) end, "1 to 2%^20 passes")
    assert.error_matches(function() core.bench_memory(a, 8, 1, b) end, "the same size")
    assert.error_matches(function() core.bench_memory(a, 8, 1, a) end, "memory of its own")
  end)
end)

describe("core.bench_handoff", function()
  it("hands over nothing, as often as asked", function()
    assert.equal(0, select("#", core.bench_handoff(3)))
  end)
end)

describe("core.onednn", function()
  local function problem(kind, shape)
    local p, message = core.onednn(kind, shape)
    if not p then pending(message) end
    return p
  end

  it("computes the products that ours are compared with", function()
    for _, kind in ipairs { "int8", "bf16", "f32" } do
      local p <close> = problem(kind, { m = 5, k = 70, n = 33, cold = 40000 })
      assert.is_true(p:check())
      assert.is_true(p:run())
      assert.is_true(p:copies() > 1)
      assert.is_true(p:copies() * p:weights() >= 40000)
    end
  end)

  it("leaks nothing, whichever allocation fails", function()
    problem("f32", {}):close()
    assert.equal(7, support.sweep(function()
      local p <close> = core.onednn("f32", { m = 2, k = 8, n = 8 })
      return p and true
    end))
  end)

  it("is closed once", function()
    local p = problem("int8", {})
    p:close()
    p:close()
    assert.error_matches(function() p:run() end, "problem is closed")
  end)
end)
