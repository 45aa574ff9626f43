-- Own methods: planned, made, saved, loaded, verified and reported as those of vise are.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local FF = "transformer_blocks.0.ff.net.2"
local encode = vise.coded.encode

-- Rounding under another name, which notes what it was told.
local function plain(seen)
  return { name = "plain", make = function(weight, about)
    if seen then
      seen[#seen + 1] = about -- its tensors are freed afterwards
      for _, name in ipairs { "span", "range", "samples" } do about[name] = about[name] and about[name]:copy() end
    end
    return { weight = encode(about.scheme, weight) }
  end }
end

-- Doubles the weight and halves the input: exact in every format, so the layer answers as without.
local function halving()
  return { name = "halving", smooth = true, make = function(weight, about)
    local twos = {}
    for i = 1, about.shape[2] do twos[i] = 2 end
    local smooth = vise.tensor_of(about.storage, { about.shape[2] }, twos)
    return { weight = encode(about.scheme, weight:mul(smooth:to "f32")), smooth = smooth }
  end }
end

-- A branch for what rounding leaves: W ~ Q + up down.
local function residual_branch(rank)
  return { name = "residual-branch", rank = rank, make = function(weight, about)
    local coded = encode(about.scheme, weight)
    local left <close> = coded:decode()
    weight:sub(left, left)
    local up, down = vise.algorithms.low_rank.factors(left, { rank = rank, storage = about.storage,
      precision = "medium", seed = 0 })
    return { weight = coded, up = up, down = down }, { rank = rank }
  end }
end

local function quantized(fields)
  local model = dit.open()
  return model, assert(vise.quantize(model, fields))
end

describe("an own method", function()
  it("is given the weight, the scheme and what calibration gathered", function()
    local seen = {}
    local method = plain(seen)
    method.needs, method.rows, method.options = { "span", "range", "samples" }, 100, { keep = 0.5 }
    quantized { quant_type = "int4_weight_only", method = { name = method.name, make = method.make, rows = 100,
      needs = method.needs, options = method.options }, calibrate = dit.calibrate }
    assert.equal(dit.layers, #seen)
    local about = seen[1]
    assert.equal("transformer_blocks.0.attn1.to_q", about.name)
    assert.same({ 128, 128, "f16", 0.5 }, { about.shape[1], about.shape[2], about.storage, about.options.keep })
    assert.equal(128, #about.span:totable())
    assert.equal(2, #about.range:totable())
    assert.is_true(about.samples:shape() > 50 and about.samples:shape() <= 100)
    assert.equal("int4_weight_only", about.type.name)
  end)

  it("that rounds gives the bytes of rounding, but for its name", function()
    local usual, own = os.tmpname(), os.tmpname()
    os.remove(usual)
    os.remove(own)
    quantized { quant_type = "int4_weight_only", save_to = usual }
    quantized { quant_type = "int4_weight_only", save_to = own, method = plain() }
    local file, manifest = "/int4_weight_only.safetensors", "/quant_config.json"
    assert.equal(core.disk.sha256(usual .. file), core.disk.sha256(own .. file))
    local a = assert(vise.json.decode(assert(core.disk.read(usual .. manifest))))
    local b = assert(vise.json.decode(assert(core.disk.read(own .. manifest))))
    assert.same({ "rounding", "plain" }, { a.layers[1].method, b.layers[1].method })
    assert.same({ nil, "plain" }, { a.config.method, b.config.method })
    local about = require "vise.inspect.about"
    assert.matches("layers      36 quantized\n", about.manifest_text(a), 1, true)
    assert.matches("layers      36 quantized, 36 by plain\n", about.manifest_text(b), 1, true)
    b.layers[1].method = "\27[31m" -- of somebody else's file
    assert.is_nil(about.manifest_text(b):find "\27")
  end)

  it("is named in the report", function()
    local _, report = quantized { quant_type = "int4_weight_only", method = residual_branch(4),
      plan = { { "*.attn1.*", "int8_per_row", "rounding" } } }
    assert.matches("int4_weight_only by residual-branch (12), int8_per_row (24)", report:text(), 1, true)
    local of = {}
    for _, layer in ipairs(report.layers) do of[layer.name] = layer end
    assert.equal("residual-branch", of[FF].method)
    assert.equal(4, of[FF].refined.rank)
    assert.equal("rounding", of["transformer_blocks.0.attn1.to_q"].method)
    assert.equal("residual-branch", assert(vise.json.decode(report:json())).types[1].method)
  end)

  it("brings smoothing to a type that has none: planned, saved, verified and loaded", function()
    local folder = dit.folder()
    local model = dit.open()
    local fields = { quant_type = "int8_per_row", method = halving(), save_to = folder }
    local plan = vise.plan(model, fields)
    local report = assert(vise.quantize(model, fields))
    assert.equal(plan.disk_bytes, report.disk_bytes)
    assert.equal(core.disk.size(folder .. "/int8_per_row.safetensors"), plan.file_bytes)
    local other = quantized { quant_type = "int8_per_row" }
    assert.equal(dit.answer(other), dit.answer(model)) -- powers of two change nothing
    local memory = 0
    for _, layer in ipairs(report.layers) do memory = memory + model:layer(layer.name).quantized:bytes() end
    assert.equal(plan.memory_bytes, memory)
    assert.is_true(require("vise.verify").verify(folder).ok)
    for _, from in ipairs { folder, folder .. "/int8_per_row.safetensors" } do -- with the manifest and without
      local again = assert(vise.load(dit.open(), from))
      assert.equal(dit.answer(model), dit.answer(again))
    end
    local again = assert(vise.load(dit.open(), folder))
    assert.equal("halving", again.quantization.layers[1].method)
    local copy = dit.folder()
    assert(vise.save(again, copy)) -- saved again as it was
    assert.equal(core.disk.read(folder .. "/quant_config.json"), core.disk.read(copy .. "/quant_config.json"))
  end)

  it("brings a low-rank branch to a type that has none", function()
    local folder = dit.folder()
    local model, report = quantized { quant_type = "int4_weight_only", method = residual_branch(16), save_to = folder }
    local _, without = quantized { quant_type = "int4_weight_only" }
    assert.is_true(report.layers[1].weight_error < 0.8 * without.layers[1].weight_error)
    assert.same({ 16, 512 }, { model:layer(FF).quantized.down:shape() })
    assert.is_true(require("vise.verify").verify(folder).ok)
    assert.equal(dit.answer(model), dit.answer(assert(vise.load(dit.open(), folder))))
  end)

  it("takes the place of SVDQuant for an svdq type, without its calibration", function()
    local folder = dit.folder()
    local model, report = quantized { quant_type = "svdq_int4_r8", save_to = folder, method = { name = "one-shot",
      make = function(weight, about)
        local up, down = vise.algorithms.low_rank.factors(weight, { rank = about.type.rank, storage = about.storage,
          precision = "low", seed = 0 })
        local rest = weight:sub(vise.algorithms.low_rank.product(up, down))
        local coded = vise.algorithms.method("rounding").make(rest, about).weight -- methods compose
        return { weight = coded, up = up, down = down }
      end } }
    assert.equal(0, report.observed)
    assert.equal(dit.answer(model), dit.answer(assert(vise.load(dit.open(), folder))))
  end)

  it("compiles", function()
    local model = quantized { quant_type = "int8_per_row", method = residual_branch(4) }
    local noise = vise.random(3):normal { 2, 1, 28, 28 }
    local want = assert(model:forward(noise, 500, 3))
    local fast <close> = assert(vise.compile(model, noise, 500, 3))
    assert.equal(want:tobytes(), assert(fast:forward(noise, 500, 3)):tobytes())
  end)

  it("takes its statistics from a file, and says which are missing", function()
    local path = os.tmpname()
    local fields = { quant_type = "int8_weight_only", regions = { FF }, statistics = path, method = plain() }
    fields.method.needs = { "samples" }
    assert(vise.safetensors.write(path, { { FF .. ".span", vise.tensor("f32", { 512 }) } }))
    local report, message, id = vise.quantize(dit.open(), fields)
    assert.same({ nil, "E-OB-18" }, { report, id })
    assert.matches("method plain needs rows", message, 1, true)
  end)

  it("can be registered, and then goes by name with options of its own", function()
    local kept = {}
    vise.algorithms.register { name = "spec-keep", options = { keep = 0.5, mode = "a" },
      make = function(weight, about)
        kept[#kept + 1] = about.options.keep
        return { weight = encode(about.scheme, weight) }
      end }
    local cfg = vise.config { quant_type = "int8_per_row", regions = { FF }, method = { name = "spec-keep",
      options = { keep = 0.25 } } }
    quantized(cfg)
    quantized(vise.config { from = cfg:json() })
    quantized { quant_type = "int4_weight_only", regions = { FF }, plan = { { FF, "int8_per_row", "spec-keep" } } }
    assert.same({ 0.25, 0.25, 0.5 }, kept)
  end)

  it("has no form in JSON: it is refused by name and given again beside it", function()
    local method = plain()
    local text = vise.config({ quant_type = "int8_per_row", method = method }):json()
    assert.error_matches(function() vise.config { from = text } end, 'E%-CF%-08: method: no method "plain"')
    assert.equal("plain", vise.config({ from = text, method = method }).method.name)
  end)
end)

describe("a method is refused", function()
  local function refused(pattern, fields)
    fields.quant_type = fields.quant_type or "int8_per_row"
    assert.error_matches(function() vise.quantize(dit.open(), fields) end, pattern)
  end
  local function making(parts, more)
    local method = { name = "bad", make = function(weight, about) return parts(weight, about) end }
    for key, value in pairs(more or {}) do method[key] = value end
    return { regions = { FF }, method = method }
  end

  it("for fields that are none or of the wrong kind", function()
    local make = function() end
    for pattern, method in pairs {
      ["E%-CF%-08: method: no method \"rouding\"; did you mean 'rounding'"] = "rouding",
      ["E%-CF%-03: method must be a name or a table"] = 7,
      ["E%-CF%-01: method.make is missing"] = { name = "x", needs = {} },
      ["E%-CF%-01: method.name is missing"] = { make = make },
      ["E%-CF%-02: method: unknown field 'need'"] = { name = "x", make = make, need = {} },
      ["E%-CF%-03: method.name must be"] = { name = "A\27[31m", make = make },
      ["E%-CF%-03: method.needs%[1%] must be"] = { name = "x", make = make, needs = { "moods" } },
      ["E%-CF%-03: method.rank must be an integer"] = { name = "x", make = make, rank = 0 },
      ["E%-CF%-03: method.options.a must be"] = { name = "x", make = make, options = { a = {} } },
      ["E%-CF%-09: method: \"svdquant\" comes with vise"] = { name = "svdquant", make = make },
      ["E%-CF%-06: method svdquant is not for int8_per_row"] = "svdquant",
      ["E%-CF%-02: method: method rounding has no option 'x'"] = { name = "rounding", options = { x = 1 } },
      ["E%-CF%-06: method x of int8_per_row needs calibration"] = { name = "x", make = make, needs = { "span" } },
    } do refused(pattern, { method = method }) end
    refused("E%-CF%-06: method rounding is not for svdq_int4_r8_dq", { quant_type = "svdq_int4_r8_dq",
      method = "rounding" })
    refused("E%-CF%-06: method x brings a branch of rank 4", { quant_type = "svdq_int4_r8_dq",
      method = { name = "x", make = make, rank = 4 } })
    refused("rank 129 is above min%(out, in%) = 128; use a lower rank", { method = residual_branch(129) })
    refused("plan%[1%]%[3%]: no method \"none\"", { plan = { { FF, "int8_per_row", "none" } } })
    assert.error_matches(function() vise.algorithms.register { name = "rounding", make = make } end, "E%-CF%-09")
  end)

  it("for parts that its type does not store", function()
    local function coded(weight, about) return encode(about.scheme, weight) end
    refused("E%-PL%-09: method bad, layer " .. FF .. ": it gave a nil", making(function() end))
    refused("weight is missing", making(function() return {} end))
    refused("weight is %[1, 512%], expected %[128, 512%]", making(function(w, about)
      return { weight = encode(about.scheme, w:rows(1, 1)) }
    end))
    refused("weight is coded by scheme int8 tensor", making(function(w)
      return { weight = encode(vise.scheme { bits = 8, granularity = "tensor", convention = "amax" }, w) }
    end))
    refused("bias is a part that is not stored", making(function(w, about)
      return { weight = coded(w, about), bias = w }
    end))
    refused("smooth is missing, expected f16 %[512%]", making(function(w, about)
      return { weight = coded(w, about) }
    end, { smooth = true }))
    refused("smooth has 0 in it", making(function(w, about)
      return { weight = coded(w, about), smooth = vise.tensor("f16", { 512 }) }
    end, { smooth = true }))
    refused("up is f32 %[128, 2%], expected f16 %[128, 2%]", making(function(w, about)
      return { weight = coded(w, about), down = vise.tensor("f16", { 2, 512 }), up = vise.tensor("f32", { 128, 2 }) }
    end, { rank = 2 }))
    refused("down has an element 3 that is not finite", making(function(w, about)
      local down = vise.tensor("f16", { 2, 512 })
      down:set(3, math.huge)
      return { weight = coded(w, about), down = down, up = vise.tensor("f16", { 128, 2 }) }
    end, { rank = 2 }))
  end)

  it("and the model stays as it was", function()
    local model = dit.open()
    assert.error(function() vise.quantize(model, making(function() error "no" end)) end)
    local fields = making(function() return nil, "cannot", "E-NU-01" end)
    fields.quant_type = "int8_per_row"
    local report, message, id = vise.quantize(model, fields)
    assert.same({ nil, "E-NU-01" }, { report, id })
    assert.matches("layer " .. FF .. ": cannot", message, 1, true)
    assert.is_nil(model:layer(FF).quantized)
  end)
end)
