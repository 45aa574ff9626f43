--- Gathers statistics: runs a model over data, part by part.

local fail = require "vise.fail"
local identity = require "vise.statistics.identity"
local kinds_of = require "vise.statistics.kinds"
local observe = require "vise.observe"
local tree = require "vise.statistics.tree"

local M = {}

---@class vise.CaptureOptions
---@field kinds? string[]     span, range, mean, importance, moments, histogram, token_span, top.
---@field layers? string[]    Patterns; all if not given.
---@field shard? integer      Which of the shards; 1.
---@field shards? integer     How many there are, 16 at most; 1.
---@field data? table         What the items are, for the file: plain values.
---@field on_item? fun()

-- Puts the observers of a part in place.
local function attach(model, options, kinds, watches)
  for _, kind in ipairs(kinds) do
    watches[kind] = fail.try(observe.attach(model, options.layers or { "*" }, kinds_of.ALL[kind].observer))
  end
end

-- Where a result is not finite; nil if it is.
local function place_of(result, kind, channels)
  if result:dtype() == "i64" then return nil end
  if kind == "top" then -- NaN and infinity come first
    local value = result:get(1)
    if value - value == 0 then return nil end
    return ("input channel %d"):format(result:get(2))
  end
  local bad = result:nonfinite()
  if not bad then return nil end
  return kind == "range" and "the range" or ("input channel %d"):format((bad - 1) % channels + 1)
end

local function check_finite(name, kind, observer, channels)
  local result <close>, message, id = observer:result()
  local where = result and place_of(result, kind, channels)
  if where then
    fail.try(nil, ("layer %s: %s is not finite during calibration"):format(name, where), "E-OB-11")
  elseif not result then
    fail.try(nil, ("layer %s: %s"):format(name, message), id)
  end
end

-- The observers of a part, checked, taken from its watches.  What is taken is freed by who has the node.
local function collect(model, kinds, watches, node)
  local names = watches[kinds[1]].names
  for _, watch in pairs(watches) do
    local message, id = watch:failure()
    if message then fail.try(nil, message, id) end
  end
  for _, name in ipairs(names) do
    local rows = watches[kinds[1]]:observer(name):count()
    node.rows[name] = rows > 0 and rows or nil
  end
  for name in pairs(node.rows) do node.observers[name] = {} end
  for _, name in ipairs(names) do
    local _, channels = model:layer(name).weight:shape()
    for _, kind in ipairs(kinds) do
      local watch = watches[kind]
      if node.rows[name] and (not watch.share or watch:shares(name) == name) then
        check_finite(name, kind, watch:observer(name), channels)
        node.observers[name][kind] = watch:take(name)
      end
    end
  end
end

local function shares_of(watches, shares)
  local watch = watches.moments
  for _, name in ipairs(watch and watch.names or {}) do
    local first = watch:shares(name)
    if first ~= name then shares[name] = first end
  end
end

-- One part of the data.
local function run_part(model, items, run, options, kinds, part, found)
  local watches <close> = setmetatable({}, { __close = function(all)
    for _, watch in pairs(all) do watch:close() end
  end })
  attach(model, options, kinds, watches)
  local any = false
  for i = 1, items do
    if tree.part_of(i, items) == part then
      fail.try(run(i))
      any = true
      if options.on_item then options.on_item() end
    end
  end
  found.names = watches[kinds[1]].names
  if any then shares_of(watches, found.shares) end
  local node = { first = part, count = 1, rows = {}, observers = {} }
  found.nodes[#found.nodes + 1] = node
  collect(model, kinds, watches, node)
  return any
end

local function check_reached(found)
  local missing, reached = {}, 0
  for _, name in ipairs(found.names) do
    local seen = false
    for _, node in ipairs(found.nodes) do seen = seen or node.rows[name] ~= nil end
    if seen then reached = reached + 1 else missing[#missing + 1] = name end
  end
  if #missing == 0 then return end
  fail.try(nil, ("calibration reached %d of %d layers; nothing flowed into %s%s"):format(reached, #found.names,
    table.concat(missing, ", ", 1, math.min(3, #missing)), #missing > 3 and ", ..." or ""), "E-OB-10")
end

local function layers_of(model, names)
  local layers = {}
  for i, name in ipairs(names) do
    local _, channels = model:layer(name).weight:shape()
    layers[i] = { name = name, channels = channels }
  end
  return layers
end

-- `found.nodes` is what the caller frees if this fails.
local function capture(model, items, run, options, found)
  local kinds, unknown = kinds_of.sorted(options.kinds or { "span", "range", "mean", "importance" })
  if unknown or #kinds == 0 then
    fail.raise("E-OB-01", "no statistic '%s', allowed: %s", unknown or "", table.concat(kinds_of.NAMES, ", "))
  end
  local shard, shards = options.shard or 1, options.shards or 1
  local first, past = tree.parts_of(shard, shards)
  local any = false
  for part = first, past - 1 do
    any = run_part(model, items, run, options, kinds, part, found) or any
    found.nodes = tree.join(found.nodes)
  end
  if not any then
    fail.try(nil, ("shard %d of %d has no item: the data has %d"):format(shard, shards, items), "E-OB-26")
  end
  check_reached(found)
  return { model = fail.try(identity.of(model)), family = model.family, kinds = kinds,
    layers = layers_of(model, found.names), shares = found.shares, nodes = found.nodes, data = options.data or {} }
end

--- Runs a model over items of data and gathers statistics of what flows into its layers.
---@param model vise.Model
---@param items integer            How many there are, in all shards.
---@param run fun(i: integer): true?, string?, string?  Runs the model on item `i`.
---@param options? vise.CaptureOptions
---@return table?  What vise.statistics.Statistics is made of.
---@return string? message
---@return string? id
function M.capture(model, items, run, options)
  local found = { nodes = {}, shares = {} }
  local ok, made, message, id = pcall(fail.catch, capture, model, items, run, options or {}, found)
  if ok and made then return made end
  tree.close(found.nodes)
  if not ok then error(made, 0) end -- the script's own mistake
  return nil, message, id
end

return M
