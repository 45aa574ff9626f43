--- Sums of evaluations: means with their standard errors, quantiles.  The formulas are llama.cpp's, so that
--- figures can be held against each other: tokens count as independent.

local M = {}

--- The mean of n values and its standard error, sqrt((mean of squares - mean^2) / (n - 1)).
---@param values number[]
---@param power? integer  Of the values themselves; 1 if not given.
---@return number mean
---@return number stderr  0 for a single value.
function M.mean(values, power)
  local sum, squares, n = 0, 0, #values
  for _, v in ipairs(values) do
    v = v ^ (power or 1)
    sum, squares = sum + v, squares + v * v
  end
  local mean = sum / n
  return mean, n > 1 and math.sqrt(math.max(0, squares / n - mean * mean) / (n - 1)) or 0
end

--- The covariance of two means.
---@param a number[]
---@param b number[]
---@return number
function M.covariance(a, b)
  local sum_a, sum_b, products, n = 0, 0, 0, #a
  for i, v in ipairs(a) do
    sum_a, sum_b, products = sum_a + v, sum_b + b[i], products + v * b[i]
  end
  return n > 1 and (products / n - sum_a / n * (sum_b / n)) / (n - 1) or 0
end

--- A quantile of a sorted list, between two of its values in proportion.
---@param sorted number[]
---@param q number  From 0 to 1.
---@return number
function M.quantile(sorted, q)
  local at = q * (#sorted - 1)
  local low = math.floor(at)
  local a, b = sorted[low + 1], sorted[math.min(low + 2, #sorted)]
  return a == b and a or a + (at - low) * (b - a)
end

--- The quantiles of a list, by name.
---@param values number[]
---@param at table<string, number>
---@return table<string, number>
function M.quantiles(values, at)
  local sorted, found = table.move(values, 1, #values, 1, {}), {}
  table.sort(sorted)
  for name, q in pairs(at) do found[name] = M.quantile(sorted, q) end
  return found
end

return M
