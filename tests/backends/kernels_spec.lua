local core = require "vise.core"

local FIXED_SEED = 42

-- One `it` per kernel of every backend, each judged against ref; `gemm` with our own code and
-- with OpenBLAS behind it.
for _, backend in ipairs { "ref", "avx2", "avxvnni", "avx512" } do
  for _, blas in ipairs { false, true } do
    describe("backend " .. backend .. (blas and " with BLAS" or ""), function()
      local results, why = core.selftest(backend, FIXED_SEED, blas, blas and "gemm" or nil)
      if not results then
        pending(why, function() end)
        return
      end
      for _, r in ipairs(results) do
        it(r.kernel .. " agrees with ref", function()
          assert.is_true(r.ok, ("differs at n = %d"):format(r.n))
          assert.is_true(r.worst <= 1)
        end)
      end
    end)
  end
end

describe("core.selftest", function()
  it("names every kernel once", function()
    local seen, count = {}, 0
    for _, r in ipairs(core.selftest("ref", 1)) do
      assert.is_nil(seen[r.kernel])
      seen[r.kernel] = true
      count = count + 1
    end
    assert.equal(42, count)
  end)

  it("judges the one kernel that is named, and none of another name", function()
    local one = core.selftest("ref", 1, true, "gemm")
    assert.equal(1, #one)
    assert.equal("gemm", one[1].kernel)
    assert.same({}, core.selftest("ref", 1, true, "gem"))
  end)

  it("gives the same verdict for the same seed", function()
    assert.same(core.selftest("ref", 3, true), core.selftest("ref", 3, true))
  end)

  it("says when there is no memory", function()
    local live = core.memory().blocks
    core.fail_after(0)
    local results, _, id = core.selftest("ref", 1)
    core.fail_after(-1)
    assert.is_nil(results)
    assert.equal("E-MM-01", id)
    assert.equal(live, core.memory().blocks)
  end)

  it("refuses a backend it does not know", function()
    assert.error_matches(function() core.selftest("avx9", 1) end,
      "E-HW-01: no backend 'avx9', expected ref, avx2, avxvnni or avx512", 1, true)
  end)
end)

describe("core.backend", function()
  it("refuses a name it does not know, and changes nothing", function()
    local before = core.backend()
    assert.error_matches(function() core.backend "avx9" end,
      "E-HW-01: no backend 'avx9', expected ref, avx2, avxvnni or avx512", 1, true)
    assert.equal(before, core.backend())
  end)

  it("takes each backend this CPU runs, and says why not of the others", function()
    local before = core.backend()
    finally(function() core.backend(before) end)
    for _, b in ipairs(core.cpu().backends) do
      local name, _, id = core.backend(b.name)
      if b.runs then
        assert.equal(b.name, name)
      else
        assert.is_nil(name)
        assert.equal("E-HW-02", id)
      end
    end
  end)
end)

describe("core.cpu", function()
  it("lists the backends worst first, of which ref runs everywhere", function()
    local names = {}
    for i, b in ipairs(core.cpu().backends) do names[i] = b.name end
    assert.equal("ref", names[1])
    assert.is_true(core.cpu().backends[1].runs)
  end)

  it("names only features that the wider backends need", function()
    local known = { avx2 = 1, fma = 1, f16c = 1, avx_vnni = 1, avx512f = 1, avx512bw = 1, avx512vl = 1,
      avx512dq = 1, avx512vnni = 1, avx512bf16 = 1 }
    for _, name in ipairs(core.cpu().features) do assert.equal(1, known[name]) end
  end)
end)

describe("VISE_BACKEND", function()
  it("stops the program when it names no backend", function()
    local command = [[echo 'require "vise.core"' | VISE_BACKEND=avx9 /proc/$PPID/exe /dev/stdin 2>&1]]
    local pipe <close> = assert(io.popen(command))
    local out = pipe:read "a"
    assert.matches("E-HW-01: no backend 'avx9', expected ref, avx2, avxvnni or avx512", out, 1, true)
  end)
end)
