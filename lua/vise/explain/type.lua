--- What a quant type is, in a few lines.

local core = require "vise.core"
local quant_types = require "vise.quant_types"
local text = require "vise.text"

local M = {}

local EXAMPLE = { 4096, 4096 } -- the layer whose bits are stated

local GRANULARITY = {
  tensor = "one scale for the tensor", row = "a scale for each output row", token = "a scale for each token",
}

-- "8-bit integers, a scale for each output row": what a scheme's arguments say.
local function side(args)
  if not args then return "as they come (float)" end
  local element = args.element == "f8e4m3" and "8-bit floats (e4m3)"
    or args.element == "f4e2m1" and "4-bit floats (e2m1)" or ("%d-bit integers"):format(args.bits)
  local scales = GRANULARITY[args.granularity]
    or args.granularity == "group" and ("a scale for each %d inputs"):format(args.group)
    or ("a scale for each %d x %d block"):format(args.block[1], args.block[2])
  return ("%s, %s"):format(element, scales)
end

-- The scheme's own words: how a range becomes a scale, and whom that follows.
local function convention(args)
  local about = core.scheme(quant_types.scheme_args(args, "bf16")):describe()
  return ("%s: %s"):format(about.convention, about.formula)
end

local function stored(quant_type)
  local params, bytes = {}, 0
  for i, t in ipairs(require("vise.nn.quantized_linear").layout(quant_type, EXAMPLE, "bf16")) do
    params[i] = ("%s %s"):format(t.param, t.dtype)
    bytes = bytes + t.bytes
  end
  return table.concat(params, ", "), 8 * bytes / (EXAMPLE[1] * EXAMPLE[2])
end

local NEEDS = {
  span = "calibration: the largest |x| of each input channel",
  range = "calibration: the smallest and largest value of each layer's input",
}

-- Words on the left, folded text on the right.
local function two_columns(rows)
  local lines = {}
  for i, row in ipairs(rows) do
    local folded = text.wrap(row[2], text.page_width(), (" "):rep(15)):gsub("^%s+", "")
    lines[i] = ("  %-11s  %s\n"):format(row[1], folded)
  end
  return table.concat(lines)
end

--- What the type of this name is; nil if the name is none.
---@param name string
---@return string?
function M.explain(name)
  local ok, t = pcall(quant_types.parse, name)
  if not ok then return nil end
  local params, bits = stored(t)
  local rows = {
    { "weights", side(t.weight) },
    { "", convention(t.weight) },
    { "activations", side(t.activation) },
  }
  if t.activation then rows[#rows + 1] = { "", convention(t.activation) } end
  if t.rank and t.rank > 0 then
    rows[#rows + 1] = { "branch", ("rank %d in 16 bits, beside the codes"):format(t.rank) }
  end
  rows[#rows + 1] = { "product", t.product and t.product .. ", of codes" or "float, of decoded weights" }
  rows[#rows + 1] = { "needs", NEEDS[t.calibrated] or "no data" }
  rows[#rows + 1] = { "stored", params }
  rows[#rows + 1] = { "bits", ("%.3f a weight in a layer of %d x %d, everything counted"):format(bits,
    EXAMPLE[1], EXAMPLE[2]) }
  local title = text.wrap(("%s: %s"):format(t.name, t.summary), text.page_width())
  return ("%s\n\n%s"):format(title, two_columns(rows))
end

return M
