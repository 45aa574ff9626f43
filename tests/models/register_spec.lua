-- Families of one's own; docs/own-model.md, which the tests run, goes through a whole one.

local tiny = require "models.tiny"
local vise = require "vise"

local function description(more)
  local d = { family = "spec-net", names = { "SpecNet" }, settings = { { "width", "integer", min = 1, max = 64 } },
    build = function(s, weights)
      local linear = weights:linear("linear", s.width, s.width, true)
      return { children = { linear }, linear = linear }
    end,
    takes = { "x" }, forward = function(model, inputs) return model.linear:forward(inputs.x) end }
  for key, value in pairs(more or {}) do d[key] = value end
  return d
end

local function open(config)
  local it = { config = { architectures = { "SpecNet" }, width = 8 },
    tensors = { ["linear.weight"] = { 8, 8 }, ["linear.bias"] = { 8 } } }
  for key, value in pairs(config or {}) do it.config[key] = value end
  return tiny.open(it)
end

describe("models.register", function()
  it("opens, runs, quantizes and watches a model of the family", function()
    vise.models.register(description())
    local model <close> = assert(open())
    assert.equal("spec-net", model.family)
    assert.same({ "linear" }, model:default_layers())
    local x = vise.random(1):normal { 3, 8 }
    local y = assert(model:forward(x))
    assert.same({ 3, 8 }, { y:shape() })
    local seen = 0
    local undo = model:layer("linear"):hook(function() seen = seen + 1 end)
    assert(model:forward(x))
    undo()
    assert.equal(1, seen)
    assert.equal(1, assert(vise.quantize(model, { quant_type = "int8_per_row" })).quantized)
    assert.is_false(vise.workload.has(model))
    assert.equal("E-DT-10", select(3, vise.workload.of(model)))
  end)

  it("lets a later description of the same family take the place of the first", function()
    vise.models.register(description())
    local class = vise.models.register(description { names = { "SpecNet2" } })
    function class:twice(x) return self:forward(x):mul(2) end
    local old <close> = assert(open())
    assert.equal("weights", old.family)
    local model <close> = assert(open { architectures = { "SpecNet2" } })
    local x = vise.random(1):normal { 3, 8 }
    assert.equal(model:forward(x):mul(2):tobytes(), model:twice(x):tobytes())
  end)

  it("refuses what config.json or the file do not fit, as for the families of vise", function()
    vise.models.register(description())
    assert.equal("E-MD-04", select(3, open { width = 100 }))
    assert.equal("E-MD-07", select(3, open { width = 4 }))
    vise.models.register(description { check = function() return "an odd width" end })
    local model, message, id = open()
    assert.same({ nil, "E-MD-10" }, { model, id })
    assert.matches("an odd width", message, 1, true)
    -- A build that trips over a tensor that is not there: the missing tensor is named.
    vise.models.register(description { build = function(_, weights)
      return { children = {}, size = weights:tensor("nothing.weight", { 8 }):shape() }
    end })
    model, message, id = open()
    assert.same({ nil, "E-MD-06" }, { model, id })
    assert.matches("nothing.weight is missing", message, 1, true)
    vise.models.register(description())
    local good <close> = assert(open())
    assert.error_matches(function() good:forward(3) end, "E%-MD%-12: x is a number, expected a tensor")
  end)

  it("refuses a description that is none", function()
    local function refused(pattern, given)
      assert.error_matches(function() vise.models.register(given) end, pattern)
    end
    refused("E%-MD%-20: register takes the description", nil)
    refused("a family has no field 'name'; did you mean 'names'", description { name = "x" })
    refused("family of a family must be", description { family = "A\27" })
    refused("names of a family must be a list", description { names = {} })
    refused("settings of a family must be", description { settings = { "width" } })
    refused("blocks of a family must be", description { blocks = { "blocks." } })
    refused("workload of a family must be", description { workload = {} })
    refused("a family needs forward", { family = "x", names = { "X" }, settings = {}, build = print, takes = { "x" } })
    refused('family "llama" comes with vise', description { family = "llama" })
    refused('"LlamaForCausalLM" is a family of vise', description { names = { "LlamaForCausalLM" } })
    for pattern, build in pairs {
      ["gave a nil, expected a table with children"] = function() end,
      ["gave a table without children"] = function() return {} end,
      ["children%[1%] of family spec%-net is no module"] = function() return { children = { 7 } } end,
    } do
      vise.models.register(description { build = build })
      assert.error_matches(open, "E%-MD%-20.*" .. pattern)
    end
  end)
end)
