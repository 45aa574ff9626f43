--- Tensors as a tree of their names, in which blocks that repeat are folded: "layers.[0-31]".

local text = require "vise.text"

local M = {}

local MOST_LINES = 300

---@class vise.inspect.Fold
---@field path string[]     The parts of the name; numbers are "*".
---@field ranges integer[][] Least and most of each number, of all tensors of this path.
---@field dtype string
---@field sizes integer[]
---@field count integer
---@field bytes integer

-- A number between dots, or at an end of the name.
local NUMBER = "%f[^.\0]%d+%f[.\0]"

local function widen(ranges, name)
  local i = 0
  for digits in name:gmatch(NUMBER) do
    i = i + 1
    local n, range = math.tointeger(tonumber(digits)) or math.maxinteger, ranges[i]
    if not range then
      ranges[i] = { n, n }
    elseif n < range[1] then
      range[1] = n
    elseif n > range[2] then
      range[2] = n
    end
  end
end

local function parts_of(key)
  local path = {}
  for part in (key .. "."):gmatch "([^.]*)%." do path[#path + 1] = part end
  return path
end

-- Of the tensors that differ in numbers only, those of a dtype and a shape.
local function fold_of(kind, info)
  local shape = info.shape
  for _, f in ipairs(kind) do
    local same = f.dtype == info.dtype and #f.sizes == #shape
    for d = 1, same and #shape or 0 do same = same and f.sizes[d] == shape[d] end
    if same then return f end
  end
end

--- Joins tensors that differ in numbers only.
---@param each fun(): string?, table?  Gives the next name and its info.
---@return vise.inspect.Fold[]
function M.fold(each)
  local folds, kinds = {}, {}
  for name, info in each do
    local key, numbers = name:gsub(NUMBER, "*")
    local kind = kinds[key]
    if not kind then
      kind = { ranges = {} }
      kinds[key] = kind
    end
    local f = fold_of(kind, info)
    if not f then
      f = { path = parts_of(key), ranges = kind.ranges, dtype = info.dtype, sizes = info.shape, count = 0, bytes = 0 }
      kind[#kind + 1], folds[#folds + 1] = f, f
    end
    f.count, f.bytes = f.count + 1, f.bytes + info.bytes
    if numbers > 0 then widen(f.ranges, name) end
  end
  return folds
end

local function new_node(label)
  return { label = label, list = {}, children = {}, leaves = {}, bytes = 0 }
end

local function named_child(node, part)
  local child = node.children[part]
  if not child then
    child = new_node(part)
    node.children[part], node.list[#node.list + 1] = child, child
  end
  return child
end

-- Numbers share a node where their ranges meet: "net.0.proj" and "net.2" are not "net.[0-2]".
local function numbered_child(node, range)
  for _, child in ipairs(node.list) do
    if child.lo and range[1] <= child.hi and range[2] >= child.lo then
      child.lo, child.hi = math.min(child.lo, range[1]), math.max(child.hi, range[2])
      return child
    end
  end
  local child = new_node "*"
  child.lo, child.hi = range[1], range[2]
  node.list[#node.list + 1] = child
  return child
end

local function enter(root, f)
  local node, numbers = root, 0
  node.bytes = node.bytes + f.bytes
  for _, part in ipairs(f.path) do
    if part == "*" then
      numbers = numbers + 1
      node = numbered_child(node, f.ranges[numbers] or { 0, 0 })
    else
      node = named_child(node, part)
    end
    node.bytes = node.bytes + f.bytes
  end
  node.leaves[#node.leaves + 1] = f
end

local function label_of(node)
  if not node.lo then return node.label end
  return node.lo == node.hi and tostring(node.lo) or ("[%d-%d]"):format(node.lo, node.hi)
end

-- The rows of a node and what is below it; a chain of single children is one row.
local function render(node, label, level, rows)
  while #node.list == 1 and #node.leaves == 0 do
    node = node.list[1]
    label = label == "" and label_of(node) or label .. "." .. label_of(node)
  end
  local indent = ("  "):rep(level)
  for _, f in ipairs(node.leaves) do
    local shape = #f.sizes == 0 and "scalar" or table.concat(f.sizes, "x")
    rows[#rows + 1] = { indent .. label, f.dtype, shape, f.count > 1 and ("x%d"):format(f.count) or "",
      text.bytes(f.bytes) }
  end
  if #node.list == 0 then return end
  if label ~= "" then
    rows[#rows + 1] = { indent .. label, "", "", "", text.bytes(node.bytes) }
    level = level + 1
  end
  for _, child in ipairs(node.list) do render(child, label_of(child), level, rows) end
end

--- The tree as lines of text: at most 300 of them.
---@param folds vise.inspect.Fold[]
---@return string
function M.text(folds)
  local root, rows = new_node "", {}
  for _, f in ipairs(folds) do enter(root, f) end
  render(root, "", 0, rows)
  local more = #rows - MOST_LINES
  for i = #rows, MOST_LINES + 1, -1 do rows[i] = nil end
  return text.table(rows) .. (more > 0 and ("... %d more lines; --list prints every tensor\n"):format(more) or "")
end

return M
