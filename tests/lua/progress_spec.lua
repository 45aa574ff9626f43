local progress = require "vise.progress"

-- A stream that remembers, and a clock that goes when it is told to.
local function fixture(columns)
  local written, now = {}, 100
  local stream = { flush = function() end }
  function stream.write(_, ...)
    written[#written + 1] = table.concat { ... }
  end
  local options = { stream = stream, columns = columns, unicode = false, clock = function() return now end }
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
    assert.equal("\r\27[Kload: [####......] 40 %, 4 of 10 files, 2.00 s each, 12 s left", written[4])
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

  -- The line of a layer on a terminal of so many columns.
  local function line_at(columns, unicode)
    local options, written, wait = fixture(columns)
    options.items, options.item, options.unicode = 36, "layer", unicode
    options.memory = function() return 3 << 30 end
    local bar = progress.new("quan\27[2Jtize", 3600, "weights", options)
    bar:begin "transformer_blocks.0.attn1.t\27[2Jo_q"
    wait(20)
    bar:step(1200, nil, 12)
    return written[1]:gsub("^\r\27%[K", "")
  end

  it("leaves out what matters least where there is no room", function()
    assert.equal("quan\\x1b[2Jtize: [###.......] 33 %, layer 12 of 36, 60 weights a second, 40 s left, 3.0 GiB, "
      .. "transformer_blocks.0.attn1.t\\x1b[2Jo_q", line_at(150, false))
    assert.equal("quan\\x1b[2Jtize: [###.......] 33 %, layer 12 of 36, 40 s left, 3.0 GiB", line_at(80, false))
    assert.equal("quan\\x1b[2Jtize: ███░░░░░░░ 33 %, layer 12 of 36, 40 s left", line_at(66, true))
    assert.equal("quan\\x1b[2Jtize: 33 %, 40 s left", line_at(40, false))
    assert.equal("33 %, 40 s left", line_at(20, false))
    assert.equal("33 %", line_at(6, false))
    assert.equal("33", line_at(3, false))
  end)

  it("is never wider than the terminal, nor has what a terminal acts on", function()
    for columns = 1, 160 do
      for _, unicode in ipairs { false, true } do
        local line = line_at(columns, unicode)
        assert.is_true(utf8.len(line) < math.max(columns, 1), line)
        assert.is_nil(line:find "[%c]")
      end
    end
  end)

  it("tells how far work of several kinds is from its end, each at its own rate", function()
    -- Blocks of six layers, of which two take forty times as long for their weights; each a little
    -- longer or shorter than the others of its kind.
    local now, ends = 0, {}
    local function clock() return now end
    local kinds = { cheap = { units = 0, cost = 1 }, dear = { units = 0, cost = 20 } }
    local steps, state = {}, 7
    for block = 1, 24 do
      for part = 1, 6 do
        state = (state * 1103515245 + 12345) & 0x7fffffff
        local dear = part == 2 or part == 5
        local units, noise = dear and 4 or 1, 0.8 + 0.4 * (state >> 8 & 0xffff) / 0xffff
        steps[#steps + 1] = { units, dear and "dear" or "cheap", units * (dear and 40 or 1) * noise, block }
        local kind = kinds[dear and "dear" or "cheap"]
        kind.units = kind.units + units
      end
    end
    local pace = require("vise.pace").new(clock(), 24 * 12, kinds)
    for _, step in ipairs(steps) do
      now = now + step[3]
      pace:add(now, step[1], step[2])
      ends[#ends + 1] = { now, (pace:left(now, 0)) }
    end
    local worst = 0
    for _, e in ipairs(ends) do
      if e[1] >= 0.2 * now and e[1] < now then
        worst = math.max(worst, math.abs(e[1] + e[2] - now) / now)
        -- Of what is left, while there is a tenth of it.
        if now - e[1] > 0.1 * now then worst = math.max(worst, math.abs(e[2] / (now - e[1]) - 1)) end
      end
    end
    io.write(("time left: wrong by at most %.0f %% (goal 20 %%)\n"):format(100 * worst))
    assert.is_true(worst <= 0.2, ("time left is wrong by %.0f %%"):format(100 * worst))
  end)

  it("takes less than one part in 200 of work whose steps take a tenth of a millisecond", function()
    local options = { stream = { write = function() end, flush = function() end }, columns = 80,
      kinds = { a = { units = 50000, cost = 1 } } }
    local bar, best = progress.new("load", 50000, "steps", options), math.huge
    for _ = 1, 5 do
      local start = os.clock()
      for _ = 1, 10000 do bar:step(1, "a") end
      best = math.min(best, (os.clock() - start) / 10000)
    end
    assert.is_true(best <= 0.005 * 1e-4 * 8, ("%.2g s a step"):format(best)) -- 8: the sanitizers
  end)
end)
