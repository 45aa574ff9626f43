--- Perplexity and divergence as their definitions say, in plain Lua in double: what evaluations are held
--- against.  A model gives the logits, everything else is done again here.

local core = require "vise.core"

local M = {}

--- The logits after every id of a sequence, each a list from 1.
function M.logits(model, ids)
  local x <close> = core.tensor_of("i64", { 1, #ids }, ids)
  local y <close> = assert(model:forward(x))
  local _, count, vocabulary = y:shape()
  local flat, rows = y:totable(), {}
  for r = 1, count do rows[r] = table.move(flat, (r - 1) * vocabulary + 1, r * vocabulary, 1, {}) end
  return rows
end

--- log softmax
function M.log_probs(row)
  local max, sum, out = -math.huge, 0, {}
  for _, v in ipairs(row) do max = math.max(max, v) end
  for _, v in ipairs(row) do sum = sum + math.exp(v - max) end
  for i, v in ipairs(row) do out[i] = v - max - math.log(sum) end
  return out
end

--- The nats of ids[2], ids[3], ..., each predicted from all before it.
function M.nats(model, ids)
  local rows, out = M.logits(model, table.move(ids, 1, #ids - 1, 1, {})), {}
  for i, row in ipairs(rows) do out[i] = -M.log_probs(row)[ids[i + 1] + 1] end
  return out
end

function M.mean(list)
  local sum = 0
  for _, v in ipairs(list) do sum = sum + v end
  return sum / #list
end

--- The standard error of the mean: the root of the variance over n - 1.
function M.stderr(list)
  local mean, sum = M.mean(list), 0
  for _, v in ipairs(list) do sum = sum + (v - mean) ^ 2 end
  return math.sqrt(sum / #list / (#list - 1))
end

--- ids[from] to ids[to], both counted from 0, the last left out: a slice of Python's.
function M.slice(ids, from, to)
  return table.move(ids, from + 1, math.min(to, #ids), 1, {})
end

return M
