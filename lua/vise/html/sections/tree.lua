--- The tensors of a file as a tree that folds without a script.
---
--- doc.tensors = { { name, dtype, shape, bytes, statistics? } ... } in the order of the file.

local blocks = require "vise.html.blocks"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h

local DEEPEST = 12  -- levels; the rest of a name stays in one piece
local OPEN = 40     -- so few tensors are all shown; so few branches stand open at the top

local function new_branch(name)
  return { name = name, list = {}, by_name = {}, tensors = 0, bytes = 0 }
end

-- Hangs a tensor into the tree.
local function add(root, tensor)
  local at, rest = root, tensor.name
  for _ = 1, DEEPEST do
    at.tensors, at.bytes = at.tensors + 1, at.bytes + (numbers.is_finite(tensor.bytes) and tensor.bytes or 0)
    local head, tail = rest:match "^([^.]+)%.(.+)$"
    if not head then break end
    if not at.by_name[head] then
      at.by_name[head] = new_branch(head)
      at.list[#at.list + 1] = at.by_name[head]
    end
    at, rest = at.by_name[head], tail
  end
  at.list[#at.list + 1] = { name = rest, tensor = tensor }
end

local function statistics(s)
  if type(s) ~= "table" then return false end
  local odd = (s.nans or 0) + (s.infinities or 0)
  return h.i { class = "w4", ("%s … %s, mean %s, std %s"):format(numbers.short(s.min), numbers.short(s.max),
    numbers.short(s.mean), numbers.short(s.std)), odd > 0 and h.span { class = "bad",
      (", %s not finite"):format(numbers.integer(odd)) } or false }
end

local function leaf(item)
  local t = item.tensor
  return h.li { h.div { class = "leaf", ["data-name"] = true, title = t.name, h.b { item.name },
    h.i { class = "w1", tostring(t.dtype) }, h.i { class = "w2", numbers.shape(t.shape) },
    h.i { class = "w3 n", numbers.bytes(t.bytes) }, statistics(t.statistics) }, markup.BREAK }
end

local function branch(item, open, top)
  -- A level with one thing in it is no level.
  local name = item.name
  while #item.list == 1 and item.list[1].list do
    item = item.list[1]
    name = name .. "." .. item.name
  end
  local inside = {}
  for i, child in ipairs(item.list) do inside[i] = child.list and branch(child, open) or leaf(child) end
  return h.li { h.details { open = open or top and #item.list <= OPEN,
    h.summary { h.b { name }, h.i { class = "w2", ("%s tensors"):format(numbers.integer(item.tensors)) },
    h.i { class = "w3 n", numbers.bytes(item.bytes) } }, h.ul { inside } } }
end

--- The tree.
---@param doc table
---@return vise.html.Section?
function M.section(doc)
  if not doc.tensors then return nil end
  local root = new_branch ""
  for i, tensor in ipairs(doc.tensors) do
    local named = {}
    for key, value in pairs(tensor) do named[key] = value end
    named.name = tostring(tensor.name or i)
    add(root, named)
  end
  local inside, wide = {}, doc.tensors[1] and doc.tensors[1].statistics
  for i, child in ipairs(root.list) do
    inside[i] = child.list and branch(child, #doc.tensors <= OPEN, true) or leaf(child)
  end
  return { id = "tensors", title = "Tensors", content = { h.p { class = "note", ("%s tensors, %s."):format(
    numbers.integer(#doc.tensors), numbers.bytes(root.bytes)) }, blocks.search("tree", "tensors"),
    h.div { class = wide and "tree wide" or "tree", id = "tree", h.ul { inside } } } }
end

return M
