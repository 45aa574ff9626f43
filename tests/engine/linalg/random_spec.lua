local core = require "vise.core"
local support = require "support"

local function near(want, got, tolerance)
  assert.equal(#want, #got)
  for i = 1, #want do assert.near(want[i], got[i], tolerance) end
end

describe("core.random", function()
  it("is the Mersenne twister", function()
    -- The C++ standard names the 10,000th output for the default seed.
    local g = core.random(5489)
    assert.equal(3499211612, g:u32())
    for _ = 2, 9999 do g:u32() end
    assert.equal(4123659995, g:u32())
  end)

  it("draws PyTorch's uniforms", function()
    near({ 0.4963, 0.7682, 0.0885, 0.1320 }, core.random(0):uniform({ 4 }):totable(), 5e-5)
  end)

  it("draws PyTorch's normals, sixteen and more", function()
    local got = core.random(0):normal { 256, 128 }
    near({ -1.1258398, -1.1523602, -0.2505786 }, got:reshape({ 256 * 128 }):rows(1, 3):totable(), 5e-7)
  end)

  it("draws PyTorch's normals, fewer than sixteen", function()
    local want = { 1.5410, -0.2934, -2.1788, 0.5684, -1.0845, -1.3986 }
    near(want, core.random(0):normal({ 2, 3 }):totable(), 5e-5)
    -- The sine of a pair waits for the next call.
    local g, got = core.random(0), {}
    for i, n in ipairs { 1, 3, 2 } do
      local t = g:normal { n }
      for j = 1, n do got[#got + 1] = t:get(j) end
      assert.equal(({ 1, 4, 6 })[i], #got)
    end
    near(want, got, 5e-5)
  end)

  it("makes the last sixteen anew when sixteen does not divide the count", function()
    local g, h = core.random(3), core.random(3)
    local odd, whole = g:normal({ 37 }):totable(), h:normal({ 48 }):totable()
    -- The first 32 uniforms are the same; the last 16 normals come from draws 38 to 53.
    for i = 1, 21 do assert.equal(whole[i], odd[i]) end
    local u = core.random(3)
    u:uniform { 37 }
    near(u:normal({ 16 }):totable(), table.move(odd, 22, 37, 1, {}), 0)
  end)

  it("gives reals of 53 bits from two draws, the high one first", function()
    local g, h = core.random(9), core.random(9)
    local bits = h:u32() << 32 | h:u32()
    assert.equal((bits & (1 << 53) - 1) * 2.0 ^ -53, g:real())
    assert.equal(h:u32(), g:u32())
  end)

  it("keeps its draws in range and of the right spread", function()
    local u = core.random(1):uniform { 100000 }
    assert.is_true(u:min() >= 0 and u:max() < 1)
    assert.near(0.5, u:mean(), 5 / math.sqrt(12 * 1e5))
    local n = core.random(2):normal { 100000 }
    assert.near(0, n:mean(), 5 / math.sqrt(1e5))
    assert.near(1, n:norm() ^ 2 / 1e5, 5 * math.sqrt(2 / 1e5))
    assert.is_nil(n:nonfinite())
  end)

  it("gives equal seeds equal numbers, and generators their own state", function()
    local g, h = core.random(7), core.random(7)
    core.random(8):u32()
    assert.equal(g:u32(), h:u32())
    assert.are_not.equal(core.random(0):u32(), core.random(4294967295):u32())
  end)

  it("fills any shape, and none", function()
    local g = core.random(0)
    assert.same({ 2, 3, 4 }, { g:normal({ 2, 3, 4 }):shape() })
    assert.equal(0, g:normal({ 0, 5 }):count())
    assert.equal(1, g:uniform({}):count())
  end)

  it("refuses seeds out of range", function()
    for _, seed in ipairs { -1, 2 ^ 32, 1.5 } do assert.has_error(function() core.random(seed) end) end
  end)

  it("leaks nothing when a tensor cannot be made", function()
    local g = core.random(0)
    assert.is_true(support.sweep(function() return g:normal { 100 } end) > 0)
  end)
end)

describe("the weight of decaying spectrum", function()
  it("has the published figures", function()
    local w = require("spectral").weight { rows = 256, cols = 128 }
    local values = w:totable()
    near({ 0.1232866, 0.1160923, -0.1429146, 0.1757894 }, table.move(values, 1, 4, 1, {}), 5e-7)
    assert.near(0.1747787, values[256 * 128], 5e-7)
    assert.near(23.016655, w:norm(), 2e-6 * 23)
    assert.near(-16.3929, w:sum(), 5e-5)
    assert.near(0.593922, math.max(w:max(), -w:min()), 2e-6)
    local _, s = core.svd(w)
    local sigma = s:totable()
    near({ 7.00772, 6.70843, 6.14954, 5.93794, 1.67788, 1.60078, 1.53625, 0.06981 },
      { sigma[1], sigma[2], sigma[3], sigma[4], sigma[32], sigma[33], sigma[34], sigma[128] }, 7e-6)
    for rank, want in pairs { [16] = 0.48847, [32] = 0.24730, [64] = 0.07252 } do
      local tail, all = 0, 0
      for j, v in ipairs(sigma) do
        all = all + v * v
        if j > rank then tail = tail + v * v end
      end
      assert.near(want, math.sqrt(tail / all), 6e-6)
    end
  end)
end)
