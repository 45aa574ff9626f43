local core = require "vise.core"
local support = require "support"

describe("core.workspace", function()
  local x, w = support.random { 300, 64 }, support.random({ 70, 64 }, 2):to "f16"
  local y = assert(core.linear(x, w))

  -- Blocks that a product with weights of 16 bits allocates: each thread converts them by panels.
  local function allocated()
    local before = core.memory().total
    assert(core.linear(x, w, nil, y))
    return core.memory().total - before
  end

  local function inside(work, f)
    assert(work:begin())
    local result = f()
    work:finish()
    return result
  end

  it("is as large as what was wanted in it, so that the next time nothing is allocated", function()
    local work <close> = core.workspace()
    local want = y:tobytes()
    assert.equal(0, work:bytes())
    assert.equal(1, inside(work, allocated))
    assert.is_true(work:bytes() >= 70 * 64 * 4)
    assert.is_true(work:bytes() <= core.threads() * (256 * 64 * 4 + 64) + 64)
    assert.equal(0, inside(work, allocated))
    assert.equal(want, y:tobytes())
  end)

  it("serves operators only between begin and finish", function()
    local work <close> = core.workspace()
    inside(work, allocated)
    assert.equal(1, allocated())
    inside(work, function() return 0 end)
    assert.equal(0, inside(work, allocated))
    work:begin()
    work:close()
    assert.equal(1, allocated())
  end)

  it("leaks nothing, whichever allocation fails", function()
    local failures = support.sweep(function()
      local work <close> = core.workspace()
      for _ = 1, 2 do
        if not work:begin() then return nil end
        local done = core.linear(x, w, nil, y)
        work:finish()
        if not done then return nil end
      end
      return true
    end)
    assert.equal(2, failures) -- what did not fit, and the block that holds it the second time
  end)
end)

describe("core.record", function()
  after_each(function() core.record(nil) end)

  it("hears functions and methods by name, and decides what they give", function()
    local heard, t = {}, core.tensor_of("f32", { 2 }, { 1, 2 })
    core.record(function(name, f, ...)
      heard[#heard + 1] = name
      if name == "tensor:dtype" then return "none" end
      return f(...)
    end)
    local sum = t:add(t)
    core.softmax(sum, sum)
    assert.equal("none", sum:dtype())
    core.record(nil)
    assert.equal("f32", sum:dtype())
    assert.same({ "tensor:add", "softmax", "tensor:dtype" }, heard)
  end)

  it("passes on what is raised and what fails", function()
    core.record(function(_, f, ...) return f(...) end)
    assert.error_matches(function() core.silu(4) end, "tensor expected")
    local t = core.tensor_of("f32", { 1 }, { 0 / 0 })
    assert.equal("E-NU-01", (select(3, core.top_p(t, {}))))
  end)
end)
