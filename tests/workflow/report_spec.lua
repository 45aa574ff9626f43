local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

describe("a report", function()
  local model, report
  setup(function()
    model = dit.open()
    report = assert(vise.quantize(model, { quant_type = "svdq_int4_r4", exclude = { "*.to_out.0" }, verbose = true,
      svdq = { seed = 3 },
      plan = { { "*.to_q", "int8_per_row" }, { "*.attn1.to_*", "int8_weight_only" } }, calibrate = dit.calibrate }))
  end)
  teardown(function() model:close() end)

  it("counts: observed, quantized, skipped, all", function()
    -- Six blocks: to_q int8_per_row, to_k and to_v int8_weight_only, two of the MLP calibrated.
    assert.same({ 12, 30, 30, 26, 56 },
      { report.observed, report.quantized, report.candidates, report.skipped, report.linear })
    local text = report:text()
    for _, words in ipairs {
      "regions     transformer_blocks.0-5", "int8_per_row (6)", "int8_weight_only (12)", "svdq_int4_r4 (12)",
      "observed    12 of 12 layers", "quantized   30 of 30 asked for", "skipped     26 of 56 linear layers",
      "20 outside the regions", "6 excluded", "bits a weight", "svdq        seed = 3\n",
      "exclude[1]", "gives way to plan[1] on 6 layers",
    } do
      assert.matches(words, text, 1, true)
    end
    assert.equal(text, tostring(report))
  end)

  it("is a box: dashed lines above and below, as long as the longest row", function()
    local lines, longest = {}, 0
    local box = report:text():match "^(.-)\n\n"
    for line in box:gmatch "[^\n]+" do lines[#lines + 1] = line end
    for i = 2, #lines - 1 do longest = math.max(longest, #lines[i]) end
    assert.equal(("-"):rep(longest), lines[1])
    assert.equal(lines[1], lines[#lines])
  end)

  it("ends with how the errors lie and the worst layers, if it is verbose", function()
    local pictures = report:text():match "\n\n(.*)$"
    assert.matches("^output errors of the layers\n", pictures)
    assert.matches("\n30 values  min ", pictures, 1, true)
    local worst = report:worst()[1].name
    assert.matches("\nworst layers, by output error\n" .. worst:gsub("%p", "%%%0") .. " ", pictures)
    for line in report:text():gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 80, line) end
  end)

  it("shows less without verbose", function()
    local other = dit.open()
    local short = assert(vise.quantize(other, { quant_type = "int8_per_row", exclude = { "*.to_q" } }))
    assert.is_nil(short:text():find("exclude[1]", 1, true))
    other:close()
  end)

  it("says what each layer lost: in its weight, and in what it gives for rows it has seen", function()
    local observed = 0
    for _, layer in ipairs(report.layers) do
      assert.is_true(layer.weight_error > 0 and layer.weight_error < 0.2)
      assert.is_true(layer.output_error > 0 and layer.output_error < 0.5)
      if layer.output_of == "calibration" then observed = observed + 1 end
    end
    assert.equal(12, observed)
    local worst = report:worst()
    for i = 2, #worst do assert.is_true(worst[i - 1].output_error >= worst[i].output_error) end
    worst = report:worst "weight_error"
    for i = 2, #worst do assert.is_true(worst[i - 1].weight_error >= worst[i].weight_error) end
    assert.matches(worst[1].name, report:layer_table("weight_error", 1), 1, true)
    assert.error_matches(function() report:worst "size" end, "E%-CF%-05")
  end)

  it("measures a layer's output as the definition does", function()
    -- int8_weight_only has no activation codes: its output is x W'^T + b with the decoded weight W'.
    local name = "transformer_blocks.2.attn1.to_v" -- whose bias is not zero
    local linear, found = model:layer(name), nil
    for _, layer in ipairs(report.layers) do
      if layer.name == name then found = layer end
    end
    assert.equal("normal", found.output_of)
    local x, w = core.random(0):normal({ 64, 128 }):totable(), linear.weight:to("f32"):totable()
    local d, b = linear.quantized:dequantize():totable(), linear.bias:to("f32"):totable()
    local difference, norm = 0, 0
    for r = 0, 63 do
      for o = 0, 127 do
        local y, z = b[o + 1], b[o + 1]
        for i = 1, 128 do
          y = y + x[r * 128 + i] * w[o * 128 + i]
          z = z + x[r * 128 + i] * d[o * 128 + i]
        end
        difference, norm = difference + (z - y) ^ 2, norm + y ^ 2
      end
    end
    -- Both products round each of 128 terms to f32: n eps = 1.5e-5 of the norm, under 1 % of the error.
    assert.near(math.sqrt(difference / norm), found.output_error, 0.01 * found.output_error)
  end)

  it("goes into JSON and comes back", function()
    local data = assert(core.json_decode(report:json()))
    assert.equal(30, data.quantized)
    assert.equal(30, #data.layers)
    assert.same({ "transformer_blocks.0-5" }, { table.unpack(data.regions) })
    assert.equal("outside the regions", data.reasons[1].reason)
    assert.equal("svdq_int4_r4", data.config.quant_type)
    assert.equal(report.file_bytes, data.file_bytes)
  end)

  it("tells of layers that have the fallback's type", function()
    local other = dit.open()
    local fields = { quant_type = "int4_weight_only_g256", fallback = "int8_per_row" }
    local text = assert(vise.quantize(other, fields)):text()
    assert.matches("30 layers have int8_per_row", text, 1, true)
    other:close()
    other = dit.open()
    text = assert(vise.quantize(other, { quant_type = "int4_weight_only_g256" })):text()
    assert.matches("quantized  6 of 36 asked for", text, 1, true)
    assert.matches("30 int4_weight_only_g256: group 256 is wider", text, 1, true)
    other:close()
  end)
end)
