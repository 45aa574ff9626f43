-- Rounding with a search of scales, as a method and as a step.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local methods = require "vise.algorithms.methods"
local vise = require "vise"

local FF = "transformer_blocks.0.ff.net.2"

local function method(options) return { name = "rounding", options = options } end

local function quantized(how, type, calibrate)
  local model <close> = dit.open()
  local report = assert(vise.quantize(model, { quant_type = type or "int3_weight_only_g32", method = how,
    regions = { FF }, calibrate = calibrate and dit.calibrate or nil }))
  return report
end

describe("the method rounding", function()
  it("finds scales as its search says", function()
    local scheme = core.scheme { bits = 2, granularity = "group", group = 64, convention = "minmax_float_zero" }
    local layer = { scheme = scheme, weight = core.random(1):normal { 8, 64 },
      importance = core.tensor("f32", { 64 }):add(1) }
    layer.importance:set(5, 30)
    local searches = {
      none = false, squares = true, mse = { shrink = 0.2, grid = 100, norm = 2.4 },
      wide = { shrink = 0.8, grid = 100, norm = 2.4 }, importance = { shrink = 1, grid = 20, norm = 3 },
    }
    local seen = {}
    for name, search in pairs(searches) do
      local m = methods.of(method { search = name }, "method")
      assert.same(name == "importance" and { "importance" } or {}, m.needs)
      local want = assert(core.encode(scheme, layer.weight, { search = search,
        importance = name == "importance" and layer.importance or nil }))
      local bytes = want:tensors().codes:tobytes()
      assert.equal(bytes, m.round(layer, m.options):tensors().codes:tobytes(), name)
      local about = { scheme = scheme, options = m.options, importance = layer.importance }
      assert.equal(bytes, m.make(layer.weight, about).weight:tensors().codes:tobytes(), name)
      assert.is_nil(seen[bytes], name)
      seen[bytes] = true
    end
    local own = methods.of(method { search = "mse", shrink = 0.5, norm = 2.0 }, "method")
    local want = core.encode(scheme, layer.weight, { search = { shrink = 0.5, grid = 100, norm = 2 } })
    assert.equal(want:tensors().codes:tobytes(), own.round(layer, own.options):tensors().codes:tobytes())
  end)

  it("makes layers, with importance from calibration, and is written down as it was before it had options", function()
    local plain = quantized()
    local searched = quantized(method { search = "squares" })
    local weighted = quantized(method { search = "importance" }, nil, true)
    assert.is_true(searched:plain().layers[1].weight_error < plain:plain().layers[1].weight_error)
    assert.is_true(weighted:plain().layers[1].weight_error > searched:plain().layers[1].weight_error)
    assert.equal("rounding", methods.plain(methods.of("rounding", "method")))
    assert.same(method { search = "mse" },
      methods.plain(methods.of(method { search = "mse" }, "method")))
  end)

  it("is a step of chains", function()
    local report = quantized({ method { search = "squares" }, "bias_correction" }, nil, true)
    assert.equal("rounding+bias_correction", report:plain().layers[1].method)
  end)

  it("refuses options that are none, and types without a scale to search", function()
    for options, message in pairs {
      [{ search = "best" }] = "E%-CF%-05: method.options.search must be",
      [{ norm = 9 }] = "E%-CF%-05", [{ grid = -1 }] = "E%-CF%-05", [{ shrink = 2 }] = "E%-CF%-05",
    } do
      assert.error_matches(function() methods.of(method(options), "method") end, message)
    end
    assert.error_matches(function() quantized(method { search = "mse" }, "float8_weight_only") end, "E%-SC%-11")
  end)
end)
