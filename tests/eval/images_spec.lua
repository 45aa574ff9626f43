local core = require "vise.core"
local eval = require "vise.eval"
local support = require "support"

-- Wang et al. 2004, window by window: images are flat lists of levels from 0 to 255.
local function index_of(a, b, height, width)
  local weights, total = {}, 0
  for i = -5, 5 do
    for k = -5, 5 do
      local w = math.exp(-(i * i + k * k) / (2 * 1.5 ^ 2))
      weights[#weights + 1] = { i, k, w }
      total = total + w
    end
  end
  local sum, count, c1, c2 = 0, 0, (0.01 * 255) ^ 2, (0.03 * 255) ^ 2
  for row = 6, height - 5 do
    for column = 6, width - 5 do
      local function mean(of)
        local m = 0
        for _, w in ipairs(weights) do
          local at = (row + w[1] - 1) * width + column + w[2]
          m = m + w[3] / total * of(a[at], b[at])
        end
        return m
      end
      local ma, mb = mean(function(x) return x end), mean(function(_, y) return y end)
      local va, vb = mean(function(x) return (x - ma) ^ 2 end), mean(function(_, y) return (y - mb) ^ 2 end)
      local ab = mean(function(x, y) return (x - ma) * (y - mb) end)
      sum = sum + (2 * ma * mb + c1) * (2 * ab + c2) / ((ma ^ 2 + mb ^ 2 + c1) * (va + vb + c2))
      count = count + 1
    end
  end
  return sum / count
end

local function levels(list, from, to)
  local out = {}
  for i = from, to do out[#out + 1] = 127.5 * (math.max(-1, math.min(1, list[i])) + 1) end
  return out
end

describe("eval.ssim", function()
  -- Two images of two channels, other things on each side, some of it beyond 1.
  local height, width = 13, 16
  local a = support.random({ 2, 2, height, width }, 1):mul(1.2)
  local b = support.random({ 2, 2, height, width }, 2):mul(0.3):add(a)

  it("is the mean of the windows' indices", function()
    local x, y, sum, size = a:totable(), b:totable(), 0, height * width
    for i = 0, 3 do
      sum = sum + index_of(levels(x, i * size + 1, (i + 1) * size), levels(y, i * size + 1, (i + 1) * size),
        height, width)
    end
    -- f32 sums of squares to 127.5^2, against variances that c2 = 58.5 is added to.
    assert.near(sum / 4, eval.ssim(a, b), 1e-5)
  end)

  it("is 1 for equal images and symmetric for others", function()
    assert.near(1, eval.ssim(a, a), 1e-6)
    assert.near(eval.ssim(a, b), eval.ssim(b, a), 1e-6)
    assert.is_true(eval.ssim(a, b) < 0.99)
  end)

  it("takes images that hold a window, of one shape", function()
    local small = support.random({ 1, 1, 10, 16 }, 1)
    assert.error_matches(function() eval.ssim(small, small) end, "E%-DT%-08: ssim of .-1x1x10x16")
    assert.error_matches(function() eval.ssim(a, support.random({ 2, 2, 16, 13 }, 1)) end, "E%-TN%-08")
  end)

  it("leaves the images as they were, and leaks nothing", function()
    local x, y = support.random({ 1, 1, 11, 11 }, 3), support.random({ 1, 1, 11, 11 }, 4)
    local bytes = x:tobytes()
    support.sweep(function() return eval.ssim(x, y) end)
    assert.equal(bytes, x:tobytes())
  end)
end)

describe("flow_loss", function()
  it("has the standard error of the mean over the images", function()
    local images, labels = support.random({ 5, 1, 4, 4 }, 1), core.tensor_of("i64", { 5 }, { 0, 1, 2, 3, 4 })
    -- The direction is off by the class of the image: its squared error is class^2.
    local model = { null_class = 9 }
    local random = core.random(7)
    local noise = random:normal { 5, 1, 4, 4 }
    function model.forward()
      local off = {}
      for i = 0, 79 do off[i + 1] = i // 16 end
      return noise:sub(images):add(core.tensor_of("f32", { 5, 1, 4, 4 }, off))
    end
    local loss, stderr = require("vise.samplers").flow_loss(model, images, labels, { seed = 7 })
    assert.near(6, loss, 1e-5) -- (0 + 1 + 4 + 9 + 16) / 5
    assert.near(math.sqrt((36 + 25 + 4 + 9 + 100) / 5 / 4), stderr, 1e-5)
  end)
end)
