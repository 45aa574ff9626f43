--- Joins what stands in front of a quantized layer with the coding of its input: the rows of a norm or an
--- activation go from registers into codes, and never lie in memory as floats.

local graphs = require "vise.compile.graph"

local M = {}

-- Is there a norm or an activation already?
local function is_taken(options)
  return options.norm or options.gelu or options.silu_mul
end

-- How each operator becomes options of core.rows(): its input, after the options are set.
local prologues = {
  modulate = function(args, options)
    if options.shift or is_taken(options) then return nil end
    options.shift, options.mod_scale = args[2], args[3]
    return args[1]
  end,
  layer_norm = function(args, options)
    if is_taken(options) then return nil end
    options.norm, options.eps, options.weight, options.bias = "layer", args[2], args[3], args[4]
    return args[1]
  end,
  rms_norm = function(args, options)
    if is_taken(options) then return nil end
    options.norm, options.weight, options.eps = "rms", args[2], args[3]
    return args[1]
  end,
  gelu = function(args, options)
    if options.shift or is_taken(options) then return nil end
    options.gelu = args[2]
    return args[1]
  end,
  silu_mul = function(args, options)
    if options.shift or is_taken(options) then return nil end
    options.silu_mul = args[2]
    return args[1]
  end,
}

local function count_uses(graph)
  local uses = { [graph.output] = 1 }
  for _, op in ipairs(graph.ops) do
    graphs.each_operand(op, function(value) uses[value] = (uses[value] or 0) + 1 end)
  end
  return uses
end

-- Takes in the operators that only `op` reads the result of, nearest first.
local function take_in(op, uses)
  local options, taken = {}, 0
  for key, value in pairs(op.args[3] or {}) do options[key] = value end
  while true do
    local x = op.args[1]
    local before = x.op
    local input = before and uses[x] == 1 and prologues[before.name]
      and prologues[before.name](before.args, options)
    if not input then return taken end
    op.args[1], op.args[3], op.count = input, options, math.max(op.count, 3)
    taken = taken + 1
  end
end

--- Fuses every norm, modulation and activation whose result one quantized layer alone reads.
---@param graph vise.compile.Graph
---@return integer fused  Operators that are gone.
function M.fuse(graph)
  local uses, fused = count_uses(graph), 0
  for _, op in ipairs(graph.ops) do
    if op.name == "rows" then fused = fused + take_in(op, uses) end
  end
  return fused
end

return M
