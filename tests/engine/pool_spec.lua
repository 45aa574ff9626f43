local core = require "vise.core"
local support = require "support"

describe("core.threads", function()
  local before
  before_each(function() before = core.threads() end)
  after_each(function() core.threads(before) end)

  it("takes 1 to 8 threads, and 256", function()
    for _, n in ipairs { 1, 2, 3, 4, 5, 6, 7, 8, 256, 1 } do
      assert.equal(n, core.threads(n))
      assert.equal(n, core.threads())
    end
  end)

  it("refuses any other number, and changes nothing", function()
    for _, n in ipairs { 0, -1, 257, math.maxinteger, math.mininteger } do
      assert.error_matches(function() core.threads(n) end, "E%-HW%-03: .* expected 1 to 256")
      assert.equal(before, core.threads())
    end
  end)

  it("takes VISE_BLAS only as 0 or 1", function()
    local script <const> = support.file "io.write(select(2, require('vise.core').backend()) or 'none')"
    for value, want in pairs { ["0"] = "none", ["1"] = "openblas", off = "E%-HW%-07: VISE_BLAS is 'off', expected" } do
      local pipe <close> = io.popen(("VISE_BLAS=%s %s %s 2>&1"):format(value, arg[-1], script))
      assert.matches(want, pipe:read "a")
    end
    os.remove(script)
  end)

  it("takes VISE_THREADS only when it is a number", function()
    local script = support.file("print(require('vise.core').threads())", ".lua")
    for value, want in pairs { ["3"] = "^3\n", ["4x"] = "E%-HW%-03", many = "E%-HW%-03", ["0"] = "E%-HW%-03" } do
      local pipe <close> = io.popen(("VISE_THREADS=%s %s %s 2>&1"):format(value, arg[-1], script))
      assert.matches(want, pipe:read "a")
    end
    os.remove(script)
  end)

  it("keeps the backend", function()
    local backend, blas = core.backend()
    core.threads(3)
    assert.same({ backend, blas }, { core.backend() })
  end)

  it("leaves no block behind when threads cannot be had", function()
    collectgarbage()
    collectgarbage()
    local live = core.memory().blocks
    for n = 0, 1 do
      core.fail_after(n)
      local threads, _, id = core.threads(2)
      core.fail_after(-1)
      collectgarbage()
      assert.is_nil(threads)
      assert.equal("E-MM-01", id)
      assert.equal(live, core.memory().blocks)
    end
  end)

  it("changes no bit of a result", function()
    local first
    local a <close> = support.random({ 130, 70 }, 1)
    local b <close> = support.random({ 70, 90 }, 2)
    for n = 1, 8 do
      core.threads(n)
      local y <close> = core.matmul(a, b)
      first = first or y:tobytes()
      assert.equal(first, y:tobytes())
    end
  end)

  it("leaves the processors alone when there is nothing to do", function()
    local x = support.random({ 100, 1000 }, 1)
    for _, n in ipairs { 2, 4, 64 } do
      core.threads(n)
      x:add(1)
      local used = os.clock() -- by all threads
      local pipe <close> = io.popen "sleep 0.4"
      pipe:read "a"
      assert.is_true(os.clock() - used < 0.1)
    end
  end)

  it("keeps the bits of many small jobs in a row, whoever comes too late for them", function()
    local q, k = support.random({ 1, 3, 40 }, 1), support.random({ 1, 5, 40 }, 2)
    core.threads(1)
    local want = core.attention(q, k, k, { heads = 10 }):tobytes()
    for _, n in ipairs { 2, 3, 16, 64 } do
      core.threads(n)
      for _ = 1, 300 do
        assert.is_true(want == core.attention(q, k, k, { heads = 10 }):tobytes())
      end
    end
  end)
end)
