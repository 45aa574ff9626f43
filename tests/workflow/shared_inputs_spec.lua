-- Layers that are given the same input: one smoothing, one `down`.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local quant_types = require "vise.quant_types"
local svdquant = require "vise.algorithms.svdquant"
local vise = require "vise"

local BLOCKS = 6
local SIX = { "q", "k", "v" }

local function config(shared, more)
  local cfg = { quant_type = "svdq_int4_r8", calibrate = dit.calibrate, svdq = { shared_inputs = shared } }
  for key, value in pairs(more or {}) do cfg[key] = value end
  return cfg
end

local function quantized(cfg)
  local model = dit.open()
  return model, assert(vise.quantize(model, cfg))
end

local function bytes_of(q)
  local list = {}
  for _, name in ipairs { "smooth", "down", "up" } do list[#list + 1] = q[name] and q[name]:tobytes() or "" end
  local values <close> = q:dequantize()
  list[#list + 1] = values:tobytes()
  return table.concat(list)
end

local function digest(model)
  local list = {}
  for _, linear in ipairs(model:layers()) do
    if linear.quantized then list[#list + 1] = core.xxh3(bytes_of(linear.quantized)) end
  end
  return table.concat(list, " ")
end

describe("svdq.shared_inputs", function()
  it("groups q, k and v of each block, and nothing else", function()
    local model, report = quantized(config(true))
    local groups, shared = {}, 0
    for _, layer in ipairs(report.layers) do
      if layer.shares then
        shared = shared + 1
        local block, letter = layer.name:match "^(transformer_blocks%.%d+%.attn1)%.to_([qkv])$"
        assert.is_string(letter, layer.name)
        assert.equal(block .. ".to_q", layer.shares)
        groups[layer.shares] = (groups[layer.shares] or 0) + 1
        local first, q = model:layer(layer.shares).quantized, model:layer(layer.name).quantized
        assert.equal(first.smooth:tobytes(), q.smooth:tobytes())
        assert.equal(first.down:tobytes(), q.down:tobytes())
        assert.is_true(letter == "q" or first.up:tobytes() ~= q.up:tobytes())
      end
    end
    assert.equal(#SIX * BLOCKS, shared)
    for name, count in pairs(groups) do assert.equal(3, count, name) end
    assert.equal(dit.layers, report.quantized)
    assert.matches("18 layers in 6 groups", report:text(), 1, true)
    assert.is_true(report.peak_bytes <= report.plan.memory_bytes + report.plan.workspace_bytes + (1 << 22))
    model:close()
  end)
end)
