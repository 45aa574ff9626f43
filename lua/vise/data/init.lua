--- Data: texts, images and labels from files, batches of them.

local core = require "vise.core"
local fail = require "vise.fail"
local texts = require "vise.data.texts"

local try = fail.try

local M = {}

local MAX_FILE = 1 << 30 -- elements of a file that is read whole

--- Texts for language models from a file; see vise.data.texts for the formats.
---@param path string
---@param options? vise.TextsOptions
---@return (string|integer[])[]? texts
---@return vise.TextsReport|string report
---@return string? id
function M.texts(path, options)
  return texts.read(path, options)
end

--- Reads the stories of a text file: what stands between "<|endoftext|>" marks, without the white
--- space around it; empty ones do not count.
---@param path string
---@return string[]? stories
---@return string? message
---@return string? id
function M.stories(path)
  local stories, message, id = texts.read(path, { format = "stories" })
  if not stories then return nil, message, id end
  return stories
end

-- The dimensions of an IDX file of unsigned bytes, and where its data begins.
local function idx_header(bytes, path)
  if bytes:sub(1, 2) == "\x1f\x8b" then
    return fail.fail("E-DT-03", "%s is compressed: unpack it first, with gunzip", path)
  end
  if #bytes < 4 or bytes:sub(1, 3) ~= "\0\0\8" then
    return fail.fail("E-DT-03", "%s does not begin as an IDX file of unsigned bytes does", path)
  end
  local rank = bytes:byte(4)
  if rank < 1 or rank > 4 then
    return fail.fail("E-DT-03", "%s has %d dimensions, expected 1 to 4", path, rank)
  end
  local start = 4 + 4 * rank
  if #bytes < start then
    return fail.fail("E-DT-04", "%s has %d bytes, its header alone %d", path, #bytes, start)
  end
  local shape, count = {}, 1
  for i = 1, rank do
    shape[i] = (">I4"):unpack(bytes, 1 + 4 * i)
    count = count * shape[i]
    if count > MAX_FILE then break end
  end
  if count ~= #bytes - start then
    return fail.fail("E-DT-04", "%s has %d bytes of data, its header (%s) says otherwise", path,
      #bytes - start, table.concat(shape, "x"))
  end
  return shape, start
end

--- Reads an IDX file of unsigned bytes, such as MNIST's.
---@param path string
---@return vise.Tensor? u8
---@return string? message
---@return string? id
function M.idx(path)
  local bytes, message, id = texts.read_file(path)
  if not bytes then return nil, message, id end
  local shape, start
  shape, start, id = idx_header(bytes, path)
  if not shape then return nil, start, id end
  return core.tensor_of("u8", shape, bytes:sub(start + 1))
end

local function images(path)
  local raw <close> = try(M.idx(path))
  local n, height, width = raw:shape()
  if not width or select("#", raw:shape()) ~= 3 then
    return fail.fail("E-DT-05", "%s holds %s, expected images: three dimensions", path, raw)
  end
  local values <close> = try(raw:to "f32")
  try(values:mul(2 / 255, values))
  try(values:sub(1, values))
  return try(values:reshape { n, 1, height, width })
end

--- Reads gray images from an IDX file: 0 becomes -1, 255 becomes 1.
---@param path string
---@return vise.Tensor? images  f32 [N, 1, H, W]
---@return string? message
---@return string? id
function M.images(path)
  return fail.catch(images, path)
end

local function labels(path)
  local raw <close> = try(M.idx(path))
  if select("#", raw:shape()) ~= 1 then
    return fail.fail("E-DT-05", "%s holds %s, expected labels: one dimension", path, raw)
  end
  return try(raw:to "i64")
end

--- Reads labels from an IDX file.
---@param path string
---@return vise.Tensor? labels  i64 [N]
---@return string? message
---@return string? id
function M.labels(path)
  return fail.catch(labels, path)
end

local function check_columns(columns)
  local rows, first
  for name, column in pairs(columns) do
    if rows and #column ~= rows then
      fail.raise("E-DT-07", "%s has %d rows, %s has %d", first, rows, name, #column)
    end
    rows, first = #column, name
  end
  if not rows then fail.raise("E-DT-07", "no columns to take batches of") end
  return rows
end

-- Rows of a tensor are a view, of a list a shorter list.
local function rows_of(column, first, last)
  if type(column) == "table" then return table.move(column, first, last, 1, {}) end
  return try(column:rows(first, last))
end

--- Walks over named columns in batches of `size` rows, the last one may have fewer:
---
---   for batch in data.batches({ image = images, label = labels }, 16) do
---     model:forward(batch.image, 500, batch.label)
---   end
---@param columns table<string, vise.Tensor|any[]>  All of equal length.
---@param size integer
---@return fun(): table<string, vise.Tensor|any[]>?
function M.batches(columns, size)
  local rows = check_columns(columns)
  if math.type(size) ~= "integer" or size < 1 then
    fail.raise("E-DT-07", "batches of %s, expected an integer from 1", size)
  end
  local first = 1
  return function()
    if first > rows then return nil end
    local batch, last = {}, math.min(first + size - 1, rows)
    for name, column in pairs(columns) do batch[name] = rows_of(column, first, last) end
    first = last + 1
    return batch
  end
end

return M
