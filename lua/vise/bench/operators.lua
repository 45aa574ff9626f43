--- Operators beside the products: attention, norms, functions, conversions.

local check = require "vise.bench.check"
local core = require "vise.core"
local fail = require "vise.fail"
local measure = require "vise.bench.measure"

local try = fail.try

local M = { title = "operators on activations",
  columns = { "name", "size", "threads", "ms", "rate", "unit", "of_limit", "gigabytes", "of_read", "scaling" } }

local HEAD, VOCABULARY, NEAR = 64, 32000, 1e-5

-- Every operator on `tokens` x `width`: name, f(out) -> out, and 10^0 multiplications and additions.
local function operators(tokens, width, vocabulary)
  local random = core.random(1)
  local function normal(...) return random:normal { ... } end
  local x, y, w, b = normal(tokens, width), normal(tokens, width), normal(width), normal(width)
  local heads, wide = width // HEAD, normal(tokens, vocabulary)
  local keys = normal(tokens, HEAD * math.max(1, heads // 4))
  local f16, bf16, targets = x:to "f16", x:to "bf16", core.tensor("i64", { tokens })
  local queries, values = x:reshape { 1, tokens, width }, y:reshape { 1, tokens, width }
  local row = normal(1, width)
  keys = keys:reshape { 1, tokens, select(2, keys:shape()) }
  local dots = 4 * tokens * tokens * width
  return {
    { "attention", function(out) return core.attention(queries, values, queries, { heads = heads }, out) end, dots },
    { "attention causal", function(out)
      return core.attention(queries, values, queries, { heads = heads, causal = true }, out)
    end, dots // 2 },
    { "attention causal, 4 queries a key", function(out)
      local options = { heads = heads, kv_heads = math.max(1, heads // 4), causal = true }
      return core.attention(queries, keys, keys, options, out)
    end, dots // 2 },
    { "layer_norm", function(out) return core.layer_norm(x, 1e-6, w, b, out) end },
    { "rms_norm", function(out) return core.rms_norm(x, w, 1e-6, out) end },
    { "modulate", function(out) return core.modulate(queries, row, row, out) end },
    { "gated_add", function(out) return core.gated_add(queries, values, row, out) end },
    { "gelu tanh", function(out) return core.gelu(x, "tanh", out) end },
    { "gelu erf", function(out) return core.gelu(x, "erf", out) end },
    { "silu", function(out) return core.silu(x, out) end },
    { "softmax", function(out) return core.softmax(x, out) end },
    { "rope", function(out) return core.rope(queries, { heads = heads }, out) end },
    { "cross_entropy", function()
      return core.tensor_of("f32", { 1 }, { (core.cross_entropy(wide, targets)) })
    end, elements = tokens * vocabulary },
    { "f32 to f16", function() return x:to "f16" end },
    { "f16 to f32", function() return f16:to "f32" end },
    { "f32 to bf16", function() return x:to "bf16" end },
    { "bf16 to f32", function() return bf16:to "f32" end },
  }
end

local function task(operator, tokens, width)
  local name, f, dots = table.unpack(operator)
  local elements, out = operator.elements or tokens * width, nil
  return { name = name, run = function() out = try(f(out)) end, warm = true,
    work = dots or elements, unit = dots and "GFLOP/s" or "G/s", limit = dots and "f32" or nil,
    bytes = not dots and 4 * elements or nil, read = not dots and "l3" or nil,
    about = { size = ("%d x %d"):format(tokens, elements // tokens) } }
end

---@param section vise.bench.Section
function M.run(section, options)
  local tokens, width = math.max(table.unpack(options.rows)), options.inputs // HEAD * HEAD
  for _, operator in ipairs(operators(7, 3 * HEAD, 101)) do
    check.against_ref(operator[1], function() return try(operator[2]()) end, NEAR)
  end
  local tasks = {}
  for i, operator in ipairs(operators(tokens, width, VOCABULARY)) do tasks[i] = task(operator, tokens, width) end
  measure.these(section, options, tasks)
end

return M
