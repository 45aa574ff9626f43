local dit = require "workflow.support_dit"
local vise = require "vise"

local function raises(text, f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok, "no error")
  assert.matches("^E%-MD%-15: ", message)
  assert.matches(text, message, 1, true)
end

describe("a function that takes a model", function()
  local cfg = { quant_type = "int8_per_row" }

  it("says so when it gets what a failed open returns", function()
    raises("quantize takes a model, got nil", vise.quantize, vise.open "nowhere", cfg)
    raises("quantize takes a model, got nil", vise.plan, nil, cfg)
    raises("save takes a model, got nil", vise.save, nil, "out")
    raises("load takes a model, got nil", vise.load, nil, "out")
    raises("observe.attach takes a model, got nil", vise.observe.attach, nil, { "*" }, "range")
    raises("euler takes a model, got nil", vise.samplers.euler, nil, {})
    raises("perplexity takes a model, got nil", vise.eval.perplexity, nil, {})
    raises("generate takes a model, got nil", vise.generate.generate, nil, { prompt = { 1 } })
  end)

  it("says so when it gets a path, or a table that is none", function()
    raises("quantize takes a model, got the text \"models/dit\"", vise.quantize, "models/dit", cfg)
    raises("quantize takes a model, got a table without layers", vise.quantize, {}, cfg)
  end)

  it("says so when the model is of another kind", function()
    local images = dit.open()
    raises("perplexity takes a language model, this one is dit", vise.eval.perplexity, images, { { 1, 2 } })
    raises("generate takes a language model, this one is dit", vise.generate.generate, images, { prompt = { 1 } })
    images:close()
    local stories = assert(vise.open "recipes/quickstart/models/stories260K")
    raises("euler takes a model of images by class, this one is llama", vise.samplers.euler, stories,
      { noise = vise.random(1):normal { 1, 1, 4, 4 }, labels = vise.tensor_of("i64", { 1 }, { 0 }) })
    stories:close()
  end)
end)
