-- Reports as HTML: well formed whatever is in them, small, and drawn from any numbers.

local base64 = require "vise.html.base64"
local core = require "vise.core"
local html = require "vise.html"
local markup = require "vise.html.markup"
local page = require "html"
local scales = require "vise.html.charts.scale"
local script = require "vise.html.script"
local support = require "support"
local vise = require "vise"

local program = arg[-1]

local NAN, INF = 0 / 0, math.huge

local function hist(n, value)
  local counts = {}
  for i = 1, n do counts[i] = value or (i * i) % 37 end
  return { lo = -1, hi = 1, counts = counts, below = 0, above = 0, nan = 0 }
end

-- A document with every section; `name` and `text` stand wherever a document has names and texts.
local function document(layers, name, text)
  local list, histograms, float = {}, {}, {}
  for i = 1, layers do
    local full = ("blocks.%d.%s.%d"):format(i // 6, name, i % 6)
    list[i] = { name = full, type = name, shape = { 128, 128 }, weight_error = 0.01 * (i % 7 + 1),
      output_error = 0.02 * (i % 11 + 1), output_of = text, disk_bytes = 13312 }
    if i <= 20 then histograms[full] = { before = hist(64), after = hist(64, 9), error = hist(64) } end
  end
  for i = 1, 3 do float[i] = { name = name .. i, shape = { 4, 4 }, reason = text } end
  local report = { quant_type = name, linear = layers + 3, candidates = layers, quantized = layers, skipped = 3,
    observed = 2, disk_bytes = 100, file_bytes = 120, memory_bytes = 200, source_bytes = 400, bits_per_weight = 4.5,
    seconds = 1.5, peak_bytes = 1000, regions = { name }, types = { { type = name, layers = layers } },
    patterns = { { where = text, pattern = name, matched = 3 } }, layers = list, float_layers = float,
    overlaps = { { winner = name, loser = text, layers = 1, example = name } } }
  return { title = text, kind = "run", quantized = { { label = name, report = report, histograms = histograms } },
    run = { id = name, recipe = name, version = text, started = text, seconds = 3, command = text, status = text,
      out = name },
    params = { { name = name, value = text, default = { name, text }, help = text, unit = name } },
    metrics = { { name = name, value = 30, unit = text, better = "higher", target = 29, stderr = 0.1 },
      { name = text, value = 0.5, step = 1 }, { name = text, value = 0.4, step = 2 } },
    sensitivity = { { layer = name, type = "a", value = 0.1, unit = text }, { layer = text, type = "b", value = 2 } },
    images = { { name = name, png = assert(core.png(core.tensor("u8", { 2, 2 }))) }, { name = text, png = text } },
    texts = { { name = name, text = text } }, recipe = { [name] = text, ["recipe.lua"] = text }, resolved = text,
    manifest = text, environment = { { name, text }, { key = text, value = name } }, log = { text, name } }
end

local HOSTILE = "a</script><script>alert(1)</script>\"' onload=x &amp; <!-- ]]> \27[2J\r\n\xff\xe2\x80\xae\u{61c}"
  .. "\u{ffff}é\x9b"

describe("vise.html.render", function()
  it("makes a well-formed page that loads nothing", function()
    local read = page.read(html.render(document(40, "to_q", "some text")))
    assert.equal(1, read.elements.h1)
    assert.is_true(read.elements.svg >= 40)
    for _, id in ipairs { "quality", "layers", "worst", "sensitivity", "steps", "samples", "sizes", "plan",
      "parameters", "recipe", "manifest", "environment", "log", "again" } do
      assert.is_true(read.ids[id], id)
    end
    assert.matches("The target is met.", read.text, 1, true)
    assert.matches("3.33× smaller", read.text, 1, true)
    assert.matches("vise rerun to_q", read.text, 1, true)
    assert.matches("vise run to_q/recipe --locked", read.text, 1, true)
  end)

  it("needs a title and nothing else", function()
    assert.matches("only this", page.read(html.render { title = "only this" }).text, 1, true)
    assert.error_matches(function() html.render {} end, "E%-RP%-01: .*without")
    assert.error_matches(function() html.render "x" end, "E%-RP%-01: .*string")
  end)

  it("gives the same bytes for the same document", function()
    assert.equal(html.render(document(30, "q", "t")), html.render(document(30, "q", "t")))
  end)

  it("stays below 2 MB for 1,000 layers", function()
    local bytes = html.render(document(1000, "self_attn.q_proj", "text"))
    print(("report of 1,000 layers: %d bytes (goal 2000000)"):format(#bytes))
    assert.is_true(#bytes <= 2000000, tostring(#bytes))
    page.read(bytes)
  end)

  it("shows hostile text as text, wherever it stands", function()
    local read = page.read(html.render(document(8, HOSTILE, HOSTILE)))
    assert.equal(1, read.elements.script)
    assert.matches("a</script><script>alert(1)</script>\"' onload=x &amp; <!-- ]]> \\x1b[2J", read.text, 1, true)
    assert.matches("\\xff\\u{202e}\\u{61c}\\u{ffff}é\\x9b", read.text, 1, true)
  end)

  it("shows any bytes as text", function()
    math.randomseed(7)
    for _ = 1, 40 do
      local bytes = {}
      for i = 1, 40 do bytes[i] = string.char(math.random(0, 255)) end
      page.read(html.render(document(3, table.concat(bytes), table.concat(bytes, "", 20) .. "<&\"'>")))
    end
  end)

  it("draws what numbers there are, and says what is no number", function()
    local doc = document(12, "q", "t")
    local report = doc.quantized[1].report
    for i, v in ipairs { NAN, INF, -INF, 0, -1, 1e308, 5e-324, core.null } do
      report.layers[i].output_error, report.layers[i].weight_error, report.layers[i].disk_bytes = v, v, v
      doc.metrics[#doc.metrics + 1] = { name = "m", value = v, step = v, target = v, better = "lower" }
      doc.sensitivity[#doc.sensitivity + 1] = { layer = "x" .. i, type = "a", value = v }
    end
    report.bits_per_weight, report.file_bytes, report.seconds = NAN, INF, -INF
    local first = doc.quantized[1].histograms[report.layers[1].name]
    first.before = { lo = NAN, hi = 1, counts = { 1 } }
    first.after = { lo = -1e308, hi = 1e308, counts = { 1, NAN, 3 } }
    first.error.nan, first.error.above = 3, 2
    local read = page.read(html.render(doc))
    assert.matches("NaN", read.text, 1, true)
    assert.matches("∞", read.text, 1, true)
    assert.matches("2 above, 3 NaN", read.text, 1, true)
    assert.is_nil(html.render(doc):find 'd="[^"]*[ni][an][fn]')
  end)

  it("says how many targets are missed, and which first", function()
    local text = page.read(html.render { title = "t", metrics = { { name = "psnr", value = 20, better = "higher",
      target = 30, unit = "dB" }, { name = "loss", value = 1, better = "lower", target = 2 },
      { name = "bad", value = NAN, better = "lower", target = 2 } } }).text
    assert.matches("2 of 3 targets are missed.", text, 1, true)
    assert.matches("psnr is 20 dB, wanted at least 30.", text, 1, true)
  end)

  it("puts the worst layer first, and its rank in every order into the row", function()
    local doc = document(3, "q", "t")
    doc.quantized[1].report.layers[2].output_error = 0.9
    local bytes = html.render(doc)
    local style, name = bytes:match '<tr data%-name id="q1%-%d" style="([^"]*)"><th scope="row">([^<]*)'
    assert.equal("blocks.0.q.2", name)
    assert.equal("--a:1;--b:2;--c:1;--d:1;--e:2;", style:gsub("%-%-c:%d;%-%-d:%d;", "--c:1;--d:1;"))
  end)

  it("cuts very long texts and says so", function()
    local read = page.read(html.render { title = "t", manifest = ("0123456789\n"):rep(100000) })
    assert.matches("more bytes are left out here", read.text, 1, true)
    assert.is_true(#read.text < 400000)
  end)
end)

describe("the script of a page", function()
  it("is the only one that the policy lets run", function()
    local path = support.file(script.text)
    local hash = assert(core.disk.sha256(path)):gsub("%x%x", function(d) return string.char(tonumber(d, 16)) end)
    os.remove(path)
    assert.equal(base64.encode(hash), script.hash)
    assert.matches("script%-src &#39;sha256%-" .. script.hash:gsub("[%+%-%.]", "%%%0") .. "&#39;",
      html.render { title = "t" })
    assert.is_nil(script.text:find("</", 1, true))
  end)
end)

describe("vise.html.markup", function()
  it("escapes what is content and what is an attribute", function()
    local made = markup.h.p { title = 'a"<', "<&>", { 1, false, "x" }, markup.raw "<b></b>" }
    assert.equal('<p title="a&quot;&lt;">&lt;&amp;&gt;1x<b></b></p>', made.html)
  end)
end)

describe("base64", function()
  it("gives what RFC 4648 says", function()
    for plain, coded in pairs { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
      foobar = "Zm9vYmFy", ["\xff\xfe\xfd"] = "//79" } do
      assert.equal(coded, base64.encode(plain))
    end
  end)
end)

describe("scales", function()
  it("map the ends to the ends and have ticks at round numbers", function()
    local s = scales.new(0, 10, { from = 100, to = 200, ticks = 5 })
    assert.same({ 100, 150, 200 }, { s.map(0), s.map(5), s.map(10) })
    local labels = {}
    for i, tick in ipairs(s.ticks) do labels[i] = tick.label end
    assert.same({ "0", "2", "4", "6", "8", "10" }, labels)
    s = scales.new(1, 1000, { from = 0, to = 30, log = true })
    assert.near(10, s.map(10), 1e-9)
  end)

  it("end for every range, with finite places", function()
    local odd = { 0, -1, 1, 1e-300, 5e-324, 1e300, -1.7e308, 1.7e308, NAN, INF, -INF, 1 + 2 ^ -52, 1 }
    for _, lo in ipairs(odd) do
      for _, hi in ipairs(odd) do
        for _, log in ipairs { true, false } do
          local s = scales.new(lo, hi, { from = 0, to = 100, log = log })
          assert.is_true(#s.ticks < 40)
          for _, v in ipairs(odd) do
            local at = s.map(v)
            assert.is_true(at >= 0 and at <= 100, ("%s in %s..%s"):format(v, lo, hi))
          end
        end
      end
    end
  end)
end)

describe("vise.html.histograms", function()
  local model, report

  setup(function()
    model = assert(vise.open("recipes/quickstart/models/dit-fashion-mnist", { variant = "fp16" }))
    report = assert(vise.quantize(model, { quant_type = "int8_per_row" }))
  end)
  teardown(function() model:close() end)

  it("counts every weight before and after, and the error between", function()
    local found = assert(vise.html.histograms(model, report, { layers = 3, bins = 16 }))
    local count = 0
    for name, set in pairs(found) do
      count = count + 1
      local weight = model:layer(name).weight
      for _, which in ipairs { "before", "after", "error" } do
        local sum = 0
        for _, n in ipairs(set[which].counts) do sum = sum + n end
        assert.equal(16, #set[which].counts)
        assert.equal(weight:count(), sum)
      end
      -- By hand: how many weights lie in the first half of the bins.
      local middle, low = (set.before.lo + set.before.hi) / 2, 0
      for _, v in ipairs(weight:totable()) do
        if v < middle then low = low + 1 end
      end
      local sum = 0
      for i = 1, 8 do sum = sum + set.before.counts[i] end
      assert.equal(low, sum)
    end
    assert.equal(3, count)
    assert.is_table(found[report:worst()[1].name])
  end)

  it("leaves out layers that would take too many elements", function()
    local found = assert(vise.html.histograms(model, report, { elements = 128 * 128 + 1 }))
    local names = {}
    for name in pairs(found) do names[#names + 1] = name end
    assert.equal(1, #names)
  end)

  it("refuses what is no option or no such model", function()
    assert.error_matches(function() vise.html.histograms(model, report, { layer = 3 }) end, "E%-RP%-03: .*'layers'")
    assert.error_matches(function() vise.html.histograms(model, report, { layers = 0 }) end, "E%-RP%-03")
    assert.error_matches(function() vise.html.histograms(model, {}) end, "E%-RP%-02")
    local other <close> = setmetatable({ assert(vise.open("recipes/quickstart/models/dit-fashion-mnist",
      { variant = "fp16" })) }, { __close = function(o) o[1]:close() end })
    assert.error_matches(function() vise.html.histograms(other[1], report) end, "E%-RP%-02: .*no quantized layer")
  end)

  it("leaks nothing, whichever allocation fails", function()
    support.sweep(function() return (vise.html.histograms(model, report, { layers = 1 })) end)
  end)

  it("go into the page that a report writes", function()
    local path = os.tmpname()
    assert(report:html(path, { title = "int8 of the DiT", model = model, layers = 4 }))
    local f <close> = assert(io.open(path))
    local read = page.read(f:read "a")
    os.remove(path)
    assert.matches("int8 of the DiT", read.text, 1, true)
    assert.matches("Worst 4 layers", read.text, 1, true)
    assert.matches("20 left float: outside the regions", read.text, 1, true)
    assert.error_matches(function() report:html(path, { titel = "x" }) end, "E%-RP%-03: .*'title'")
    assert.is_nil(report:html("/nowhere/at/all.html"))
  end)
end)

describe("pages of the command line", function()
  local a, b, out

  local function run(arguments)
    local pipe = assert(io.popen(("%s %s 2>&1; echo $?"):format(program, arguments)))
    local said, status = pipe:read "a":match "^(.-)(%d+)\n$"
    pipe:close()
    local f = io.open(out)
    local bytes = f and f:read "a"
    if f then f:close() end
    return tonumber(status), said, bytes
  end

  local function file(value)
    local path = os.tmpname()
    assert(core.safetensors_write(path, { { "x.0.w", core.tensor_of("f32", { 2, 2 }, { 1, 2, 3, value }) },
      { "x.0." .. HOSTILE:match "^[^\xff]*", core.tensor_of("f32", { 1 }, { 1 }) } }))
    return path
  end

  setup(function() a, b, out = file(4), file(5), os.tmpname() end)
  teardown(function() for _, path in ipairs { a, b, out } do os.remove(path) end end)

  it("compare two files", function()
    local status, said, bytes = run(("compare %s %s --html %s"):format(a, b, out))
    assert.equal(1, status, said)
    local read = page.read(bytes)
    assert.matches("1 of 2 weights differ.", read.text, 1, true)
    assert.matches("18.3 %", read.text, 1, true) -- |5 - 4| over the root of 1 + 4 + 9 + 16
    status, said, bytes = run(("compare %s %s --html %s"):format(a, a, out))
    assert.equal(0, status, said)
    assert.matches("All 2 weights are the same.", page.read(bytes).text, 1, true)
  end)

  it("show the tensors of a file as a folded tree", function()
    local status, said, bytes = run(("inspect --stats %s --html %s"):format(a, out))
    assert.equal(0, status, said)
    local read = page.read(bytes)
    assert.equal(1, read.elements.script)
    assert.equal(1, read.elements.details)
    assert.matches("2 tensors, 20 B.", read.text, 1, true)
    assert.matches("1 … 4, mean 2.5", read.text, 1, true)
  end)

  it("say when there is no place to write", function()
    local status, said = run(("inspect %s --html /nowhere/at/all.html"):format(a))
    assert.is_true(status >= 64, said)
    assert.matches("vise: E-FS-", said, 1, true)
  end)
end)
