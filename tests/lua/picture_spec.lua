local core = require "vise.core"
local picture = require "vise.picture"

-- A batch of 2 x 2 images whose pixels are all `value`, but the last one of each.
local function batch(n, value, last)
  local values = {}
  for i = 1, 4 * n do values[i] = i % 4 == 0 and last or value end
  return core.tensor_of("f32", { n, 1, 2, 2 }, values)
end

local function rows(t)
  local bytes, list = t:tobytes(), {}
  local _, width = t:shape()
  for at = 1, #bytes, width do list[#list + 1] = { bytes:byte(at, at + width - 1) } end
  return list
end

describe("picture.grid", function()
  it("puts each batch in a row, images side by side, a dark gap around", function()
    -- -1 is 0, 1 is 255, 0 is 127.5, which rounds to the even 128; what lies outside is cut off.
    local got = picture.grid({ batch(2, 1, -1), batch(2, 0, 7) }, { zoom = 1, gap = 1 })
    assert.same({
      { 0, 255, 255, 0, 255, 255, 0 },
      { 0, 255, 0, 0, 255, 0, 0 },
      { 0, 0, 0, 0, 0, 0, 0 },
      { 0, 128, 128, 0, 128, 128, 0 },
      { 0, 128, 255, 0, 128, 255, 0 },
      { 0, 0, 0, 0, 0, 0, 0 },
    }, rows(got))
  end)

  it("shows as many columns as asked for, each pixel as large as asked for", function()
    assert.same({ { 255, 255, 255, 255 }, { 255, 255, 255, 255 }, { 255, 255, 0, 0 }, { 255, 255, 0, 0 } },
      rows(picture.grid({ batch(3, 1, -1) }, { zoom = 2, gap = 0, columns = 1 })))
    assert.same({ 2 * 3 + 4, 3 * 2 * 3 + 4 * 4 }, { picture.grid({ batch(3, 1, 1) }):shape() })
  end)

  it("leaves the images as they were", function()
    local images = batch(1, 3, -3)
    local before = images:tobytes()
    picture.grid { images }
    assert.equal(before, images:tobytes())
  end)

  it("raises for what is no list of equal batches of grey images", function()
    assert.error_matches(function() picture.grid {} end, "E%-TN%-09: .* got an empty one")
    assert.error_matches(function() picture.grid(batch(1, 1, 1)) end, "E%-TN%-09: .* got userdata")
    assert.error_matches(function() picture.grid { batch(2, 1, 1), batch(1, 1, 1) } end,
      "E%-TN%-08: batch 2 is tensor f32 1x1x2x2, the first is tensor f32 2x1x2x2")
    assert.error_matches(function() picture.grid { core.tensor("f32", { 1, 3, 2, 2 }) } end, "E%-TN%-08: .*1x3x2x2")
  end)

  it("raises for options that it does not have or cannot take", function()
    local images = { batch(1, 1, 1) }
    assert.error_matches(function() picture.grid(images, { zom = 2 }) end,
      "E%-TN%-13: a grid has no option 'zom'; did you mean 'zoom'%?")
    for name, bad in pairs { zoom = 0, gap = -1, columns = 0 } do
      assert.error_matches(function() picture.grid(images, { [name] = bad }) end, "E%-TN%-13: " .. name .. " is ")
    end
    assert.error_matches(function() picture.grid(images, { zoom = 1.5 }) end, "expected an integer from 1 to 1024")
  end)
end)

describe("picture.write", function()
  it("writes a PNG, and says why it cannot", function()
    local pixels, path = picture.grid { batch(1, 1, 1) }, os.tmpname()
    assert(picture.write(path, pixels))
    local f <close> = assert(io.open(path, "rb"))
    assert.equal("\137PNG", f:read(4))
    os.remove(path)
    local ok, message, id = picture.write("/nowhere/x.png", pixels)
    assert.same({ nil, "E-FS-15" }, { ok, id })
    assert.matches("/nowhere/x.png", message, 1, true)
  end)
end)
