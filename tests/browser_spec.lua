-- Pages in a real browser, with scripts and without: VISE_TEST_BROWSER=1, and Debian's chromium.

local browser = require "browser"
local core = require "vise.core"
local html = require "vise.html"
local vise = require "vise"

local ON = os.getenv "VISE_TEST_BROWSER" == "1"

local function ready()
  if not ON then
    pending "pages in a browser: set VISE_TEST_BROWSER=1"
  elseif not browser.path() then
    pending "pages in a browser: there is no chromium"
  else
    return true
  end
end

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

local MODELS = {
  dit = { path = "recipes/quickstart/models/dit-fashion-mnist", variant = "fp16", quant_type = "svdq_int4_r8_dq" },
  llama = { path = "recipes/quickstart/models/stories260K", quant_type = "int8_per_row" },
}

local function report_of(which, path)
  local about = MODELS[which]
  local model = assert(vise.open(about.path, { variant = about.variant }))
  local report = assert(vise.quantize(model, { quant_type = about.quant_type }))
  assert(report:html(path, { title = which .. " <b>&amp;</b>", model = model,
    metrics = { { name = "psnr", value = 30, better = "higher", target = 29, unit = "dB" } } }))
  model:close()
  return report
end

-- A picture with something in it: an empty page takes a small part of the bytes.
local function assert_drawn(path, options)
  local picture, blank = os.tmpname() .. ".png", os.tmpname() .. ".html"
  assert(core.disk.write(blank, "<!DOCTYPE html><title>-</title>"))
  browser.screenshot(path, picture, options)
  local size = #read(picture)
  browser.screenshot(blank, picture, options)
  assert.is_true(size > 4 * #read(picture), ("%d bytes"):format(size))
  os.remove(picture)
  os.remove(blank)
end

for which in pairs(MODELS) do
  describe("the report of " .. which .. " in a browser", function()
    local path, report

    setup(function()
      if not (ON and browser.path()) then return end
      path = os.tmpname() .. ".html"
      report = report_of(which, path)
    end)
    teardown(function()
      if path then os.remove(path) end
    end)

    for _, scripts in ipairs { true, false } do
      it(scripts and "runs its script without a word" or "is complete without its script", function()
        if not ready() then return end
        local shown = os.tmpname() .. ".html"
        local bytes = read(path)
        -- A browser that runs no scripts cannot be asked for what it shows; one that has none to run can.
        assert(core.disk.write(shown, scripts and bytes or (bytes:gsub("<script>.*</script>", ""))))
        local dom, console = browser.dom(shown)
        os.remove(shown)
        assert.equal("", console)
        assert.matches("<h1>" .. which .. " &lt;b&gt;&amp;amp;&lt;/b&gt;</h1>", dom, 1, true)
        for _, layer in ipairs(report.layers) do assert.matches(">" .. layer.name .. "</th>", dom, 1, true) end
        assert.matches("The target is met.", dom, 1, true)
        assert.is_true(select(2, dom:gsub("<svg ", "")) >= 20)
        -- The field to search with is there when there is something that searches.
        assert.equal(not scripts, dom:find('<div class="tools" hidden', 1, true) ~= nil)
      end)
    end

    it("is no empty page, in light, in dark and on a phone", function()
      if not ready() then return end
      assert_drawn(path, { width = 1440, height = 1000 })
      assert_drawn(path, { width = 1440, height = 1000, dark = true })
      assert_drawn(path, { width = 390, height = 1000 })
    end)
  end)
end

describe("a page of 1,000 tensors in a browser", function()
  it("opens", function()
    if not ready() then return end
    local layers, tensors = {}, {}
    for i = 1, 1000 do
      local name = ("model.layers.%d.part.%d"):format(i // 10, i % 10)
      layers[i] = { name = name, type = "int8_per_row", shape = { 64, 64 }, output_error = i / 1e5, disk_bytes = 4224 }
      tensors[i] = { name = name, dtype = "f16", shape = { 64, 64 }, bytes = 8192 }
    end
    local path = os.tmpname() .. ".html"
    assert(html.write(path, { title = "many", quantized = { { report = { layers = layers } } }, tensors = tensors }))
    local dom, console = browser.dom(path)
    os.remove(path)
    assert.equal("", console)
    assert.equal(1000, select(2, dom:gsub("<tr data%-name", "")))
    assert.equal(1000, select(2, dom:gsub('<div class="leaf" data%-name', "")))
  end)
end)
