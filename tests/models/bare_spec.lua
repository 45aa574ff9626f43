--- Weights alone: what a folder of safetensors can do without a forward.

local core = require "vise.core"
local vise = require "vise"

local MODEL = "recipes/quickstart/models/stories260K"

-- A folder with the weights and nothing else.
local function weights_only()
  local folder = os.tmpname()
  os.remove(folder)
  assert(core.disk.mkdir(folder))
  local held <close> = assert(vise.checkpoint.open(MODEL))
  local list = {}
  for i, name in ipairs(held:names()) do list[i] = { name, assert(held:tensor(name)) } end
  assert(vise.safetensors.write(folder .. "/weights.safetensors", list))
  return folder
end

describe("bare weights with captured statistics", function()
  local folder, ids

  setup(function()
    folder, ids = weights_only(), {}
    for i = 1, 64 do ids[i] = (i * 37) % 512 end
  end)
  teardown(function() assert(core.disk.remove_tree(folder)) end)

  local function capture(kind)
    local model <close> = assert(vise.open(MODEL))
    local watch <close> = assert(vise.observe.attach(model, model:default_layers(), kind))
    assert(model:forward(ids))
    local path = ("%s/%s.stats"):format(folder, kind)
    assert(watch:save(path))
    return path
  end

  -- What the layers of a model stand for, by name.
  local function made(model, fields)
    assert(vise.quantize(model, fields))
    local weights = {}
    for _, layer in ipairs(model:layers()) do
      if layer.quantized then weights[layer.name] = layer.quantized:dequantize():tobytes() end
    end
    return weights
  end

  it("takes methods that need data: the same layers as a calibrated model's", function()
    for kind, method in pairs { moments = "gptq", channel_span = "smoothquant" } do
      local path = capture(kind)
      local bare <close> = assert(vise.open(folder))
      assert.equal("weights", bare.family)
      -- Layers that share no input: a file does not say which do, and smoothing is found for those together.
      local regions = { "*.o_proj", "*.down_proj" }
      local type = method == "gptq" and "int4_weight_only_g32" or "int8_per_row"
      local got = made(bare, { quant_type = type, method = method, regions = regions, statistics = path,
        save_to = folder .. "/out-" .. method })
      local model <close> = assert(vise.open(MODEL))
      local want = made(model, { quant_type = type, method = method, regions = regions,
        calibration = { mode = "whole" }, calibrate = function(it) assert(it:forward(ids)) end })
      assert.is_not_nil(next(want))
      for name, weight in pairs(want) do assert.is_true(got[name] == weight, name) end
      -- What was made of weights alone loads onto the model, whose tensors they are.
      local again <close> = assert(vise.load(assert(vise.open(MODEL)), folder .. "/out-" .. method))
      assert.is_true(again:forward(ids):tobytes() == model:forward(ids):tobytes())
    end
  end)

  it("takes what vise stats holds, which says what layers share an input", function()
    local path = folder .. "/all.stats"
    do
      local model <close> = assert(vise.open(MODEL))
      local s <close> = assert(vise.statistics.capture(model, 1, function()
        assert(model:forward(ids)):close()
        return true
      end, { kinds = { "moments", "span", "range" } }))
      assert(s:save(path))
    end
    for method, type in pairs { gptq = "int4_weight_only_g32", smoothquant = "int8_per_row",
      rounding = "int8_per_row_static" } do
      local bare <close> = assert(vise.open(folder))
      local model <close> = assert(vise.open(MODEL))
      local got = made(bare, { quant_type = type, method = method, statistics = path })
      local want = made(model, { quant_type = type, method = method, calibration = { mode = "whole" },
        calibrate = function(it) assert(it:forward(ids)):close() end })
      assert.is_not_nil(next(want))
      for name, weight in pairs(want) do assert.is_true(got[name] == weight, method .. " " .. name) end
    end
  end)

  it("says what to do where data is missing", function()
    local bare <close> = assert(vise.open(folder))
    assert.error_matches(function() vise.quantize(bare, { quant_type = "int4_weight_only_g32", method = "gptq" }) end,
      "E%-CF%-06")
    local report, message, id = vise.quantize(bare, { quant_type = "int4_weight_only_g32", method = "gptq",
      calibration = { mode = "whole" }, calibrate = function(it) return it:forward(ids) end })
    assert.is_nil(report)
    assert.equal("E-MD-16", id)
    assert.matches("cannot run", message, 1, true)
  end)
end)
