-- The pictures below were checked by hand: every bar, dot and tick against the numbers drawn.

local core = require "vise.core"
local plot = require "vise.plot"
local support = require "support"
local text = require "vise.text"

-- A picture in ASCII without colours, unless asked for otherwise.
local function drawn(name, data, options)
  local own = { width = 30, unicode = false, colour = 0 }
  for key, value in pairs(options or {}) do own[key] = value end
  return assert(plot[name](data, own))
end

local function lines_of(s)
  local list = {}
  for line in s:gmatch "([^\n]*)\n" do list[#list + 1] = line end
  return list
end

local NAN, INF = 0 / 0, math.huge

describe("plot.histogram", function()
  it("gives each whole number as many columns as the others", function()
    assert.same({
      "4 +          #####",
      "  |          ##########",
      "2 +     ###############",
      "  |####################",
      "  +--+----+----+----+--",
      "     0    1    2    3",
      "10 values  min 0",
      "mean 1.9  max 3",
      "std 0.9434  zero 10 %",
    }, lines_of(drawn("histogram", { 0, 1, 1, 2, 2, 2, 2, 3, 3, 3 }, { height = 4, width = 24 })))
  end)

  it("marks clip points, and counts apart what it does not draw", function()
    assert.same({
      "w",
      "2 ┤      ██████      ┊",
      "1 ┤▄▄▄▄▄▄██████▄▄▄▄▄▄┊",
      "  │██████████████████┊",
      "  └┬─────┬─────┬─────┬────┬",
      "   0     1     2     3    4",
      "                     ^",
      "7 values  min 0.5  mean 2.8",
      "max 9  std 3.14  1 NaN",
      "1 infinite  1 outside",
      "^ clip 3",
    }, lines_of(drawn("histogram", { 0.5, 1, 1.5, 2, NAN, INF, 9 }, { height = 3, bins = 4, range = { 0, 4 },
      marks = { { 3, "clip" } }, unicode = true, title = "w" })))
  end)

  it("shows one of many on a logarithmic scale", function()
    assert.same({
      "100 +          #####",
      "    |     :::::#####",
      "  1 +.....##########",
    }, table.move(lines_of(drawn("histogram", { lo = 0, hi = 3, counts = { 1, 10, 100 } },
      { height = 3, width = 20, log = true })), 1, 3, 1, {}))
  end)

  it("counts a tensor in the engine, whatever its type", function()
    local t <close> = core.tensor_of("f16", { 2, 2 }, { 0, 1, 1, NAN })
    assert.matches("4 values  min 0  mean 0.6667\nmax 1  std 0.4714  zero 25 %%\n1 NaN\n$", drawn("histogram", t))
  end)
end)

describe("plot.line", function()
  it("draws a line with one letter where there is no Braille", function()
    assert.same({
      "3 +      *****",
      "2 +  ****     ****",
      "1 +**             **",
      "  ++---+---+---+---+",
      "   1   2   3   4   5",
    }, lines_of(drawn("line", { 1, 2, 3, 2, 1 }, { height = 3, width = 20 })))
  end)

  it("draws eight dots a cell where there is", function()
    assert.same({
      "2 ┤        ⢀⣀⡠⠤⠔⠒⠒⠊⠉",
      "0 ┤⣀⡠⠤⠤⠔⠒⠊⠉⠁",
    }, table.move(lines_of(drawn("line", { 0, 1, 2, 3 }, { height = 2, width = 20, unicode = true })), 1, 2, 1, {}))
  end)

  it("tells series apart without colour", function()
    local series = { { name = "a", y = { 1, 1 } }, { name = "b", y = { 2, 2 } } }
    local got = lines_of(drawn("line", series, { height = 2, width = 20, unicode = true, x = "step", y = "loss" }))
    assert.same({ "loss", "2.0 ┤+++++++++++++++", "1.0 ┤***************" }, table.move(got, 1, 3, 1, {}))
    assert.same({ "step", "* a  + b" }, { got[6], got[7] })
  end)

  it("does not leave it to colours either", function()
    local got = drawn("line", { { name = "a", y = { 1, 1 } }, { name = "b", y = { 2, 2 } } },
      { height = 2, unicode = true, colour = 16 }):gsub("\27%[%d*m", "")
    assert.matches("2.0 ┤2⠉", got, 1, true)
    assert.matches("⣀1\n", got, 1, true)
    assert.matches("\n1 a  2 b\n$", got)
  end)

  it("leaves gaps where there is no number, and says how many", function()
    local got = lines_of(drawn("line", { 1, NAN, 1, 1, -INF }, { height = 3, width = 20 }))
    assert.equal("1.0 +*      *****", got[2])
    assert.equal("2 not drawn", got[#got])
  end)

  it("keeps the one peak of a tensor that is longer than wide", function()
    local t <close> = core.tensor("f32", { 100000 })
    t:set(31337, 1)
    local top = lines_of(drawn("line", t, { width = 60 }))[1]
    assert.equal(1, select(2, top:gsub("%*", "")), top)
  end)
end)

describe("plot.bars", function()
  it("puts labels left, elided in the middle, and values right", function()
    assert.same({
      "bloc...to_q ###########    1",
      "b           ######       0.5",
      "c                        NaN",
      "d           ###         0.25",
    }, lines_of(drawn("bars", { { "blocks.0.attn.to_q", 1 }, { "b", 0.5 }, { "c", NAN }, { "d", 0.25 } },
      { width = 28 })))
  end)

  it("draws what is negative to the other side", function()
    assert.same({
      "1         ███████  2",
      "2 ████████        -2",
    }, lines_of(drawn("bars", { 2, -2 }, { width = 20, unicode = true })))
  end)

  it("says how many it leaves out", function()
    assert.same({ "1 more" }, table.move(lines_of(drawn("bars", { 3, 2, 1 }, { most = 2 })), 3, 3, 1, {}))
  end)
end)

describe("plot.scatter", function()
  it("marks the points that no other beats", function()
    assert.same({
      "4 +* a",
      "  |       .",
      "2 +       * b",
      "  |",
      "0 +                        c *",
      "  ++------+-----+------+-----+",
      "   0      1     2      3     4",
      "1 not drawn",
      "* best:  a (0, 4)  b (1, 2)",
      "c (4, 0)",
    }, lines_of(drawn("scatter", { { 0, 4, "a" }, { 1, 2, "b" }, { 1, 3 }, { 4, 0, "c" }, { NAN, 1 } },
      { height = 5, better = { x = "lower", y = "lower" } })))
  end)

  it("knows which end is the better one", function()
    local got = drawn("scatter", { { 1, 1, "a" }, { 2, 2, "b" }, { 3, 1, "c" } },
      { better = { x = "lower", y = "higher" } })
    assert.matches("best:  a %(1, 1%)  b %(2, 2%)\n$", got)
  end)
end)

describe("plot.heatmap", function()
  it("grows denser with the value and marks what is not finite", function()
    assert.same({
      "1 + .:",
      "2 +-?@",
      "  ++-+",
      "   1 3",
      "0 [ .:-=+*#%@] 9",
      "2 x 3",
      "each cell: absmax",
      "1 not finite (?)",
    }, lines_of(drawn("heatmap", { { 0, 1, 2 }, { 3, NAN, -9 } }, { width = 20 })))
  end)

  it("shows two rows a cell in colours", function()
    local got = lines_of(drawn("heatmap", { { 0, 9 }, { 9, 0 } }, { unicode = true, colour = 1 << 24 }))
    assert.equal("1 ┤\27[38;2;68;1;84;48;2;253;231;37m▀\27[0m\27[38;2;253;231;37;48;2;68;1;84m▀\27[0m", got[1])
  end)

  it("shows the outlier of a block", function()
    local t <close> = core.tensor("f32", { 1000, 1000 })
    t:set(501 * 1000 + 7, -3)
    local got = drawn("heatmap", t, { width = 40, height = 10 })
    assert.equal(1, select(2, got:gsub("@[^%]]", "")), got)
  end)
end)

describe("plot.image", function()
  it("has letters as dense as the image is bright", function()
    local t = core.tensor_of("u8", { 4, 4 }, { 0, 0, 255, 255, 0, 0, 255, 255, 128, 128, 0, 0, 128, 128, 0, 0 })
    assert.same({ "  @@", "++" }, lines_of(drawn("image", t)))
  end)

  it("shows two pixels a cell in as many colours as there are", function()
    local t = core.tensor_of("u8", { 2, 2 }, { 0, 255, 255, 0 })
    for depth, want in pairs {
      [16] = "\27[30;107m▀\27[0m\27[97;40m▀\27[0m",
      [256] = "\27[38;5;16;48;5;231m▀\27[0m\27[38;5;231;48;5;16m▀\27[0m",
      [1 << 24] = "\27[38;2;0;0;0;48;2;255;255;255m▀\27[0m\27[38;2;255;255;255;48;2;0;0;0m▀\27[0m",
    } do
      assert.equal(want .. "\n", drawn("image", t, { colour = depth, unicode = true }))
    end
  end)

  it("writes all of it into a file", function()
    local path = os.tmpname()
    drawn("image", core.tensor("u8", { 300, 200, 3 }), { path = path })
    local f <close> = assert(io.open(path, "rb"))
    assert.equal("\137PNG\r\n\26\n", f:read(8))
    local got, message, id = plot.image(core.tensor("u8", { 1, 1 }), { path = "no/such/folder/x.png" })
    assert.is_nil(got)
    assert.is_string(message)
    assert.matches("^E%-FS", id)
  end)
end)

describe("plot.spark", function()
  it("is a letter a value", function()
    assert.equal("▁▂▃▄▅▆▇█", drawn("spark", { 0, 1, 2, 3, 4, 5, 6, 7 }, { unicode = true }))
    assert.equal("_:?#", drawn("spark", { 1, 2, NAN, 4 }))
    assert.equal("", drawn("spark", {}))
  end)
end)

describe("plot.layers", function()
  it("shows the worst layer first", function()
    local report = { layers = { { name = "a", output_error = 0.1, weight_error = 4 },
      { name = "b", output_error = 0.2, weight_error = 2 } } }
    local got = lines_of(drawn("layers", report))
    assert.matches("^b #+ +0%.2$", got[2])
    assert.matches("^a #+ +0%.1$", got[3])
    assert.matches("^a #+ +4$", lines_of(drawn("layers", report, { by = "weight_error" }))[2])
  end)
end)

-- What may go wrong with numbers: nothing, one, all equal, huge, tiny, signed zeros, none finite.
local odd = { {}, { 7 }, { 2.5, 2.5, 2.5 }, { -1.7e308, 1.7e308 }, { 5e-324, 1e-323 }, { -0.0, 0.0 }, { NAN, INF },
  { 1e300, 1.0000000001e300 }, { 0, 1e-310 }, { -3, -1e9 }, { 1, 10, 1e30 }, { math.mininteger, math.maxinteger } }

describe("every picture", function()
  local shapes = {
    histogram = function(list) return list end,
    line = function(list) return list end,
    bars = function(list)
      local rows = {}
      for i, v in ipairs(list) do rows[i] = { ("long.name.of\27[31m.layer.%d"):format(i), v } end
      return rows
    end,
    scatter = function(list)
      local points = {}
      for i, v in ipairs(list) do points[i] = { v, list[#list - i + 1], "é" .. i } end
      return points
    end,
    heatmap = function(list) return #list > 0 and { list, list } or {} end,
    spark = function(list) return list end,
  }

  for name, shaped in pairs(shapes) do
    it("draws odd numbers in lines no wider than asked: " .. name, function()
      for _, list in ipairs(odd) do
        for _, width in ipairs { 20, 31, 80, 130 } do
          for _, unicode in ipairs { false, true } do
            local s = drawn(name, shaped(list), { width = width, unicode = unicode, title = name ~= "spark" and
              "a title that is much too long for it\n\27[2J" or nil })
            assert.is_nil(s:find "\27")
            if not unicode then assert.is_nil(s:find "[^\n\x20-\x7e]") end
            for _, line in ipairs(lines_of(s)) do assert.is_true(text.width(line) <= width, line) end
          end
        end
      end
    end)
  end

  it("elides a word that alone is too wide", function()
    local got = drawn("scatter", { { 1.2345e-300, -1.2345e300, ("long label "):rep(5) } },
      { width = 20, better = { x = "lower" } })
    for _, line in ipairs(lines_of(got)) do assert.is_true(#line <= 20, line) end
  end)

  it("draws logarithmic axes of what is not above zero", function()
    for _, list in ipairs(odd) do
      assert.is_string(drawn("line", list, { log_y = true, log_x = true }))
      assert.is_string(drawn("bars", list, { log = true }))
      assert.is_string(drawn("histogram", list, { log = true }))
      assert.is_string(drawn("scatter", shapes.scatter(list), { log_x = true, log_y = true }))
      assert.is_string(drawn("heatmap", shapes.heatmap(list), { log = true }))
    end
  end)

  it("raises for an option or data that it cannot take", function()
    assert.error_matches(function() plot.line({ 1 }, { widht = 30 }) end, "E%-TN%-13: .*'widht'; did you mean 'width'")
    assert.error_matches(function() plot.line({ 1 }, { width = 19 }) end, "E%-TN%-13: .*from 20 to 500")
    assert.error_matches(function() plot.bars({ 1 }, { colour = 7 }) end, "E%-TN%-13: .*colour is 7")
    assert.error_matches(function() plot.heatmap({ { 1 } }, { what = "sum" }) end, "E%-TN%-13: .*absmax")
    assert.error_matches(function() plot.histogram({ 1 }, { range = { 1, NAN } }) end, "E%-TN%-13: .*range")
    assert.error_matches(function() plot.histogram "x" end, "E%-TN%-14: .*got a string")
    assert.error_matches(function() plot.bars { "x" } end, "E%-TN%-14: .*row 1 has a string")
    assert.error_matches(function() plot.scatter { { 1 } } end, "E%-TN%-14: .*point 1")
    assert.error_matches(function() plot.heatmap { { 1, 2 }, { 3 } } end, "E%-TN%-08: .*row 2 has 1")
    assert.error_matches(function() plot.line { { y = { 1 }, x = {} } } end, "E%-TN%-08: .*0 x and 1 y")
    assert.error_matches(function() plot.image(core.tensor("f32", { 2, 2 })) end, "E%-TN%-08")
    assert.error_matches(function() plot.layers(3) end, "E%-TN%-14")
  end)

  it("draws tensors without holding on to memory", function()
    local t <close> = support.random { 64, 64 }
    for _, name in ipairs { "histogram", "line", "heatmap", "spark" } do drawn(name, t) end
    collectgarbage()
    local before = core.memory().blocks
    for _, name in ipairs { "histogram", "line", "heatmap", "spark" } do drawn(name, t) end
    collectgarbage()
    assert.equal(before, core.memory().blocks)
  end)
end)

describe("axes", function()
  local axis = require "vise.plot.axis"

  it("have ticks at 1, 2 or 5 times a power of ten", function()
    local _, labels = axis.new(0, 1):ticks(5)
    assert.same({ "0", "0.2", "0.4", "0.6", "0.8", "1.0" }, labels)
    _, labels = axis.new(-0.037, 0.052):ticks(5)
    assert.same({ "-0.02", "0", "0.02", "0.04" }, labels)
    _, labels = axis.new(0, 3e7):ticks(4)
    assert.same({ "0", "1e7", "2e7", "3e7" }, labels)
    _, labels = axis.new(1, 1000, true):ticks(4)
    assert.same({ "1", "10", "100", "1000" }, labels)
    _, labels = axis.new(1, 9, true):ticks(4)
    assert.same({ "1", "2", "5" }, labels)
  end)
end)
