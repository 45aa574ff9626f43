local core = require "vise.core"
local support = require "support"

-- The program that runs these tests.
local program = arg[-1]

--- Runs a script under the program and sends it Ctrl-C `times` times, 0.4 s apart.
---@param times integer
---@param text string
---@param environment? string
---@return integer status
---@return string out  What it wrote, errors too.
local function interrupt(times, text, environment)
  local script = support.file(text, ".lua")
  local kill = (" sleep 0.4; kill -INT $p 2>/dev/null;"):rep(times)
  -- What still runs a second later is stopped, so that a failure is no hang.
  local pipe <close> = io.popen(("%s %s %s 2>&1 & p=$!;%s (sleep 1; kill -KILL $p 2>/dev/null) & wait $p; echo $?")
    :format(environment or "", program, script, kill))
  local out = pipe:read "a"
  os.remove(script)
  return math.tointeger(tonumber(out:match "(%d+)%s*$")), out
end

describe("Ctrl-C", function()
  it("stops a product of many inner elements half-way", function()
    -- One tile, about ten seconds of work for the reference.
    local status, out = interrupt(1, [[
      local core = require "vise.core"
      core.backend "ref"
      local a = core.tensor("f32", { 256, 1 << 17 })
      io.stderr:write(tostring(select(3, core.matmul(a, a, { trans_b = true }))))]], "VISE_BLAS=0")
    assert.equal(130, status)
    assert.matches("interrupted", out, 1, true)
  end)

  it("stops a loop in a coroutine inside another", function()
    for _, text in ipairs {
      "coroutine.wrap(function() while true do end end)()",
      "coroutine.wrap(function() coroutine.resume(coroutine.create(function() while true do end end)) end)()",
      "coroutine.wrap(function() while true do pcall(function() while true do end end) end end)()",
    } do
      local status, out = interrupt(text:find "pcall" and 2 or 1, text)
      assert.equal(130, status)
      if not text:find "pcall" then assert.matches("E-RN-01: interrupted", out, 1, true) end
    end
  end)

  it("kills at the second one", function()
    local status, out = interrupt(2, "while true do pcall(function() while true do end end) end")
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
    assert.error_matches(function() coroutine.resume(1) end, "to '[%w.]*resume' %(coroutine expected")
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
