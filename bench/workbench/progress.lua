--- What progress costs in a real quantize, and how right the time left is.

local core = require "vise.core"
local progress = require "vise.progress"
local vise = require "vise"

local MODEL = "recipes/quickstart/models/dit-fashion-mnist"
local WIDTH = 80

-- Quantizes with a progress that writes lines for a terminal into nothing; its calls are timed, and the end
-- that it foretells is noted at every step.
local function watched(cfg)
  local model <close> = assert(vise.open(MODEL, { variant = "fp16" }))
  local new, cost, foretold = progress.new, 0, {}
  local null <close> = assert(io.open("/dev/null", "w"))
  local function timed(f)
    return function(...)
      local before = core.clock()
      local result = f(...)
      cost = cost + core.clock() - before
      return result
    end
  end
  progress.new = timed(function(label, total, unit, options)
    options = setmetatable({ stream = null, columns = WIDTH }, { __index = options })
    local real = new(label, total, unit, options)
    local step = timed(real.step)
    real.begin, real.close = timed(real.begin), timed(real.close)
    function real:step(...)
      step(self, ...)
      if label == "quantize" then
        local now = core.clock()
        foretold[#foretold + 1] = { now, now + (self.pace:left(now, self.done) or 0), self.done / self.total }
      end
    end
    return real
  end)
  local start = core.clock()
  local ok, message = vise.quantize(model, cfg)
  local finish = core.clock()
  progress.new = new
  assert(ok, message)
  return cost / (finish - start), foretold, start
end

-- By how much of the whole time the end was foretold wrongly, at worst, once a fifth of the time was over.
local function error_of(foretold, start)
  local finish, worst = foretold[#foretold][1], 0
  for _, at in ipairs(foretold) do
    if at[1] - start >= 0.2 * (finish - start) then
      worst = math.max(worst, math.abs(at[2] - finish) / (finish - start))
    end
  end
  return worst
end

return function(figures)
  local cfg = { quant_type = "svdq_int4_r32_dq", svdq = { refine_iters = 100 } }
  local cost, foretold, start = watched(cfg)
  figures:at_most("E13", "the part of a quantize that progress takes", 0.5, "%", 100 * cost,
    ("its calls timed, %s of the quickstart's DiT, %.1f s"):format(cfg.quant_type, foretold[#foretold][1] - start))
  figures:at_most("E13", "the end as foretold after a fifth of the same, the worst", 20, "%",
    100 * error_of(foretold, start), "at each of its layers")
  local _, failed, output = figures:spec "tests/lua/progress_spec.lua"
  local wrong = tonumber(output:match "time left: wrong by at most (%d+) %%")
  figures:at_most("E13", "the same of layers that differ by 40 times", 20, "%", wrong or math.huge,
    "`tests/lua/progress_spec.lua`")
  figures:row("E13", "plain lines on a pipe", "yes", failed == 0 and "yes" or "no", failed == 0,
    "`tests/lua/progress_spec.lua`")
end
