--- Measures of images against others, both in [-1, 1].

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

-- Images in [-1, 1] as numbers from -127.5 to 127.5.
local function to_levels(images)
  local clamped = try(images:clamp(-1, 1))
  return try(clamped:mul(127.5, clamped))
end

local function psnr(a, b)
  local x <close> = to_levels(a)
  local y <close> = to_levels(b)
  return 20 * math.log(255 / try(core.compare(x, y)).rmse, 10)
end

--- The peak signal-to-noise ratio of images against others, in dB: 20 log10(255 / rmse) over all
--- of them, clamped to [-1, 1] and scaled by 127.5.  Equal images have infinity.
---@param images vise.Tensor
---@param others vise.Tensor
---@return number? dB
---@return string? message
---@return string? id
function M.psnr(images, others)
  return fail.catch(psnr, images, others)
end

-- Wang, Bovik, Sheikh and Simoncelli 2004: windows of 11 x 11 weighted by a Gaussian of 1.5, where all of
-- the window lies in the image; constants (0.01 * 255)^2 and (0.03 * 255)^2.
local WINDOW, SIGMA, PEAK = 11, 1.5, 255
local C1, C2 = (0.01 * PEAK) ^ 2, (0.03 * PEAK) ^ 2

-- The matrix [n - 10, n] that takes the weighted mean of the windows along one side.
local function filter(n)
  local weights, sum, values = {}, 0, {}
  for i = 1, WINDOW do
    weights[i] = math.exp(-(i - (WINDOW + 1) / 2) ^ 2 / (2 * SIGMA ^ 2))
    sum = sum + weights[i]
  end
  for i = 1, n - WINDOW + 1 do
    for k = 1, n do values[#values + 1] = (weights[k - i + 1] or 0) / sum end
  end
  return try(core.tensor_of("f32", { n - WINDOW + 1, n }, values))
end

-- The weighted means of every window of x [height, width].
local function means(x, down, across)
  local half <close> = try(core.matmul(x, across, { trans_b = true }))
  return try(core.matmul(down, half))
end

local function mean_of_product(a, b, down, across)
  local product <close> = try(a:mul(b))
  return means(product, down, across)
end

-- The mean index of one channel, from levels around 0: products of means need them from 0 on, variances
-- are the same and lose less.
local function index(a, b, down, across)
  local mean_a <close> = means(a, down, across)
  local mean_b <close> = means(b, down, across)
  local aa <close> = mean_of_product(a, a, down, across)
  local bb <close> = mean_of_product(b, b, down, across)
  local ab <close> = mean_of_product(a, b, down, across)
  local x, y, xx, yy, xy = mean_a:totable(), mean_b:totable(), aa:totable(), bb:totable(), ab:totable()
  local sum = 0
  for i = 1, #x do
    local u, v = x[i] + PEAK / 2, y[i] + PEAK / 2
    local luminance = (2 * u * v + C1) / (u * u + v * v + C1)
    local structure = (2 * (xy[i] - x[i] * y[i]) + C2) / (xx[i] - x[i] ^ 2 + yy[i] - y[i] ^ 2 + C2)
    sum = sum + luminance * structure
  end
  return sum / #x
end

local function ssim(images, others)
  local n, channels, height, width = images:shape()
  if not width or math.min(height, width) < WINDOW then
    fail.raise("E-DT-08", "ssim of %s: expected images [N, C, H, W] of at least 11 x 11", tostring(images))
  end
  try(core.compare(images, others)) -- the shapes
  local down <close> = filter(height)
  local across <close> = filter(width)
  local a <close> = to_levels(images)
  local b <close> = to_levels(others)
  local rows_a <close> = try(a:reshape { n * channels * height, width })
  local rows_b <close> = try(b:reshape { n * channels * height, width })
  local sum = 0
  for i = 0, n * channels - 1 do
    local x <close> = try(rows_a:rows(i * height + 1, (i + 1) * height))
    local y <close> = try(rows_b:rows(i * height + 1, (i + 1) * height))
    sum = sum + index(x, y, down, across)
  end
  return sum / (n * channels)
end

--- The structural similarity of images to others, the mean over all windows, channels and images, clamped
--- to [-1, 1] and scaled to 0 to 255.  Equal images have 1.
---@param images vise.Tensor  f32 [N, C, H, W], 11 x 11 at least
---@param others vise.Tensor
---@return number? ssim
---@return string? message
---@return string? id
function M.ssim(images, others)
  return fail.catch(ssim, images, others)
end

M.public = { psnr = M.psnr, ssim = M.ssim }

return M
