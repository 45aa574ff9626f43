local core = require "vise.core"
local support = require "support"

describe("core.bench_products", function()
  it("times each product, few rows apart", function()
    local few = core.bench_products { m = 3, k = 128, n = 64, group = 32, repeats = 1 }
    for _, name in ipairs { "w8a8", "w4a8", "gemm", "gemm_few" } do assert.is_true(few[name] > 0) end
    local many = core.bench_products { m = 70, k = 128, n = 64, group = 32, repeats = 1 }
    assert.is_true(many.w8a8 > 0)
    assert.equal(0, many.gemm_few)
  end)

  it("refuses shapes that the panels cannot take", function()
    assert.error_matches(function() core.bench_products { n = 33 } end, "multiple of 32")
    assert.error_matches(function() core.bench_products { group = 12 } end, "multiple of 8")
    assert.error_matches(function() core.bench_products { k = 96, group = 64 } end, "multiple of group")
    assert.error_matches(function() core.bench_products { rows = 1 } end, "unknown option 'rows'")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local failures = support.sweep(function()
      return (core.bench_products { m = 2, k = 64, n = 32, group = 32, repeats = 1 })
    end)
    assert.equal(11, failures) -- the arrays of a problem
  end)
end)

describe("core.bench_rows", function()
  it("times each kernel of a row once", function()
    local seen = {}
    for _, row in ipairs(core.bench_rows { n = 100, repeats = 1 }) do
      assert.is_nil(seen[row.kernel])
      seen[row.kernel] = row.seconds
      assert.is_true(row.seconds >= 0)
    end
    assert.is_truthy(seen.softmax)
  end)

  it("leaks nothing, whichever allocation fails", function()
    assert.equal(4, support.sweep(function() return (core.bench_rows { n = 10, repeats = 1 }) end))
  end)
end)
