-- Chains of steps: a list of methods makes one layer together.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local encode = vise.coded.encode

-- Divides the input by 2 and 4 in turn: exact in every format.
local function powers(seen)
  return { name = "powers", smooth = true, shares = true, needs = { "span" }, prepare = function(layers)
    if seen then seen[#seen + 1] = #layers end
    local s <close> = vise.tensor("f32", { layers[1].shape[2] })
    for i = 1, s:count() do s:set(i, i % 2 == 0 and 2 or 4) end
    for _, layer in ipairs(layers) do layer:scale_inputs(s) end
  end }
end

-- The first singular triplets of the weight as a branch.
local function branch()
  return { name = "branch", branch = true, options = { rank = 0 }, prepare = function(layers, options)
    for _, layer in ipairs(layers) do
      local rank = layer.type.rank or options.rank
      local u, s, vt = vise.linalg.svd(layer.weight, { rank = rank })
      layer:add_branch(u:mul(s), vt)
      layer.notes.rank = rank
    end
  end }
end

-- Adds 1 to the bias.
local function bias()
  return { name = "raised", bias = true, finish = function(layer)
    local zero <close> = layer.bias and layer.bias:to "f32" or vise.tensor("f32", { layer.shape[1] })
    layer.parts.bias = zero:add(1)
  end }
end

local function made(fields)
  local model = dit.open()
  return model, assert(vise.quantize(model, fields))
end

local function stands_for(model, name) return model:layer(name).quantized:dequantize() end

local FF = "transformer_blocks.0.ff.net.2"

describe("a chain of steps", function()
  it("gives what its steps give one after the other", function()
    local seen = {}
    local model, report = made { quant_type = "int8_weight_only", calibrate = dit.calibrate,
      method = { powers(seen), { name = "branch", branch = branch().branch, prepare = branch().prepare,
        options = { rank = 4 } }, bias() } }
    assert.equal("powers+branch+raised", report.layers[1].method)
    assert.equal(4, report.layers[1].refined.rank)
    local q, float = model:layer(FF).quantized, model:layer(FF).weight:to "f32"
    assert.same({ 4, 512 }, { q.down:shape() })
    assert.equal(4, q.smooth:get(1))
    assert.equal(2, q.smooth:get(2))
    -- The bias is one above the model's, everything else as near as 8 bits are.
    local before, after = model:layer(FF).bias:to "f32", q.bias
    assert.equal("f32", after:dtype())
    assert.near(before:get(3) + 1, after:get(3), 1e-6)
    assert.is_true(vise.ops.compare(stands_for(model, FF), float).rel_l2 < 0.01)
    -- q, k and v come together, what has an input to itself alone.
    table.sort(seen)
    assert.same({ 1, 3 }, { seen[1], seen[#seen] })
  end)

  it("that smooths by powers of two answers as rounding of the scaled weight does", function()
    local model = made { quant_type = "int8_weight_only", calibrate = dit.calibrate, method = { powers() } }
    local q, weight = model:layer(FF).quantized, model:layer(FF).weight:to "f32"
    local s = q.smooth:to "f32"
    local scheme = q.weight:scheme()
    local want = encode(scheme, weight:mul(s)):tensors()
    assert.equal(core.xxh3(want.codes), core.xxh3(q.weight:tensors().codes))
  end)

  it("is saved, loaded and verified with the parts that its steps made", function()
    local dir = os.tmpname()
    os.remove(dir)
    local model = made { quant_type = "int8_weight_only", calibrate = dit.calibrate, save_to = dir,
      method = { powers(), bias() } }
    local manifest = assert(vise.json.decode(assert(core.disk.read(dir .. "/quant_config.json"))))
    assert.equal("powers+raised", manifest.layers[1].method)
    assert.is_true(manifest.layers[1].own_bias)
    local again = dit.open()
    assert(vise.load(again, dir))
    assert.equal(core.xxh3(stands_for(model, FF)), core.xxh3(stands_for(again, FF)))
    assert.equal(core.xxh3(model:layer(FF).quantized.bias), core.xxh3(again:layer(FF).quantized.bias))
    assert.equal(assert(vise.plan(dit.open(), { quant_type = "int8_weight_only", calibrate = dit.calibrate,
      method = { powers(), bias() } })).file_bytes, core.disk.size(dir .. "/int8_weight_only.safetensors"))
  end)

  it("of built-in names is plain data, in a config and in JSON", function()
    local cfg = vise.config { quant_type = "int8_weight_only", method = { "rounding" } }
    assert.equal("rounding", vise.config({ from = cfg:json() }).method.name)
    vise.algorithms.register(powers())
    vise.algorithms.register(bias())
    cfg = vise.config { quant_type = "int8_weight_only", method = { "powers", "rounding", "raised" },
      calibrate = dit.calibrate }
    assert.same({ "powers", "rounding", "raised" }, { table.unpack(vise.json.decode(cfg:json()).method) })
    assert.equal("powers+rounding+raised", vise.config({ from = cfg:json(), calibrate = print }).method.name)
    assert.equal("powers", vise.config({ quant_type = "int8_weight_only", method = "powers",
      calibrate = print }):plain().method)
  end)

  it("refuses orders and parts that make no layer, by name", function()
    local function refused(method, id, text, type)
      assert.error_matches(function()
        vise.config { quant_type = type or "int8_weight_only", method = method, calibrate = print }
      end, id .. ".*" .. text)
    end
    refused({ bias(), powers() }, "E%-CF%-06", "method%[2%]: powers cannot come after raised")
    refused({ "rounding", "rounding" }, "E%-CF%-06", "rounding cannot come after rounding")
    refused({ powers(), "svdquant" }, "E%-CF%-06", "svdquant makes whole layers")
    refused({ bias(), bias() }, "E%-CF%-06", "would both make the layer's bias")
    refused({ branch() }, "E%-CF%-06", "has no branch: give the step")
    refused({ powers() }, "E%-CF%-06", "no step of powers makes one", "svdq_int4_r8")
    refused({ powers(), x = 1 }, "E%-CF%-03", "has a field 'x'")
    refused({ { name = "empty" } }, "E%-CF%-08", "no method \"empty\"")
  end)

  it("leaves the model and the memory as they were when a step fails", function()
    local failing = { name = "failing", prepare = function(layers)
      if layers[1].name:find "ff.net.2" then return nil, "no luck", "E-NU-01" end
    end }
    local model = dit.open()
    local q, message, id = vise.quantize(model, { quant_type = "int8_weight_only", calibrate = dit.calibrate,
      method = { powers(), failing } })
    assert.is_nil(q)
    assert.equal("E-NU-01", id)
    assert.matches("transformer_blocks.0.ff.net.2: no luck", message, 1, true)
    for _, layer in ipairs(model:layers()) do assert.is_nil(layer.quantized) end
  end)
end)
