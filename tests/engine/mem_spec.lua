local core = require "vise.core"

local MIB = 1 << 20

describe("core.memory", function()
  it("counts what tensors hold, and forgets it when they close", function()
    collectgarbage()
    local before = core.memory()
    local t <close> = core.tensor("f32", { MIB })
    local during = core.memory()
    assert.is_true(during.bytes - before.bytes >= 4 * MIB)
    assert.is_true(during.blocks > before.blocks)
    t:close()
    assert.same({ before.blocks, before.bytes }, { core.memory().blocks, core.memory().bytes })
  end)

  it("remembers the peak since the last reset", function()
    collectgarbage()
    core.reset_peak()
    local base = core.memory().peak
    core.tensor("u8", { 3 * MIB }):close()
    local peak = core.memory().peak
    assert.is_true(peak - base >= 3 * MIB)
    assert.is_true(peak - base < 3 * MIB + 4096) -- the tensor and its header, nothing else
    core.reset_peak()
    assert.is_true(core.memory().peak < peak)
  end)
end)

describe("core.memory().total", function()
  it("counts every block that was ever allocated", function()
    local before = core.memory().total
    core.tensor("u8", { 3 }):close()
    core.tensor("u8", { 3 }):close()
    assert.equal(4, core.memory().total - before) -- each has its bytes and what counts its views
  end)
end)

describe("core.memory_limit", function()
  after_each(function() core.memory_limit(-1) end)

  it("refuses what would pass it, and says so", function()
    collectgarbage()
    core.memory_limit(core.memory().bytes + MIB)
    local t, message, id = core.tensor("u8", { 2 * MIB })
    assert.is_nil(t)
    assert.equal("E-MM-01", id)
    assert.matches("no memory for 2097152 bytes", message, 1, true)
  end)

  it("allows what fits, again after something is closed", function()
    collectgarbage()
    core.memory_limit(core.memory().bytes + 3 * MIB)
    local a = assert(core.tensor("u8", { 2 * MIB }))
    assert.is_nil((core.tensor("u8", { 2 * MIB })))
    a:close()
    local b <close> = core.tensor("u8", { 2 * MIB })
    assert.equal(2 * MIB, b:count())
  end)

  it("refuses the largest numbers, with other memory in use", function()
    local t <close> = core.tensor("u8", { MIB })
    for _, less in ipairs { 0, 128, 200, MIB } do
      local none, _, id = core.tensor("u8", { math.maxinteger - less })
      assert.same({ nil, "E-MM-01" }, { none, id })
    end
    assert.equal(MIB, t:bytes())
  end)

  it("is lifted by -1", function()
    core.memory_limit(0)
    assert.is_nil((core.tensor("u8", { 1 })))
    core.memory_limit(-1)
    local t <close> = core.tensor("u8", { MIB })
    assert.equal(MIB, t:count())
  end)
end)
