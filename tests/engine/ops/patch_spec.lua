local core = require "vise.core"
local support = require "support"

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

-- Element (b, c, y, x) of an image [B, C, H, W], all from 0.
local function pixel(v, s, b, c, y, x) return v[((b * s.c + c) * s.h + y) * s.w + x + 1] end

local function each(s, f)
  local across = s.w // s.p
  for b = 0, s.b - 1 do
    for c = 0, s.c - 1 do
      for y = 0, s.h - 1 do
        for x = 0, s.w - 1 do
          local token = y // s.p * across + x // s.p
          local row = (b * (s.h // s.p) * across + token) * s.c * s.p * s.p
          f(row, y % s.p, x % s.p, b, c, y, x)
        end
      end
    end
  end
end

local sizes = {
  { b = 1, c = 1, h = 1, w = 1, p = 1 },
  { b = 2, c = 3, h = 4, w = 6, p = 2 },
  { b = 1, c = 2, h = 9, w = 3, p = 3 },
  { b = 2, c = 1, h = 8, w = 8, p = 8 },
}

describe("core.patchify", function()
  it("cuts images into rows in the order channel, row, column", function()
    for _, s in ipairs(sizes) do
      local image = support.random({ s.b, s.c, s.h, s.w }, 1)
      local v, got = image:totable(), core.patchify(image, s.p)
      assert.same({ s.b, (s.h // s.p) * (s.w // s.p), s.c * s.p * s.p }, { got:shape() })
      local rows = got:totable()
      each(s, function(row, py, px, b, c, y, x)
        assert.equal(pixel(v, s, b, c, y, x), rows[row + (c * s.p + py) * s.p + px + 1])
      end)
    end
  end)

  it("refuses patches that do not fit", function()
    local image = support.random({ 1, 1, 4, 6 }, 1)
    local message = "E-TN-10: an image of 4 x 6 cannot be cut into patches of 4"
    refuses(message, function() core.patchify(image, 4) end)
    refuses("patch size", function() core.patchify(image, 0) end)
    refuses("E-TN-08", function() core.patchify(image:reshape { 1, 4, 6 }, 2) end)
    assert.equal(0, core.patchify(core.tensor("f32", { 0, 1, 4, 4 }), 2):count())
  end)
end)

describe("core.unpatchify", function()
  it("lays rows in the order row, column, channel out as images", function()
    for _, s in ipairs(sizes) do
      local tokens = (s.h // s.p) * (s.w // s.p)
      local x = support.random({ s.b, tokens, s.p * s.p * s.c }, 1)
      local rows = x:totable()
      local image = core.unpatchify(x, { channels = s.c, height = s.h, width = s.w, patch = s.p })
      assert.same({ s.b, s.c, s.h, s.w }, { image:shape() })
      local v = image:totable()
      each(s, function(row, py, px, b, c, y, at)
        assert.equal(rows[row + (py * s.p + px) * s.c + c + 1], pixel(v, s, b, c, y, at))
      end)
    end
  end)

  it("undoes patchify when there is one channel", function()
    local image = support.random({ 2, 1, 12, 8 }, 1)
    local size = { channels = 1, height = 12, width = 8, patch = 4 }
    local back = core.unpatchify(core.patchify(image, 4), size)
    assert.same(image:totable(), back:totable())
  end)

  it("refuses sizes that do not fit", function()
    local x = support.random({ 1, 4, 8 }, 1)
    local function with(c, h, w, p)
      return function() core.unpatchify(x, { channels = c, height = h, width = w, patch = p }) end
    end
    refuses("E-TN-08: the patch tensor is f32 1x4x8, expected f32 1x4x4", with(1, 4, 4, 2))
    refuses("E-TN-10", with(2, 4, 5, 2))
    refuses("E-TN-10", function() core.unpatchify(x, { channels = 2, height = 4, width = 4 }) end)
    refuses("E-TN-08", with(1 << 20, 1 << 20, 1 << 20, 1 << 20)) -- c p p past 2^60 still compares
  end)

  it("takes an image of no pixels at once", function()
    assert.equal(0, core.patchify(core.tensor("f32", { 1 << 50, 1, 0, 0 }), 2):count())
    assert.error_matches(function() core.patchify(core.tensor("f32", { 1, 1 << 40, 0, 0 }), 1 << 20) end,
      "E%-TN%-10")
  end)
end)
