-- Times the solvers of the calibration-driven algorithms beside the calls of BLAS and LAPACK that others
-- make, and writes bench/results/solvers.md with --record.
--
--   build/release/vise bench/solvers.lua [--quick] [--record] [--repeats N]
--
-- The numbers in front are those of the goals. Sides take turns; the best turn counts. --quick: 1,024
-- columns instead of 4,096.

package.path = "bench/?.lua;" .. package.path

local core = require "vise.core"
local foreign = require "vise.bench.foreign"

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

local watched = foreign.watch()
local n, tokens, group = size, 2048, 128
local g = core.random(1)
local x, w = g:normal { tokens, n }, g:normal { n, n }
local h = core.moments(g:normal { n + n // 4, n }, 1 / (n + n // 4))
local damped = core.tensor("f32", { n, n })
local square, weights = core.tensor("f32", { n, n }), core.tensor("f32", { n, n })
local scratch = core.tensor("f32", { n + 1024, n })
local sum = core.tensor("f64", { n, n })
local scheme = core.scheme { bits = 4, granularity = "group", group = group, convention = "minmax_int_zero" }

local function seconds(f)
  local start = core.clock()
  f()
  return core.clock() - start
end

-- The best times of functions that take turns; `prepare` runs before each and is not timed.
local function best_of(sides)
  local best = {}
  for _ = 1, repeats do
    for i, side in ipairs(sides) do
      if side.prepare then side.prepare() end
      core.bench_blas_threads(side.blas or 1)
      local took = seconds(side.run)
      core.bench_blas_threads(1)
      best[i] = math.min(best[i] or math.huge, took)
    end
  end
  return best
end

local function copy(to, from) return function() from:to("f32", to) end end

-- The matrix that the published code factors.
do
  local mean = 0
  for i = 0, n - 1 do mean = mean + h:get(i * n + i + 1) / n end
  h:to("f32", damped)
  for i = 0, n - 1 do
    local at = i * n + i + 1
    damped:set(at, h:get(at) + 0.01 * mean)
  end
end
local factor = assert(core.inverse_factor(h))

local rows = {}
local function row(id, what, goal, at_most, found, times)
  local ok = found <= goal
  if not at_most then ok = found >= goal end
  rows[#rows + 1] = { id, what, ("%s %.2f"):format(at_most and "<=" or ">=", goal), ("%.3f"):format(found),
    ok and "met" or "missed", times }
  io.stderr:write(table.concat(rows[#rows], " | "), "\n")
end

local function ms(...)
  local parts = {}
  for i, v in ipairs { ... } do parts[i] = ("%.1f"):format(1000 * v) end
  return table.concat(parts, " : ") .. " ms"
end

local function measure(threads)
  core.threads(threads)
  local name = (", %d thread%s"):format(threads, threads > 1 and "s" or "")

  local t = best_of {
    { run = function() core.bench_moments(sum, x) end },
    { run = function() core.bench_syrk(x, square) end, blas = threads },
  }
  row(14, "Hessian of 2,048 tokens / ssyrk" .. name, 1.05, true, t[1] / t[2], ms(t[1], t[2]))

  t = best_of {
    { run = function() assert(core.inverse_factor(h, nil, weights)) end },
    { run = function() assert(core.bench_factor(square)) end, prepare = copy(square, damped), blas = threads },
  }
  row(15, "inverse factor / potrf + potri + potrf" .. name, 0.6, true, t[1] / t[2], ms(t[1], t[2]))
  local factor_time = t[1]

  local block = threads > 1 and 256 or 128
  t = best_of {
    { run = function() assert(core.gptq(scheme, w, factor, { block = block })):close() end },
    { run = function() core.bench_trailing(weights, factor, block) end, prepare = copy(weights, w), blas = threads },
    { run = function() core.bench_published(square, weights, group, scratch) end, blas = threads,
      prepare = function()
        copy(weights, w)()
        copy(square, damped)()
      end },
  }
  row(16, ("sweep / its trailing sgemm, block %d"):format(block) .. name, threads > 1 and 1.2 or 1.15, true,
    t[1] / t[2], ms(t[1], t[2]))
  row(17, "published code after the Hessian / ours" .. name, threads > 1 and 6 or 3, false,
    t[3] / (t[1] + factor_time), ms(t[3], t[1] + factor_time))

  t = best_of {
    { run = function() core.hadamard(weights, n, weights) end, prepare = copy(weights, w) },
    { run = function() core.bench_memory(w, 1 << 20, 1, weights) end },
  }
  row(22, "Hadamard rotation of the weight / memcpy" .. name, 1.6, true, t[1] / t[2], ms(t[1], t[2]))
end

local before = core.threads()
measure(1)
measure(2)
core.threads(before)

local used, took = watched()
local out = { ("# Solvers\n\n%s\n\n`vise bench/solvers.lua%s --record`: %d x %d weights, %d inputs. Sides take "
  .. "turns, best of %d; %s.\nWritten by `bench/solvers.lua`.\n\n"):format(require("machine").line(),
  size == 1024 and " --quick" or "", n, n, n, repeats,
  used and ("others used %.0f %% of a CPU during %.0f s"):format(100 * used, took) or "others not watched") }
out[#out + 1] = "| # | what | goal | found | | times |\n| --- | --- | --- | --- | --- | --- |\n"
for _, r in ipairs(rows) do out[#out + 1] = ("| %s |\n"):format(table.concat(r, " | ")) end
local page = table.concat(out)
if record then
  local f <close> = assert(io.open("bench/results/solvers.md", "w"))
  assert(f:write(page))
else
  io.write(page)
end
