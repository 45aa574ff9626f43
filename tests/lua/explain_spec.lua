local dit = require "workflow.support_dit"
local errors = require "vise.errors"
local explain = require "vise.explain"
local methods = require "vise.explain.methods"
local program = require "program"
local quant_types = require "vise.quant_types"
local vise = require "vise"

describe("vise explain", function()
  it("has a text on every error id", function()
    for id, entry in pairs(errors) do
      assert.is_true(#(entry.explain or "") > 40, id)
      assert.matches("%.$", entry.explain, nil, id)
      local shown = assert(explain.topic(id:lower()))
      assert.matches(id .. ": " .. entry.title, shown, 1, true)
      assert.matches("next: " .. entry.next, shown, 1, true)
      assert.matches("exit status %d+\n$", shown, nil, id)
    end
  end)

  it("has a text on every method, and what it refers to exists", function()
    for name, method in pairs(methods) do
      local shown = assert(explain.topic(name))
      assert.is_true(select(2, shown:gsub("\n", "")) <= 24, name)
      for line in shown:gmatch "[^\n]+" do assert.is_true(#line <= 96, line) end
      for _, other in ipairs(method.see or {}) do assert.is_truthy(explain.topic(other), name .. ": " .. other) end
    end
    assert.matches("^svdquant: ", explain.topic "SVDQ")
    assert.matches("^round_to_nearest: ", explain.topic "rtn")
  end)

  it("knows the methods of configurations, those of scripts too", function()
    vise.algorithms.register { name = "clip.it", needs = { "span" }, options = { keep = 0.95 }, types = { "int8_*" },
      make = function() end }
    for _, name in ipairs(vise.algorithms.names()) do assert.is_truthy(explain.topic(name), name) end
    local shown = explain.topic "clip.it"
    assert.matches("^clip%.it: a method that a script registered\n", shown)
    assert.matches("needs +span\n", shown)
    assert.matches("for +int8_%*\n", shown)
    assert.matches("options +keep = 0%.95\n", shown)
    assert.equal(shown, require("vise.describe.topics").help "clip.it")
    assert.matches("did you mean 'clip.it'", select(2, explain.topic "clip.its"), 1, true)
  end)

  it("has a text on every form of quant types", function()
    for _, form in ipairs(quant_types.forms) do
      local shown = assert(explain.topic(form))
      assert.matches("^" .. form .. ": ", shown)
      assert.matches("needs +no data\n", form:find "_static$" and shown:gsub("calibration:[^\n]*", "no data")
        or form:find "^svdq" and not form:find "_dq$" and shown:gsub("calibration:[^\n]*", "no data") or shown)
    end
  end)

  it("counts a type's bits as its format stores them", function()
    -- 4 bits of code; a bf16 scale and a bf16 zero point for 64 inputs.
    assert.matches("bits +4%.500 a weight", explain.topic "int4_weight_only_g64")
    -- 4 bits; a scale for 64 inputs; smooth 16/4096; up and down of rank 32: 2 x 16 x 32 / 4096.
    assert.matches(("bits +%.3f a weight"):format(4 + 16 / 64 + 16 / 4096 + 0.25), explain.topic "svdq_int4_r32")
  end)

  it("finds the nearest topic for a misspelled one", function()
    local shown, message, id = explain.topic "smothing"
    assert.is_nil(shown)
    assert.equal("E-US-08", id)
    assert.matches("did you mean 'smoothing'", message, 1, true)
  end)
end)

describe("vise explain LAYER PATH", function()
  local folder, remove
  setup(function()
    folder, remove = dit.folder()
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = "int8_per_row", exclude = { "*.to_out.0" },
      plan = { { "*.attn1.to_k", "int4_weight_only_g64" }, { "*.to_*", "int8_weight_only" } }, save_to = folder }))
    model:close()
  end)
  teardown(function() remove() end)

  local function shown(layer, path) return assert(explain.layer("transformer_blocks.0." .. layer, path or folder)) end

  it("says which rule of an artefact decides, and which came too late", function()
    local k = shown "attn1.to_k"
    assert.matches("chosen by +plan%[1%] of the config\n", k)
    assert.matches("plan%[1%] +%*%.attn1%.to_k +decides\n", k)
    assert.matches("plan%[2%] +%*%.to_%* +matches, too late\n", k)
    assert.matches("exclude%[1%] +%*%.to_out%.0 +does not match\n", k)
    assert.matches("chosen by +quant_type of the config, int8_per_row\n", shown "ff.net.2")
    assert.matches("chosen by +plan%[2%]", shown "attn1.to_q.weight")
  end)

  it("says why a layer is not in the artefact", function()
    local out = shown "attn1.to_out.0"
    assert.matches("stays float, exclude[1] matches it", out, 1, true)
    assert.matches("plan%[2%] +%*%.to_%* +matches, but exclude came first\n", out)
  end)

  it("tries the types on a float layer", function()
    local text = assert(explain.layer("transformer_blocks.0.attn1.to_q", dit.path, "fp16"))
    assert.matches("in the default regions", text, 1, true)
    -- 128 inputs: 8 bits and an f32 scale a row.
    assert.matches("int8_per_row +8%.375 ", text)
    assert.matches("is no linear layer", assert(explain.layer("pos_embed.proj.weight", dit.path, "fp16")), 1, true)
  end)

  it("names the nearest layer", function()
    for path, variant in pairs { [folder] = false, [dit.path] = "fp16" } do
      local none, message, id = explain.layer("transformer_blocks.0.attn1.to_qq", path, variant or nil)
      assert.is_nil(none)
      assert.equal("E-US-11", id)
      assert.matches("transformer_blocks.0.attn1.to_q'", message, 1, true)
    end
  end)

  it("is a command", function()
    local status, out = program.run("explain transformer_blocks.0.attn1.to_k " .. folder)
    assert.equal(0, status)
    assert.matches("type +int4_weight_only_g64: ", out)
    assert.equal(64, (program.run "explain nonsense"))
  end)
end)
