-- Times observers beside the forward pass whose inputs they see, and writes bench/results/observers.md
-- with --record.
--
--   build/release/vise bench/observers.lua [--quick] [--record] [--repeats N]
--
-- The forward of a layer is its f32 product, of a model its own forward. The numbers in front are those of
-- the goals; rows without one are there to know. Sides take turns; the best turn counts. --quick: 1,024
-- channels instead of 4,096.

package.path = "bench/?.lua;" .. package.path

local core = require "vise.core"
local foreign = require "vise.bench.foreign"
local vise = require "vise"

local size, repeats, record = 4096, 5, false
do
  local i = 1
  while arg[i] do
    if arg[i] == "--quick" then
      size = 1024
    elseif arg[i] == "--record" then
      record = true
    elseif arg[i] == "--repeats" then
      i = i + 1
      repeats = math.tointeger(tonumber(arg[i])) or error "--repeats takes a number"
    else
      error("unknown option " .. arg[i], 0)
    end
    i = i + 1
  end
end

local TOKENS, GOAL, TEXTS = 2048, 0.02, 8
local SIMPLE = { "channel_span", "range", "mean", "importance" }
local LESS = { "histogram", "token_span", "top" }

local watched = foreign.watch()
local rows = {}

-- The best times of functions that take turns.
local function best_of(sides)
  local best = {}
  for _ = 1, repeats do
    for i, side in ipairs(sides) do
      local start = core.clock()
      side()
      best[i] = math.min(best[i] or math.huge, core.clock() - start)
    end
  end
  return best
end

local function row(goal, what, part, whole)
  local found = part / whole
  rows[#rows + 1] = { goal and "21" or "", what, goal and ("<= %.2f"):format(goal) or "",
    ("%.4f"):format(found), goal and (found <= goal and "met" or "missed") or "",
    ("%.2f : %.1f ms"):format(1000 * part, 1000 * whole) }
  io.stderr:write(table.concat(rows[#rows], " | "), "\n")
end

-- Each kind beside the product of a layer as wide as high.
local function layer(threads)
  core.threads(threads)
  local name = (", %d thread%s"):format(threads, threads > 1 and "s" or "")
  local g = core.random(1)
  local x, w = g:normal { TOKENS, size }, g:normal { size, size }
  local y = core.tensor("f32", { TOKENS, size })
  local sides = { function() core.linear(x, w, nil, y) end }
  local kinds = table.move(LESS, 1, #LESS, #SIMPLE + 1, table.move(SIMPLE, 1, #SIMPLE, 1, {}))
  for i, kind in ipairs(kinds) do
    local observer = core.observer(kind, { channels = size })
    sides[i + 1] = function() observer:update(x) end
  end
  local t, sum = best_of(sides), 0
  for i, kind in ipairs(kinds) do
    sum = sum + (i <= #SIMPLE and t[i + 1] or 0)
    row(GOAL, kind .. " / product of a layer" .. name, t[i + 1], t[1])
  end
  row(GOAL, "these four together / product of a layer" .. name, sum, t[1])
end

-- What watching every layer of a small model adds to its forward.
local function model(threads)
  core.threads(threads)
  local float <close> = assert(vise.open("recipes/quickstart/models/dit-fashion-mnist", { variant = "fp16" }))
  local noise <close> = core.random(2):normal { TEXTS, 1, 28, 28 }
  local function forward() assert(float:forward(noise, 500, 1)):close() end
  local alone, with = math.huge, math.huge
  for _ = 1, 4 * repeats do
    alone = math.min(alone, best_of { forward }[1])
    local watch <close> = assert(vise.observe.attach(float, { "*" }, "importance"))
    with = math.min(with, best_of { forward }[1])
    watch:detach()
  end
  row(nil, ("importance of all layers / forward of the small DiT, %d thread%s"):format(threads,
    threads > 1 and "s" or ""), with - alone, alone)
end

local before = core.threads()
for threads = 1, 2 do
  layer(threads)
  model(threads)
end
core.threads(before)

local used, took = watched()
local out = { ("# Observers\n\n%s\n\n`vise bench/observers.lua%s --record`: %d tokens of %d channels. Sides take "
  .. "turns, best of %d; %s.\nWritten by `bench/observers.lua`.\n\n"):format(require("machine").line(),
  size == 1024 and " --quick" or "", TOKENS, size, repeats,
  used and ("others used %.0f %% of a CPU during %.0f s"):format(100 * used, took) or "others not watched") }
out[#out + 1] = "| # | what | goal | found | | times |\n| --- | --- | --- | --- | --- | --- |\n"
for _, r in ipairs(rows) do out[#out + 1] = ("| %s |\n"):format(table.concat(r, " | ")) end
local page = table.concat(out)
if record then
  local f <close> = assert(io.open("bench/results/observers.md", "w"))
  assert(f:write(page))
else
  io.write(page)
end
