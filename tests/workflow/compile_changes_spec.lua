-- What a compiled model makes of changes of its model, of hooks, failures and threads.

local compile = require "workflow.support_compile"
local core = require "vise.core"
local dit = require "workflow.support_dit"
local support = require "support"
local vise = require "vise"

local allocated, bytes = compile.allocated, compile.bytes

describe("a compiled model", function()
  local function open()
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = "int8_per_row", regions = { "transformer_blocks.0.*" } }))
    return model
  end

  it("does not go with hooks", function()
    local model <close> = open()
    local sample, times, labels = dit.batch(1)
    local fast <close> = assert(vise.compile(model, sample, times, labels))
    local undo = model:layers()[5]:hook(function() end)
    local words = "E%-CP%-04: transformer_blocks.0.attn1.to_k has a hook"
    assert.error_matches(function() fast:forward(sample, times, labels) end, words)
    assert.error_matches(function() vise.compile(model, sample, times, labels) end, words)
    undo()
    assert(fast:forward(sample, times, labels))
  end)

  it("does not outlive a change of the model's layers", function()
    local model <close> = dit.open()
    local sample, times, labels = dit.batch(1)
    local fast <close> = assert(vise.compile(model, sample, times, labels))
    assert(vise.quantize(model, { quant_type = "int8_per_row", regions = { "transformer_blocks.0.*" } }))
    assert.error_matches(function() fast:forward(sample, times, labels) end,
      "E%-CP%-04: transformer_blocks.0.norm1.emb.timestep_embedder.linear_1 was quantized or restored")
  end)

  it("watches the layer that it was made of alone", function()
    local model <close> = dit.open()
    local layer = model:layers()[5]
    local x = support.random { 3, layer.inputs }
    local fast <close> = assert(vise.compile(layer, x))
    assert.equal(layer.weight:bytes() + layer.bias:bytes(), fast:describe().weight_bytes)
    local undo = layer:hook(function() end)
    assert.error_matches(function() fast:forward(x) end, "E%-CP%-04: transformer_blocks.0.attn1.to_k has a hook")
    undo()
    assert(vise.quantize(model, { quant_type = "int8_per_row", regions = { "transformer_blocks.0.*" } }))
    assert.error_matches(function() fast:forward(x) end, "E%-CP%-04: .*to_k was quantized or restored")
  end)

  it("says that its model is closed, and can be described then", function()
    local model = dit.open()
    local sample, times, labels = dit.batch(1)
    local fast <close> = assert(vise.compile(model, sample, times, labels))
    local summary = tostring(fast)
    model:close()
    assert.error_matches(function() fast:forward(sample, times, labels) end,
      "E%-CP%-04: transformer_blocks.0.norm1.emb.timestep_embedder.linear_1 was closed after")
    assert.equal(summary, tostring(fast))
  end)

  it("names the layer that fails, and runs again after that", function()
    local model <close> = open()
    local sample, times, labels = dit.batch(1)
    local fast <close> = assert(vise.compile(model, sample, times, labels))
    local want = bytes(fast:forward(sample, times, labels))
    local broken = sample:copy()
    broken:set(1, 0 / 0)
    local y, message, id = fast:forward(broken, times, labels)
    assert.is_nil(y)
    assert.equal("E-SC-04", id)
    assert.matches("^transformer_blocks.0.attn1.to_q: ", message)
    assert.error_matches(function() fast:forward(sample, times, 99) end, "E%-TN%-11")
    assert.equal(want, bytes(fast:forward(sample, times, labels)))
  end)

  it("keeps its scratch to itself, also when it fails", function()
    local model <close> = open()
    local sample, times, labels = dit.batch(1)
    local fast <close> = assert(vise.compile(model, sample, times, labels))
    -- More rows than read 16-bit weights as they are: these are converted into scratch.
    local x, w, y = support.random { 20, 4 }, support.random({ 5, 4 }):to "f16", core.tensor("f32", { 20, 5 })
    local function product() assert(core.linear(x, w, nil, y)) end
    assert(fast:forward(sample, times, labels))
    assert.equal(1, allocated(product))
    pcall(fast.forward, fast, sample, times, 99)
    assert.equal(1, allocated(product))
  end)

  it("takes scratch of its own for more threads", function()
    local model <close> = open()
    local sample, times, labels = dit.batch(1)
    local threads = core.threads()
    core.threads(1)
    local fast <close> = assert(vise.compile(model, sample, times, labels))
    local want = bytes(fast:forward(sample, times, labels))
    core.threads(3)
    assert.equal(want, bytes(fast:forward(sample, times, labels)))
    assert.equal(want, bytes(fast:forward(sample, times, labels)))
    assert.equal(0, allocated(function() assert(fast:forward(sample, times, labels)) end))
    core.threads(threads)
  end)
end)
