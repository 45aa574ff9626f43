local core = require "vise.core"
local support = require "support"

-- The program that runs these tests.
local program = arg[-1]

--- Runs a script under the program and sends it Ctrl-C `times` times, the first when the script
--- has called ready().
---@param times integer
---@param text string
---@param environment? string
---@return integer status
---@return string out  What it wrote, errors too.
local function interrupt(times, text, environment)
  local flag = os.tmpname()
  os.remove(flag)
  local script = support.file(([[local function ready() io.open(%q, 'w'):close() end
    local function spin() while true do io.stdout:flush() end end %s]]):format(flag, text), ".lua")
  -- What still runs half a minute later is stopped, so that a failure is no hang.
  local command = ([[
    ENV PROGRAM SCRIPT 2>&1 &
    p=$!
    (sleep 30; kill -KILL $p) >/dev/null 2>&1 & k=$!
    while [ ! -e FLAG ] && kill -0 $p 2>/dev/null; do sleep 0.02; done
    for i in TIMES; do sleep 0.2; kill -INT $p 2>/dev/null; done
    wait $p; echo $?; kill $k]]):gsub("%u%u%u+", {
    ENV = environment or "", PROGRAM = program, SCRIPT = script, FLAG = flag, TIMES = ("x "):rep(times),
  })
  local pipe <close> = io.popen("{ " .. command .. "; } 2>/dev/null")
  local out = pipe:read "a"
  os.remove(script)
  os.remove(flag)
  return math.tointeger(tonumber(out:match "(%d+)%s*$")), out
end

-- The thread sanitizer holds signals back until the C library is called, which spin() does.
local maps <close> = assert(io.open "/proc/self/maps")
local held_back = maps:read("a"):find "libtsan"

describe("Ctrl-C", function()
  it("stops a product of many inner elements half-way", function()
    if held_back then pending "the thread sanitizer holds signals back until the product is done" end
    -- One tile, about ten seconds of work for the reference.
    local status, out = interrupt(1, [[
      local core = require "vise.core"
      core.backend "ref"
      local a = core.tensor("f32", { 128, 1 << 18 })
      ready()
      io.stderr:write(tostring(select(3, core.matmul(a, a, { trans_b = true }))))]], "VISE_BLAS=0")
    assert.equal(130, status)
    assert.matches("interrupted", out, 1, true)
  end)

  it("stops the solvers half-way", function()
    if held_back then pending "the thread sanitizer holds signals back until the product is done" end
    for name, text in pairs {
      gptq = [[core.gptq(core.scheme { bits = 4, granularity = "row", convention = "amax" },
        core.tensor("f32", { 512, 2048 }), unit(2048))]],
      inverse_factor = "core.inverse_factor(unit(2000))",
      moments = [[core.moments(core.tensor("f32", { 1 << 17, 128 }))]],
    } do
      local status, out = interrupt(1, ([[
        local core = require "vise.core"
        core.backend "ref"
        local function unit(n)
          local u = core.tensor("f32", { n, n })
          for i = 1, n * n, n + 1 do u:set(i, 1) end
          return u
        end
        ready()
        io.stderr:write(tostring(select(3, %s)))]]):format(text), "VISE_BLAS=0")
      assert.equal(130, status, name)
      assert.matches("interrupted", out, 1, true)
    end
  end)

  it("stops a compiled forward half-way", function()
    if held_back then pending "the thread sanitizer holds signals back until the product is done" end
    -- Compiled with a fast backend, run with the reference: seconds.
    local status, out = interrupt(1, [[
      local vise, core = require "vise", require "vise.core"
      local a = core.tensor("f32", { 128, 1 << 17 })
      local part = { name = "part", forward = function(_, x) return core.matmul(x, a, { trans_b = true }) end }
      local fast = assert(vise.compile(part, a))
      core.backend "ref"
      ready()
      io.stderr:write(tostring(select(3, fast:forward(a))))]], "VISE_BLAS=0")
    assert.equal(130, status)
    assert.matches("interrupted", out, 1, true)
  end)

  it("stops a loop in a coroutine inside another", function()
    for _, text in ipairs {
      "ready() coroutine.wrap(function() spin() end)()",
      "ready() coroutine.wrap(function() coroutine.resume(coroutine.create(function() spin() end)) end)()",
      "ready() coroutine.wrap(function() while true do pcall(function() spin() end) end end)()",
    } do
      local status, out = interrupt(text:find "pcall" and 2 or 1, text)
      assert.equal(130, status)
      if not text:find "pcall" then assert.matches("E-RN-01: interrupted", out, 1, true) end
    end
  end)

  it("leaves a decomposition to itself and ends the program in order", function()
    -- OpenBLAS unmaps its buffers at exit(), sometimes while the thread is in the middle of them.
    local status, out = interrupt(1, [[
      local vise = require "vise"
      local a = vise.random(1):normal { 2000, 2000 }
      ready()
      local ok, why = pcall(vise.linalg.svd, a)
      print(ok, why)
      os.exit(ok and 1 or 3)]])
    assert.equal(3, status)
    assert.matches("false\tE-RN-01: interrupted\n", out, 1, true)
  end)

  it("kills at the second one", function()
    local status, out = interrupt(2, "ready() while true do pcall(function() spin() end) end")
    assert.equal(130, status)
    assert.equal("130\n", out)
  end)
end)

describe("coroutine.wrap and coroutine.resume", function()
  it("pass values, yields and errors as the library does", function()
    local next = coroutine.wrap(function(a, b)
      local c = coroutine.yield(a + b)
      coroutine.yield(c, nil, c)
      error { "x" }
    end)
    assert.equal(3, next(1, 2))
    assert.same({ 7, nil, 7, n = 3 }, table.pack(next(7)))
    local ok, problem = pcall(next)
    assert.is_false(ok)
    assert.same({ "x" }, problem)
    ok, problem = pcall(function() next() end)
    assert.is_false(ok)
    assert.matches("signals_spec.lua:%d+: cannot resume dead coroutine", problem)
    assert.error_matches(function() coroutine.resume(1) end, "to '[%w.]*resume' %(thread expected")
    assert.error_matches(function() coroutine.wrap(1) end, "function expected")
    local co = coroutine.create(function() error("y", 0) end)
    assert.same({ false, "y", n = 2 }, table.pack(coroutine.resume(co)))
    assert.is_false((coroutine.resume(co)))
  end)

  it("close what a failed coroutine leaves open", function()
    local closed = false
    local f = coroutine.wrap(function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      error("z", 0)
    end)
    assert.error_matches(f, "z")
    assert.is_true(closed)
  end)
end)

describe("a mapped file that shrinks", function()
  it("ends the program with a message that names it", function()
    local data = os.tmpname()
    assert(core.safetensors_write(data, { { "w", core.tensor("f32", { 1 << 16 }) } }))
    local script = support.file(([[
      local core = require "vise.core"
      local t = core.safetensors_open(%q):tensor "w"
      assert(io.open(%q, "w")):close()
      print(t:sum())]]):format(data, data), ".lua")
    local pipe <close> = io.popen(("%s %s 2>&1; echo $?"):format(program, script))
    assert.equal(("vise: E-HF-12: %s: changed while being read, it is shorter than it was\n"):format(data)
      .. "  next: Wait until nothing writes to it, then start again.\n65\n", pipe:read "a")
    os.remove(data)
    os.remove(script)
  end)
end)
