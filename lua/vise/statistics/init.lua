--- Statistics of what flows into a model's layers: gathered, saved, merged, read again.
---
---   local half = assert(vise.statistics.capture(model, #texts, read, { shard = 1, shards = 2 }))
---   half:save("half-1.safetensors")
---   local all = assert(vise.statistics.merge { "half-2.safetensors", "half-1.safetensors" })
---
--- Shards merge along one tree (vise.statistics.tree): to the same bits in whatever order they are
--- named, which are those of one run over all of the data.

local capture = require "vise.statistics.capture"
local core = require "vise.core"
local fail = require "vise.fail"
local file = require "vise.statistics.file"
local imatrix = require "vise.statistics.imatrix"
local set = require "vise.statistics.set"
local tree = require "vise.statistics.tree"

local M = {}

--- Runs a model over items of data and gathers statistics of what flows into its layers.
---@param model vise.Model
---@param items integer  How many there are, in all shards.
---@param run fun(i: integer): true?, string?, string?
---@param options? vise.CaptureOptions
---@return vise.Statistics?
---@return string? message
---@return string? id
function M.capture(model, items, run, options)
  local made, message, id = capture.capture(model, items, run, options)
  if not made then return nil, message, id end
  return set.new(made)
end

--- Reads a file of statistics.
---@param path string
---@return vise.Statistics?
---@return string? message
---@return string? id
function M.open(path)
  local made, message, id = file.read(path)
  if not made then return nil, message, id end
  return set.new(made)
end

--- Reads an importance matrix of llama.cpp, as GGUF or in the older form.
---@param path string
---@return vise.Statistics?
---@return string? message
---@return string? id
function M.from_imatrix(path)
  local made, message, id = imatrix.read(path)
  if not made then return nil, message, id end
  return set.new(made)
end

-- In which way two sets of statistics do not belong together.
local function difference(a, b)
  if a.model ~= b.model then return "model", "other weights" end
  local function same(x, y) return core.json_encode(x) == core.json_encode(y) end
  if not same(a.kinds, b.kinds) then
    return "kinds", ("%s, not %s"):format(table.concat(b.kinds, " "), table.concat(a.kinds, " "))
  end
  if not same(core.array(a.layers), core.array(b.layers)) then return "layers", "other names or widths" end
  if not same(a.shares, b.shares) then return "layers", "others share an input" end
  if not same(a.data, b.data) then return "data", "another selection, tokenizer or length" end
end

--- Merges files of statistics; the same bits in whatever order they are named.
---@param paths string[]
---@return vise.Statistics?
---@return string? message
---@return string? id
function M.merge(paths)
  local all = {}
  local function give_up(message, id)
    for _, one in ipairs(all) do one:close() end
    return nil, message, id
  end
  local nodes = {}
  for i, path in ipairs(paths) do
    local one, message, id = M.open(path)
    if not one then return give_up(message, id) end
    all[i] = one
    local what, how = difference(all[1], one)
    if what then return give_up(("%s: the %s differ from %s: %s"):format(path, what, paths[1], how), "E-OB-23") end
    table.move(one.nodes, 1, #one.nodes, #nodes + 1, nodes)
    local twice = tree.overlap(nodes)
    if twice then return give_up(("%s: part %d is in another file too"):format(path, twice), "E-OB-25") end
  end
  if #all == 0 then fail.raise("E-OB-23", "no files to merge") end
  all[1].nodes = tree.join(nodes)
  return all[1]
end

return M
