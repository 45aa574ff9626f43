--- Images in the terminal: two pixels a cell in colours or greys, or letters as dense as the image is
--- bright.

local Canvas = require "vise.plot.canvas"
local colour = require "vise.plot.colour"
local fail = require "vise.fail"
local frame = require "vise.plot.frame"
local options_of = require "vise.plot.options"
local picture = require "vise.picture"
local values = require "vise.plot.values"

local M = {}

local HEIGHT, SAMPLES = 20, 4 -- a pixel shown is the mean of at most 4 x 4 of the image
local SHADES = { " ", "░", "▒", "▓", "█" }
local DENSER = { " ", ".", ":", "-", "=", "+", "*", "#", "%", "@" }

-- u8 [H, W] or [H, W, 3] as it is; batches as a grid.
local function pixels_of(x)
  if type(x) == "table" then return picture.grid(x, { zoom = 1, gap = 1 }) end
  local shape = values.is_tensor(x) and { x:shape() } or {}
  if #shape < 2 or #shape > 3 or x:dtype() ~= "u8" or #shape == 3 and shape[3] ~= 3 then
    fail.raise("E-TN-08", "plot.image takes u8 [H, W] or [H, W, 3], or batches of images, got %s", tostring(x))
  end
  return x
end

-- Places of a few samples of part i of n in 0 .. size - 1.
local function places(i, n, size)
  local first, last = (i - 1) * size // n, math.max((i - 1) * size // n, i * size // n - 1)
  local list, many = {}, math.min(SAMPLES, last - first + 1)
  for k = 0, many - 1 do list[k + 1] = first + k * (last - first + 1) // many end
  return list
end

-- The image in `high` x `wide` pixels: { r, g, b } each.
local function shrink(x, high, wide)
  local height, width, channels = x:shape()
  channels = channels or 1
  local bytes, out, columns = x:tobytes(), {}, {}
  for j = 1, wide do columns[j] = places(j, wide, width) end
  for i = 1, high do
    out[i] = {}
    local rows = places(i, high, height)
    for j = 1, wide do
      local sum, n = { 0, 0, 0 }, 0
      for _, y in ipairs(rows) do
        for _, at in ipairs(columns[j]) do
          local first = (y * width + at) * channels
          for c = 1, channels do sum[c] = sum[c] + bytes:byte(first + c) end
          n = n + 1
        end
      end
      for c = 1, 3 do sum[c] = sum[channels == 1 and 1 or c] / n // 1 | 0 end
      out[i][j] = sum
    end
  end
  return out
end

local function brightness(p)
  return (p[1] * 299 + p[2] * 587 + p[3] * 114) / 255000
end

local function draw(canvas, image, options)
  local ramp = options.unicode and SHADES or DENSER
  for r = 1, canvas.rows do
    for c = 1, canvas.columns do
      local top, below = image[2 * r - 1][c], image[2 * r] and image[2 * r][c]
      if options.unicode and options.colour > 0 then
        local sgr = colour.rgb(top[1], top[2], top[3], options.colour, false)
        if below then sgr = sgr .. ";" .. colour.rgb(below[1], below[2], below[3], options.colour, true) end
        canvas:put(c, r, "▀", sgr)
      else
        local light = below and (brightness(top) + brightness(below)) / 2 or brightness(top)
        canvas:put(c, r, ramp[math.min(#ramp, (light * #ramp) // 1 + 1 | 0)])
      end
    end
  end
end

--- A preview of an image, or of batches of images as rows of a grid; with `path` all of it goes into a
--- PNG file.
---@param x vise.Tensor|vise.Tensor[]  u8 [H, W] or [H, W, 3]; or batches as picture.grid takes them.
---@param options? vise.PlotOptions|table  path
---@return string? preview
---@return string? message
---@return string? id
function M.image(x, options)
  options = options_of.check("image", options, { path = { "string" } })
  local pixels = pixels_of(x)
  local height, width = pixels:shape()
  if height == 0 or width == 0 then return frame.empty(options) end
  if options.path then
    local ok, message, id = picture.write(options.path, pixels)
    if not ok then return nil, message, id end
  end
  -- Cells are twice as high as wide, so that half of one is a square.
  local wide = math.min(options.width, width)
  local most = 2 * (options.height or HEIGHT)
  local high = math.max(1, (height * wide / width + 0.5) // 1 | 0)
  if high > most then
    wide, high = math.max(1, (wide * most / high + 0.5) // 1 | 0), most
  end
  local canvas, lines = Canvas.new(wide, (high + 1) // 2, false), {}
  draw(canvas, shrink(pixels, high, wide), options)
  if options.title then lines[1] = frame.label(options.title, options.width, options.unicode) end
  for r = 1, canvas.rows do lines[#lines + 1] = canvas:line(r, options.colour) end
  return table.concat(lines, "\n") .. "\n"
end

return M
