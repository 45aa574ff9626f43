--- The prompt: on a terminal as a person meets it, and over a model of 100,000 tensors.

local core = require "vise.core"
local many = require "workbench.many"

local RUNS = 11

-- Lua text that keeps one kernel busy for seconds, made ready before.
local KERNELS = {
  { "matmul", "a = vise.random(1):normal { 4096, 4096 };", "for _ = 1, 50 do vise.linalg.matmul(a, a) end;" },
  { "svd", "a = vise.random(1):normal { 1500, 1500 };", "for _ = 1, 50 do vise.linalg.svd(a) end;" },
  { "quantize", "m = 'recipes/quickstart/models/dit-fashion-mnist';", "while true do vise.quantize(assert(vise.open(m, "
    .. "{ variant = 'fp16' })), { quant_type = 'svdq_int4_r32_dq' }) end" },
  { "a loop of Lua", "", "while true do end" },
}

local function interrupts(figures)
  local session <close> = require("terminal").start({ figures.program, "repl" }, { env = { HOME = "/nonexistent" } })
  session:last(">", 10)
  for _, kernel in ipairs(KERNELS) do
    local worst, stopped = 0, true
    session:enter(kernel[2])
    for delay = 1, 3 do
      session:clear()
      session:type(kernel[3] .. "\r")
      local start = core.clock()
      while core.clock() < start + 0.2 * delay do session:read(0.02) end -- what is typed is echoed meanwhile
      start = core.clock()
      session:type "\3"
      stopped = stopped and pcall(session.expect, session, "interrupted", 20)
      worst = math.max(worst, core.clock() - start)
    end
    figures:row("E10", "Ctrl-C answered inside " .. kernel[1], "<= 0.2 s", stopped and ("%.3f s"):format(worst)
      or "never", stopped and worst <= 0.2, "the worst of three, on a terminal")
  end
end

local function completion(figures)
  local complete, vise = require "vise.repl.complete", require "vise"
  local path, remove = many.file()
  local env = { c = assert(vise.checkpoint.open(path)) }
  for _, line in ipairs { 'c["', 'c["model.lay', 'c["model.layers.77.mlp.' } do
    local times = {}
    for i = 1, RUNS do
      local before = core.clock()
      assert(#complete.at(line, #line, env).list > 0)
      times[i] = 1e3 * (core.clock() - before)
    end
    table.sort(times)
    figures:at_most("E9", ("completion of `%s` in a model of 100,000 tensors"):format(line), 50, "ms",
      times[(RUNS + 1) // 2], ("the median of %d"):format(RUNS))
  end
  env.c:close()
  remove()
end

return function(figures)
  completion(figures)
  figures:tests("E10", "checks of the prompt on a terminal", "tests/lua/repl_terminal_spec.lua", 60)
  figures:tests("E10", "checks of the prompt on a pipe", "tests/lua/repl_spec.lua")
  interrupts(figures)
end
