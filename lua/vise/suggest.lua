--- The nearest right name, by edit distance.

local M = {}

-- Names longer than this are compared by their first bytes only.
local LONGEST = 128
local SHORTEST = 4 -- of a part that tells one name from the others

-- What two names begin and end with alike needs no edits.
local function without_common_ends(a, b)
  local least, first, last = math.min(#a, #b), 1, 0
  while first <= least and a:byte(first) == b:byte(first) do first = first + 1 end
  while last < least - first + 1 and a:byte(#a - last) == b:byte(#b - last) do last = last + 1 end
  return a:sub(first, #a - last), b:sub(first, #b - last)
end

--- Edits from `a` to `b`: insert, delete, replace a byte, swap two neighbours.
---@param a string
---@param b string
---@return integer
function M.distance(a, b)
  a, b = without_common_ends(a:sub(1, LONGEST), b:sub(1, LONGEST))
  local before, last, row = {}, {}, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    row[0] = i
    local ai = a:byte(i)
    for j = 1, #b do
      local bj = b:byte(j)
      local best = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (ai == bj and 0 or 1))
      if i > 1 and j > 1 and ai == b:byte(j - 1) and a:byte(i - 1) == bj then
        best = math.min(best, before[j - 2] + 1)
      end
      row[j] = best
    end
    before, last, row = last, row, before
  end
  return last[#b]
end

-- The candidates that hold a word of some length, the shortest first: "weight-only", "int4-weight-only".
local function holding(lower, candidates)
  local found, seen = {}, {}
  for _, candidate in ipairs(#lower >= SHORTEST and candidates or {}) do
    if not seen[candidate] and candidate:lower():find(lower, 1, true) then
      seen[candidate], found[#found + 1] = true, { candidate, #candidate }
    end
  end
  return found
end

--- The candidates near enough to `name` to be meant, nearest first; if there are none, those that hold it.
---@param name string
---@param candidates string[]
---@param count? integer  How many at most; 3 if not given.
---@return string[]
function M.near(name, candidates, count)
  local limit, found, seen = math.max(1, math.min(#name, LONGEST) // 3), {}, {}
  local lower = name:lower()
  for _, candidate in ipairs(candidates) do
    if not seen[candidate] and math.abs(math.min(#candidate, LONGEST) - math.min(#name, LONGEST)) <= limit then
      local edits = M.distance(lower, candidate:lower())
      seen[candidate] = true
      if edits <= limit then found[#found + 1] = { candidate, edits } end
    end
  end
  if #found == 0 then found = holding(lower, candidates) end
  table.sort(found, function(a, b)
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[1] < b[1]
  end)
  local names = {}
  for i = 1, math.min(count or 3, #found) do names[i] = found[i][1] end
  return names
end

--- The candidate that was most likely meant, nil if none is near.
---@param name string
---@param candidates string[]
---@return string?
function M.nearest(name, candidates)
  return M.near(name, candidates, 1)[1]
end

--- The end of a message about an unknown name: "; did you mean 'x'?", or nothing.
---@param name string
---@param candidates string[]
---@return string
function M.hint(name, candidates)
  local names = M.near(name, candidates)
  if #names == 0 then return "" end
  return ("; did you mean '%s'?"):format(table.concat(names, "' or '"))
end

return M
