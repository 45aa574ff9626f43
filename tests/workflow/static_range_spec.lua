local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local Q = "transformer_blocks.0.attn1.to_q"
local TYPE = "int8_per_row_static"

-- The activation scale that a layer gets, and what its watch saw.
local function scale_with(fields)
  local model <close> = dit.open()
  fields.quant_type, fields.regions = fields.quant_type or TYPE, { Q }
  assert(vise.quantize(model, fields))
  return model:layer(Q).quantized.act_scale:get(1)
end

-- The scale of a range: that which the scheme of the type gives a matrix whose largest |x| it is.
local function scale_of(range)
  local x <close> = core.tensor_of("f32", { 2 }, { -range, range })
  local act_scale = require("vise.nn.quantized_linear").act_scale
  local scale <close> = assert(act_scale(require("vise.quant_types").parse(TYPE), x))
  return scale:get(1)
end

describe("calibration.range", function()
  local counts, width
  setup(function()
    local model <close> = dit.open()
    local watch <close> = assert(vise.observe.attach(model, { Q }, "histogram"))
    dit.calibrate(model)
    counts, width = watch:observer(Q):result()
  end)

  it("chooses the range of static scales from a histogram", function()
    local minmax = scale_with { calibrate = dit.calibrate }
    assert.equal(minmax, scale_with { calibrate = dit.calibrate, calibration = { range = "minmax" } })
    for _, case in ipairs { { range = "percentile", percentile = 99 }, { range = "percentile" }, { range = "mse" },
      { range = "entropy" } } do
      local want = scale_of(core.range_of(counts, width, case.range,
        case.percentile and { percentile = case.percentile } or nil))
      local got = scale_with { calibrate = dit.calibrate, calibration = case }
      assert.equal(want, got, case.range)
      assert.is_true(got < minmax * 1.01)
    end
  end)

  it("reads the histogram of a statistics file", function()
    local file = os.tmpname()
    local model <close> = dit.open()
    local function save(kinds)
      local s <close> = assert(vise.statistics.capture(model, 1, function() return dit.calibrate(model) or true end,
        { kinds = kinds, layers = { Q } }))
      assert(s:save(file))
    end
    save { "histogram" }
    assert.equal(scale_of(core.range_of(counts, width, "mse")),
      scale_with { statistics = file, calibration = { range = "mse" } })
    save { "range" }
    local report, message, id = vise.quantize(model, { quant_type = TYPE, regions = { Q }, statistics = file,
      calibration = { range = "mse" } })
    assert.is_nil(report)
    assert.equal("E-OB-15", id)
    assert.matches("has no histogram, which " .. Q .. " needs; it has range", message, 1, true)
    os.remove(file)
  end)

  it("keeps the whole range where nearly all is 0", function()
    local observer <close> = core.observer("histogram", { channels = 100 })
    local x <close> = core.tensor("f32", { 1000, 100 })
    x:set(5, 3)
    observer:update(x)
    local captured = require "vise.captured"
    local range <close> = captured.result(observer, "range", { range = "percentile", percentile = 99.9 })
    assert.is_true(range:get(2) > 3 and range:get(2) < 3.01)
  end)

  it("is refused where it says nothing", function()
    local function refused(fields, what)
      fields.calibrate = dit.calibrate
      assert.error_matches(function() vise.config(fields) end, what)
    end
    refused({ quant_type = TYPE, calibration = { range = "median" } }, "E%-CF%-05: calibration.range must be one of")
    refused({ quant_type = TYPE, calibration = { range = "percentile", percentile = 0 } }, "E%-CF%-05")
    refused({ quant_type = TYPE, calibration = { range = "percentile", percentile = 101 } }, "E%-CF%-05")
    refused({ quant_type = TYPE, calibration = { percentile = 99 } }, "E%-CF%-06: calibration.percentile counts only")
    refused({ quant_type = "svdq_int4_r8", calibration = { range = "mse" } }, "E%-CF%-06: .* no type .* static")
    refused({ quant_type = "float8_per_row_static", calibration = { range = "entropy" } },
      "E%-CF%-06: .* float8_per_row")
    vise.config { quant_type = "float8_per_row_static", calibration = { range = "percentile" },
      calibrate = dit.calibrate }
  end)
end)
