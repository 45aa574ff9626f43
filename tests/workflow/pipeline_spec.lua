local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local STORIES = "recipes/quickstart/models/stories260K"

local function open()
  return { dit = dit.open(), text = assert(vise.open(STORIES)) }
end

local function close(pipeline)
  for _, model in pairs(pipeline) do model:close() end
end

local function text_answer(model)
  local ids = core.tensor_of("i64", { 1, 4 }, { 1, 5, 9, 2 })
  local y <close> = assert(model:forward(ids))
  return y:tobytes()
end

local function untouched(pipeline)
  for _, model in pairs(pipeline) do
    assert.is_nil(model.quantization)
    for _, linear in ipairs(model:layers()) do
      assert.is_nil(linear.quantized)
      assert.equal(0, #linear.hooks)
    end
  end
end

describe("a pipeline", function()
  it("is quantized together, each component by its own fields", function()
    local pipeline = open()
    local report = assert(vise.quantize(pipeline, { quant_type = "int8_per_row", components = {
      dit = { quant_type = "svdq_int4_r4_dq" }, text = { exclude = { "*.down_proj" } } } }))
    assert.equal("several", report.quant_type)
    assert.equal(36, report.components.dit.quantized)
    assert.equal(30, report.components.text.quantized) -- five blocks of seven, less down_proj
    assert.equal(66, report.quantized)
    assert.equal(report.linear, report.quantized + report.skipped)
    assert.equal("svdq_int4_r4_dq", pipeline.dit:layer("transformer_blocks.0.attn1.to_q").quantized.type.name)
    assert.equal("int8_per_row", pipeline.text:layer("model.layers.0.self_attn.q_proj").quantized.type.name)
    assert.is_nil(pipeline.text:layer("model.layers.0.mlp.down_proj").quantized)
    close(pipeline)
  end)

  it("leaves a component alone that the config does not name", function()
    local pipeline = open()
    local before = text_answer(pipeline.text)
    assert(vise.quantize(pipeline, { quant_type = "int8_per_row", components = { "dit" } }))
    assert.equal(before, text_answer(pipeline.text))
    close(pipeline)
  end)

  it("takes one configuration for all of its models", function()
    local pipeline = open()
    local plan = vise.plan(pipeline, { quant_type = "int8_per_row" })
    assert.equal(36 + 35, plan.quantized)
    assert.equal(plan.components.dit.file_bytes + plan.components.text.file_bytes, plan.file_bytes)
    assert.equal(36 + 35, assert(vise.quantize(pipeline, { quant_type = "int8_per_row" })).quantized)
    close(pipeline)
  end)

  it("calls a shared calibration once with all of it, a component's own with its model", function()
    local pipeline, calls = open(), {}
    local function run(model)
      local ids = core.tensor_of("i64", { 1, 4 }, { 1, 5, 9, 2 })
      assert(model:forward(ids)):close()
    end
    assert(vise.quantize(pipeline, {
      calibrate = function(p, about)
        calls[#calls + 1] = "all"
        assert.equal(pipeline, p)
        assert.is_nil(about.component)
        dit.calibrate(p.dit)
      end,
      components = { dit = { quant_type = "svdq_int4_r4" }, text = { quant_type = "svdq_int4_r2",
        fallback = "int8_per_row", calibrate = function(model, about)
          calls[#calls + 1] = about.component
          run(model)
        end } },
    }))
    table.sort(calls)
    assert.same({ "all", "text" }, calls)
    close(pipeline)

    local twins, count = { a = dit.open(), b = dit.open() }, 0
    assert(vise.quantize(twins, { quant_type = "svdq_int4_r4", regions = { "*.0.attn1.*" }, calibrate = function(p)
      count = count + 1
      dit.calibrate(p.a)
      dit.calibrate(p.b)
    end }))
    assert.equal(1, count)
    close(twins)
  end)

  it("is all or nothing: what fails in one leaves every model as it was", function()
    local pipeline = open()
    local float, text = dit.answer(pipeline.dit), text_answer(pipeline.text)
    -- The dit is made first; the text model's calibration never runs it.
    local report, message, id = vise.quantize(pipeline, { components = {
      dit = { quant_type = "int8_per_row" }, text = { quant_type = "svdq_int4_r2", calibrate = function() end } } })
    assert.same({ nil, "E-OB-10" }, { report, id })
    assert.matches("nothing flowed into text: model.layers.0", message, 1, true)
    untouched(pipeline)

    -- Every allocation of the second component's making, one after the other, fails.
    for n = 0, 120, 20 do
      core.fail_after(n)
      local ok = pcall(vise.quantize, pipeline, { quant_type = "int8_weight_only",
        components = { dit = { regions = { "proj_out_2" } }, text = { regions = { "model.layers.0.*" } } } })
      core.fail_after(-1)
      if ok and pipeline.dit.quantization then break end
      untouched(pipeline)
      close(pipeline)
      pipeline = open()
    end
    close(pipeline)
    pipeline = open()
    assert.equal(float, dit.answer(pipeline.dit))
    assert.equal(text, text_answer(pipeline.text))
    close(pipeline)
  end)

  it("is saved as one folder that appears at once, and each part loads", function()
    local folder, remove = dit.folder()
    local pipeline, cfg = open(), vise.config { quant_type = "int8_per_row", save_to = folder,
      components = { "dit", "text" } }
    assert(vise.quantize(pipeline, cfg))
    local names = core.disk.list(folder)
    table.sort(names)
    assert.same({ "dit", "text" }, names)
    local fresh = open()
    assert(vise.load(fresh.dit, folder .. "/dit"))
    assert(vise.load(fresh.text, cfg.components.text))
    assert.equal(dit.answer(pipeline.dit), dit.answer(fresh.dit))
    assert.equal(text_answer(pipeline.text), text_answer(fresh.text))

    -- Again, in place of it and of what a killed save left behind; beside something else, refused with the
    -- models untouched.
    local again = open()
    assert(core.disk.mkdir(folder .. ".partial-pipeline"))
    assert(core.disk.mkdir(folder .. ".partial-pipeline/old"))
    assert(vise.quantize(again, cfg))
    names = core.disk.list(folder)
    table.sort(names)
    assert.same({ "dit", "text" }, names)
    assert.is_nil(core.disk.exists(folder .. ".partial-pipeline"))
    local f = assert(io.open(folder .. "/notes.txt", "w"))
    f:close()
    local third = open()
    local report, message, id = vise.quantize(third, cfg)
    assert.same({ nil, "E-AR-13" }, { report, id })
    assert.matches("notes.txt", message, 1, true)
    untouched(third)
    for _, p in ipairs { pipeline, fresh, again, third } do close(p) end
    remove()
  end)

  it("names a component that is not there, and what is no pipeline", function()
    local pipeline = open()
    local function raises(text, target, fields)
      assert.error_matches(function() vise.plan(target, fields) end, text)
      assert.error_matches(function() vise.quantize(target, fields) end, text)
    end
    raises("E%-PL%-07: the pipeline has no component 'txt'; did you mean 'text'%?", pipeline,
      { quant_type = "int8_per_row", components = { "txt" } })
    raises("E%-PL%-07: the config has components %(dit%)", pipeline.dit,
      { quant_type = "int8_per_row", components = { "dit" } })
    raises("E%-PL%-07.*the pipeline's 'x' is no model", { x = 3, dit = pipeline.dit }, { quant_type = "int8_per_row" })
    raises("E%-MD%-15: quantize takes a model, got a table without layers", { x = 3 }, { quant_type = "int8_per_row" })
    raises("E%-MD%-15: quantize takes a model, got nil", nil, { quant_type = "int8_per_row" })
    assert.error_matches(function()
      vise.quantize({ a = pipeline.dit, b = pipeline.dit }, { quant_type = "int8_per_row" })
    end, "E%-PL%-07: components 'a' and 'b' are the same model")
    close(pipeline)
  end)
end)
