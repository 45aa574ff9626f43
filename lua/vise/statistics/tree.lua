--- The tree that shards are merged along.
---
--- The data of a calibration is cut into PARTS parts; a node holds what was seen of `count` parts from
--- `first` on, where `count` is a power of two and `first` a multiple of it.  Two neighbours are merged
--- only into the node above both.  So the sums are added in one order, whatever the shards were and in
--- whatever order they are named.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

--- Into how many parts data is cut, and the most shards there can be.
M.PARTS = 16

---@class vise.StatisticsNode
---@field first integer  From 0.
---@field count integer
---@field rows table<string, integer>  By layer; none of one that saw nothing.
---@field observers table<string, table<string, vise.Observer>>  By layer and kind, of layers with rows.

--- The parts of shard `i` of `n`: from the first to before the last.
---@param i integer
---@param n integer
---@return integer first
---@return integer past
function M.parts_of(i, n)
  return (i - 1) * M.PARTS // n, i * M.PARTS // n
end

--- The part that item `i` of `n` belongs to.
---@param i integer
---@param n integer
---@return integer
function M.part_of(i, n)
  return (i - 1) * M.PARTS // n
end

--- Whether a node may stand in a tree.
---@param first any
---@param count any
---@return boolean
function M.fits(first, count)
  if math.type(first) ~= "integer" or math.type(count) ~= "integer" then return false end
  return count >= 1 and count & (count - 1) == 0 and first >= 0 and first % count == 0 and first + count <= M.PARTS
end

-- Takes what `b` has into `a`.
local function merge(a, b)
  for name, kinds in pairs(b.observers) do
    local mine = a.observers[name] or {}
    a.observers[name] = mine
    for kind, observer in pairs(kinds) do
      if mine[kind] then
        fail.try(mine[kind]:merge(observer))
        observer:close()
      else
        mine[kind] = observer
      end
    end
    b.observers[name] = nil
  end
  for name, rows in pairs(b.rows) do a.rows[name] = (a.rows[name] or 0) + rows end
  a.count = a.count + b.count
  return a
end

local function join(by_first, lo, size)
  local node = by_first[lo]
  if node and node.count == size then return { node } end
  if size == 1 then return {} end
  local list = join(by_first, lo, size // 2)
  local right = join(by_first, lo + size // 2, size // 2)
  if #list == 1 and #right == 1 and list[1].count == size // 2 and right[1].count == size // 2 then
    return { merge(list[1], right[1]) }
  end
  return table.move(right, 1, #right, #list + 1, list)
end

--- Merges the neighbours among nodes that do not overlap; they are used up.
---@param nodes vise.StatisticsNode[]
---@return vise.StatisticsNode[]  In order.
function M.join(nodes)
  local by_first = {}
  for _, node in ipairs(nodes) do by_first[node.first] = node end
  return join(by_first, 0, M.PARTS)
end

--- The first part that two of the nodes have; nil if there is none.
---@param nodes vise.StatisticsNode[]
---@return integer?
function M.overlap(nodes)
  local seen = {}
  for _, node in ipairs(nodes) do
    for part = node.first, node.first + node.count - 1 do
      if seen[part] then return part end
      seen[part] = true
    end
  end
end

local function fold(by_first, lo, size, fresh, name, kind)
  local node = by_first[lo]
  local all = fresh()
  if node and node.count >= size then
    local observer = node.count == size and node.observers[name] and node.observers[name][kind]
    return observer and fail.try(all:merge(observer)) or all
  end
  if size == 1 then return all end
  for half = 0, 1 do
    local part <close> = fold(by_first, lo + half * (size // 2), size // 2, fresh, name, kind)
    fail.try(all:merge(part))
  end
  return all
end

--- One statistic of one layer over all nodes, in the order of the tree; the nodes stay as they are.
---@param nodes vise.StatisticsNode[]
---@param name string
---@param kind string
---@param observer vise.ObserverKind
---@param shape { channels: integer, keep?: integer }
---@return vise.Observer
function M.fold(nodes, name, kind, observer, shape)
  local by_first = {}
  for _, node in ipairs(nodes) do by_first[node.first] = node end
  return fold(by_first, 0, M.PARTS, function() return fail.try(core.observer(observer, shape)) end, name, kind)
end

--- Frees the observers of nodes.
---@param nodes vise.StatisticsNode[]
function M.close(nodes)
  for _, node in ipairs(nodes) do
    for _, kinds in pairs(node.observers) do
      for _, observer in pairs(kinds) do observer:close() end
    end
  end
end

return M
