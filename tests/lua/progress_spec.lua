local progress = require "vise.progress"

-- A stream that remembers, and a clock that goes when it is told to.
local function fixture(columns)
  local written, now = {}, 100
  local stream = { flush = function() end }
  function stream.write(_, ...)
    written[#written + 1] = table.concat { ... }
  end
  local options = { stream = stream, columns = columns, clock = function() return now end }
  return options, written, function(seconds) now = now + seconds end
end

describe("vise.progress", function()
  it("is silent about work of less than a second", function()
    local options, written, wait = fixture(80)
    do
      local bar <close> = progress.new("load", 10, "files", options)
      for _ = 1, 9 do
        wait(0.1)
        bar:step()
      end
    end
    assert.same({}, written)
  end)

  it("shows share, rate and time left on a terminal", function()
    local options, written, wait = fixture(80)
    local bar = progress.new("load", 10, "files", options)
    for _ = 1, 4 do
      wait(2)
      bar:step()
    end
    assert.equal("\r\27[Kload: 4 of 10 files, 40 %, 2.00 s each, 12 s left", written[4])
    bar:close()
    assert.equal("\r\27[Kload: 4 files in 8.00 s\n", written[5])
    bar:close()
    assert.equal(5, #written)
  end)

  it("writes ten times a second at most on a terminal", function()
    local options, written, wait = fixture(80)
    local bar = progress.new("load", 100000, "steps", options)
    for _ = 1, 3000 do
      wait(0.001)
      bar:step()
    end
    assert.is_true(#written <= 21, #written .. " lines in 2 s")
    assert.is_true(#written >= 15)
  end)

  it("writes plain lines on a pipe, one a tenth", function()
    local options, written, wait = fixture(false)
    local bar = progress.new("load", 1000, "steps", options)
    for _ = 1, 1000 do
      wait(0.02)
      bar:step()
    end
    bar:close()
    assert.is_true(#written >= 9 and #written <= 11, #written .. " lines")
    for _, line in ipairs(written) do assert.matches("^load: [^\r\27]*\n$", line) end
  end)

  it("writes a plain line every 30 seconds when the work is slow", function()
    local options, written, wait = fixture(false)
    local bar = progress.new("load", 1000, "steps", options)
    for _ = 1, 20 do
      wait(10)
      bar:step()
    end
    assert.equal(6, #written)
  end)

  it("takes the rate from the last fifth of the work", function()
    local options, written, wait = fixture(80)
    local bar = progress.new("load", 100, "steps", options)
    for i = 1, 60 do
      wait(i <= 30 and 10 or 1)
      bar:step()
    end
    assert.matches("1 a second, 40 s left", written[#written], 1, true)
  end)

  it("does without a total", function()
    local options, written, wait = fixture(80)
    local bar = progress.new("search", nil, nil, options)
    wait(2)
    bar:step(7)
    assert.equal("\r\27[Ksearch: 7 steps, 3.5 a second", written[1])
  end)

  it("keeps to the width of the terminal and escapes the label", function()
    local options, written, wait = fixture(20)
    local bar = progress.new("lo\27[2Jad", 10, "files", options)
    wait(2)
    bar:step()
    assert.equal("\r\27[Klo\\x1b[2Jad: 1 of 1", written[1]) -- 19 columns: the last one stays free
  end)
end)
