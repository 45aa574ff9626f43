--- Pictures: batches of images as one PNG.

local core = require "vise.core"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

--- The rows of pixels of a batch [n, 1, H, W] f32 in [-1, 1], as byte strings: rows[image][y].
local function pixel_rows(images)
  local n, channels, height, width = images:shape()
  if channels ~= 1 then fail.raise("E-TN-08", "a grid takes images [n, 1, H, W], got %s", tostring(images)) end
  local scaled <close> = images:clamp(-1, 1)
  scaled:mul(127.5, scaled)
  scaled:add(127.5, scaled)
  local bytes_of <close> = scaled:to "u8"
  local bytes, rows = bytes_of:tobytes(), {}
  for i = 1, n do
    rows[i] = {}
    for y = 1, height do
      local at = ((i - 1) * height + y - 1) * width
      rows[i][y] = bytes:sub(at + 1, at + width)
    end
  end
  return rows, n, height, width
end

-- The options: what each is if it is not given, and the least it may be.
local defaults, least = { zoom = 3, gap = 4 }, { zoom = 1, gap = 0, columns = 1 }

local function check(batches, options)
  if type(batches) ~= "table" or #batches == 0 then
    fail.raise("E-TN-09", "a grid takes a list of batches, got %s",
      type(batches) == "table" and "an empty one" or type(batches))
  end
  for name, value in pairs(options) do
    if not least[name] then
      fail.raise("E-TN-13", "a grid has no option '%s'%s", tostring(name),
        suggest.hint(tostring(name), { "zoom", "gap", "columns" }))
    end
    if math.type(value) ~= "integer" or value < least[name] or value > 1024 then
      fail.raise("E-TN-13", "%s is %s, expected an integer from %d to 1024", name, tostring(value), least[name])
    end
  end
  local first = tostring(batches[1])
  for i = 2, #batches do
    if tostring(batches[i]) ~= first then
      fail.raise("E-TN-08", "batch %d is %s, the first is %s", i, tostring(batches[i]), first)
    end
  end
end

--- One picture: a row of images for each batch, `gap` dark pixels between them, every pixel
--- `zoom` times as large.
---@param batches vise.Tensor[]  Each [n, 1, H, W] f32 in [-1, 1]; equal shapes.
---@param options? { zoom?: integer, gap?: integer, columns?: integer }
---@return vise.Tensor  u8 [height, width]
function M.grid(batches, options)
  options = options or {}
  check(batches, options)
  local zoom, gap = options.zoom or defaults.zoom, options.gap or defaults.gap
  local lines, width = {}, 0
  for _, batch in ipairs(batches) do
    local rows, n, height = pixel_rows(batch)
    n = math.min(n, options.columns or n)
    local blank = ("\0"):rep(gap)
    for y = 1, height do
      local cells = {}
      for i = 1, n do cells[i] = rows[i][y]:gsub(".", function(c) return c:rep(zoom) end) end
      local line = blank .. table.concat(cells, blank) .. blank
      width = #line
      for _ = 1, zoom do lines[#lines + 1] = line end
    end
    for _ = 1, gap do lines[#lines + 1] = ("\0"):rep(width) end
  end
  return core.tensor_of("u8", { #lines, width }, table.concat(lines))
end

--- Writes a picture: u8 [H, W] grey or [H, W, 3] RGB.
---@param path string
---@param pixels vise.Tensor
---@return true?
---@return string? message
---@return string? id
function M.write(path, pixels)
  local png, message, id = core.png(pixels)
  if not png then return nil, message, id end
  return core.disk.write(path, png)
end

return M
