--- The spark: a line of letters as high as the values.

local axis = require "vise.plot.axis"
local fail = require "vise.fail"
local options_of = require "vise.plot.options"
local values = require "vise.plot.values"

local M = {}

local EIGHTHS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
local DENSER = { "_", ".", ":", "-", "=", "+", "*", "#" }

-- As many values as there are columns: means of neighbours.
local function fitting(x, columns)
  local t = values.tensor("spark", x)
  if not t then return {} end
  local flat <close> = t:reshape { 1, -1 }
  local means <close> = fail.try(flat:blocks(1, math.min(columns, t:count()), "mean"))
  return means:totable()
end

--- Values on one line, from the least to the most of them, without a line feed.
---@param x vise.Tensor|number[]
---@param options? vise.PlotOptions|table  range = { lo, hi }
---@return string
function M.spark(x, options)
  options = options_of.check("spark", options, { range = { "table" } })
  local list = fitting(x, options.width)
  local lo, hi = values.range(list)
  if options.range then lo, hi = values.check_range("spark", options.range) end
  local letters, out = options.unicode and EIGHTHS or DENSER, {}
  local a = lo and lo < hi and axis.new(lo, hi)
  for i, v in ipairs(list) do
    if not values.range { v } then
      out[i] = "?"
    else
      local share = a and math.max(0, math.min(1, a:share(v))) or 0
      out[i] = letters[math.min(#letters, (share * #letters) // 1 + 1 | 0)]
    end
  end
  return table.concat(out)
end

return M
