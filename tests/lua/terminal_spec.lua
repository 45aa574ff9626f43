local terminal = require "vise.terminal"

local program = arg[-1]
local KNOWN = "LC_ALL LC_CTYPE LANG TERM COLORTERM COLUMNS LINES NO_COLOR CLICOLOR_FORCE"

-- The terminal of an environment; without a size it is none.
local function from(env, columns, rows)
  return terminal.from(columns, rows, function(name) return env[name] end)
end

-- What a child of this program sees, whose output is a pipe.
local function child(env)
  local script = os.tmpname()
  local f = assert(io.open(script, "w"))
  f:write [[
    local t = require("vise.terminal").of "stdout"
    io.write(("%s %d %d %d %s %s"):format(t.tty, t.columns, t.rows, t.colour, t.unicode, t.cursor))
  ]]
  f:close()
  local command = ("env%s %s '%s' %s"):format((KNOWN:gsub("%S+", " -u %0")), env, program, script)
  local pipe <close> = assert(io.popen(command))
  local said = pipe:read "a"
  os.remove(script)
  return said
end

describe("vise.terminal", function()
  it("takes 80 by 24 where nothing is known", function()
    assert.same({ tty = false, columns = 80, rows = 24, fixed = false, colour = 0, unicode = false, cursor = false },
      from {})
  end)

  it("takes the size of the terminal, and less if the environment asks for it", function()
    local t = from({ TERM = "xterm" }, 132, 50)
    assert.same({ 132, 50 }, { t.columns, t.rows })
    t = from({ COLUMNS = "70", LINES = "100" }, 132, 50)
    assert.same({ 70, 50 }, { t.columns, t.rows })
    assert.equal(200, from({ COLUMNS = "200" }).columns)
    assert.is_true(from({ COLUMNS = "200" }).fixed)
    assert.is_true(from({}, 80).fixed)
  end)

  it("takes no size that is none", function()
    for _, value in ipairs { "", "0", "-3", "wide", "1e3", "99999999999999999999", "80 " } do
      assert.equal(80, from({ COLUMNS = value }).columns, value)
    end
  end)

  it("counts the colours of a terminal", function()
    assert.equal(16, from({ TERM = "xterm" }, 80).colour)
    assert.equal(256, from({ TERM = "screen-256color" }, 80).colour)
    assert.equal(1 << 24, from({ TERM = "xterm-256color", COLORTERM = "truecolor" }, 80).colour)
    assert.equal(1 << 24, from({ TERM = "xterm-direct" }, 80).colour)
  end)

  it("shows no colour where none is wanted", function()
    assert.equal(0, from({ TERM = "xterm", NO_COLOR = "1" }, 80).colour)
    assert.equal(0, from({ TERM = "xterm", NO_COLOR = "1", CLICOLOR_FORCE = "1" }, 80).colour)
    assert.equal(16, from({ TERM = "xterm", NO_COLOR = "" }, 80).colour)
    assert.equal(0, from({ TERM = "dumb" }, 80).colour)
    assert.equal(0, from({}, 80).colour)
    assert.equal(0, from({ TERM = "xterm" }).colour)
  end)

  it("shows colour on a pipe if it is forced", function()
    assert.equal(256, from({ TERM = "xterm-256color", CLICOLOR_FORCE = "1" }).colour)
    assert.equal(0, from({ TERM = "xterm-256color", CLICOLOR_FORCE = "0" }).colour)
  end)

  it("moves the cursor on a terminal that is not dumb", function()
    assert.is_true(from({ TERM = "xterm" }, 80).cursor)
    assert.is_false(from({ TERM = "dumb" }, 80).cursor)
    assert.is_false(from({ TERM = "xterm" }).cursor)
  end)

  it("reads the letters from the first variable that is set", function()
    assert.is_true(from({ LANG = "en_US.UTF-8" }).unicode)
    assert.is_true(from({ LC_CTYPE = "C.utf8", LANG = "C" }).unicode)
    assert.is_false(from({ LC_ALL = "C", LANG = "en_US.UTF-8" }).unicode)
    assert.is_true(from({ LC_ALL = "", LANG = "en_US.UTF-8" }).unicode)
  end)

  it("is what the program sees of its own environment", function()
    assert.equal("false 80 24 0 false false", child "")
    assert.equal("false 61 24 256 true false",
      child "COLUMNS=61 CLICOLOR_FORCE=1 TERM=xterm-256color LC_ALL=C.UTF-8")
  end)
end)
