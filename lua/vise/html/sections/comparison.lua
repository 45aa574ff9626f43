--- Two artefacts or checkpoints side by side.
---
--- doc.comparison = { a = path, b = path, weights, same, different, left_out, bytes } as vise.compare gives it,
--- and parameters = { { name, a, b } ... }, those that differ.

local blocks = require "vise.html.blocks"
local entries = require "vise.html.entries"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"
local scatter = require "vise.html.charts.scatter"

local M = {}

local h = markup.h

-- What differs, the largest error first; what cannot be measured stands above.
local function different(comparison)
  local list = {}
  for i, row in ipairs(comparison.weights or {}) do
    if row.state ~= "same" then list[#list + 1] = { row = row, index = i } end
  end
  local function badness(row) return row.rel_l2 ~= nil and entries.badness(row.rel_l2) or math.huge end
  table.sort(list, function(x, y)
    local a, b = badness(x.row), badness(y.row)
    if a ~= b then return a > b end
    return x.index < y.index
  end)
  return list
end

--- One sentence on how alike the two are, for the top of the page.
---@param comparison table
---@return any
function M.sentence(comparison)
  local list = different(comparison)
  if #list == 0 then
    return h.span { class = "good", ("All %s weights are the same."):format(numbers.integer(comparison.same)) }
  end
  local first = list[1].row
  return { h.span { class = "warn", ("%s of %s weights differ."):format(numbers.integer(#list),
    numbers.integer(#(comparison.weights or {}))) }, " ", h.code { tostring(first.name) },
    first.rel_l2 ~= nil and (" differs most, by %s."):format(numbers.percent(first.rel_l2))
      or (": %s."):format(tostring(first.state)) }
end

--- What the two are, and how large.
---@param doc table
---@return vise.html.Section?
function M.verdict(doc)
  local c = doc.comparison
  if not c then return nil end
  local bytes = c.bytes or {}
  local rows = { { "A", { h.code { tostring(c.a) }, ", ", numbers.bytes(bytes.a) } },
    { "B", { h.code { tostring(c.b) }, ", ", numbers.bytes(bytes.b) } },
    { "weights", ("%s the same, %s not"):format(numbers.integer(c.same), numbers.integer(c.different)) } }
  if numbers.is_finite(c.left_out) and c.left_out > 0 then
    rows[#rows + 1] = { "left out", ("%s that the artefact does not hold"):format(numbers.integer(c.left_out)) }
  end
  return { id = "sides", title = "A and B", content = blocks.facts(rows) }
end

local function pair(row, field)
  local a, b = row.a and row.a[field], row.b and row.b[field]
  local show = field == "shape" and numbers.shape or field == "bytes" and numbers.bytes or tostring
  a, b = a ~= nil and show(a) or nil, b ~= nil and show(b) or nil
  if a == b or b == nil then return a or numbers.NONE end
  return a == nil and b or ("%s → %s"):format(a, b)
end

local function chart_of(c)
  local points, worst, lo, hi = {}, {}, math.huge, 0
  for i, item in ipairs(different(c)) do
    if i <= 3 then worst[item.index] = true end
  end
  for i, row in ipairs(c.weights or {}) do
    if row.state == "differs" and row.rel_l2 ~= nil then
      points[#points + 1] = { x = i, y = row.rel_l2, label = worst[i] and tostring(row.name) or nil,
        title = ("%s: %s"):format(tostring(row.name), numbers.percent(row.rel_l2)) }
      if numbers.is_finite(row.rel_l2) then lo, hi = math.min(lo, row.rel_l2), math.max(hi, row.rel_l2) end
    end
  end
  if #points < 2 then return false end
  local log = lo > 0 and hi / lo > 30
  local chart = scatter.draw(points, { width = 960, height = 260, title = "Difference of each weight",
    description = "In the order of A; the table below has every value.", x = { label = "weight" },
    y = { label = "rel-L2 of B - A", log = log, lo = not log and 0 or nil, format = numbers.percent_tick } })
  return chart and blocks.figure(chart, log
    and "Relative difference (L2) over that of A, on a logarithmic scale, in A's order."
    or "Relative difference (L2) over that of A, in A's order.")
end

local COLUMNS = { { "weight" }, { "state" }, { "type" }, { "shape" }, { "size", n = true }, { "rel-L2", n = true },
  { "max |d|", n = true }, { "cosine", n = true } }

--- The weights, those that differ most first.
---@param doc table
---@return vise.html.Section?
function M.weights(doc)
  local c = doc.comparison
  if not c then return nil end
  local rows, same = {}, {}
  for i, item in ipairs(different(c)) do
    local row = item.row
    rows[i] = { tostring(row.name), tostring(row.state), pair(row, "type"), pair(row, "shape"), pair(row, "bytes"),
      numbers.percent(row.rel_l2), numbers.short(row.max_abs),
      numbers.is_finite(row.cosine) and ("%.6f"):format(row.cosine) or numbers.NONE }
  end
  for _, row in ipairs(c.weights or {}) do
    if row.state == "same" then same[#same + 1] = h.li { h.code { tostring(row.name) } } end
  end
  return { id = "weights", title = "Weights", content = { chart_of(c),
    #rows > 0 and blocks.table(COLUMNS, rows) or false,
    #same > 0 and blocks.fold(("%d the same"):format(#same), h.ul { same }) or false } }
end

--- What was asked for differently.
---@param doc table
---@return vise.html.Section?
function M.parameters(doc)
  local rows = {}
  for i, p in ipairs(doc.comparison and doc.comparison.parameters or {}) do
    local a, b = p.a ~= nil and tostring(p.a), p.b ~= nil and tostring(p.b)
    rows[i] = { tostring(p.name), a or numbers.NONE, b or numbers.NONE }
  end
  if #rows == 0 then return nil end
  return { id = "settings", title = "Settings",
    content = blocks.table({ { "parameter" }, { "A" }, { "B" } }, rows) }
end

return M
