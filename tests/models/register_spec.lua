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

-- The same with a chain of two blocks, of which the second has a `skip` that the first left.
local function chained(more)
  local d = description { blocks = { "blocks.", "depth" }, settings = { { "width", "integer", min = 1, max = 64 },
    { "depth", "integer", min = 1, max = 9 } },
    build = function(s, weights)
      local children = {}
      for i = 1, s.depth do children[i] = weights:linear(("blocks.%d.up"):format(i - 1), s.width, s.width, true) end
      return { children = children }
    end,
    chain = {
      start = function(_, inputs) return { x = assert(inputs.x:copy()) } end,
      step = function(model, index, state)
        local y = model.children[index]:forward(state.x)
        if state.skip then
          assert(y:add(state.skip, y))
          state.skip:close()
        end
        state.x, state.skip = y, state.x
      end,
      finish = function(_, state, scale) return assert(state.x:mul(scale or 1)) end,
    } }
  d.forward = nil
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

  it("makes the forward of a chain: start, every block in turn, finish", function()
    vise.models.register(chained())
    local model <close> = assert(tiny.open { config = { architectures = { "SpecNet" }, width = 8, depth = 2 },
      tensors = { ["blocks.0.up.weight"] = { 8, 8 }, ["blocks.0.up.bias"] = { 8 }, ["blocks.1.up.weight"] = { 8, 8 },
        ["blocks.1.up.bias"] = { 8 } } })
    local x = vise.random(1):normal { 3, 8 }
    local first = model.children[1]:forward(x)
    local by_hand = model.children[2]:forward(first)
    assert(by_hand:add(x, by_hand))
    assert.equal(by_hand:tobytes(), assert(model:forward(x)):tobytes())
    assert.equal(by_hand:mul(3):tobytes(), assert(model:forward(x, 3)):tobytes())
    assert.same({ 1, 2 }, { model:block_of "blocks.0.up", model:block_of "blocks.1.up" })
    assert.is_nil(model:block_of "blocks.x.up")
    assert.is_nil(model:block_of "head")
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

  it("refuses a family of texts without a context", function()
    vise.models.register(description { workload = "language" })
    local ok, problem = pcall(open)
    assert.is_false(ok)
    assert.matches("E-MD-20: family spec-net predicts texts, but has no setting", problem, 1, true)
    vise.models.register(description())
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
    local none = description()
    none.forward = nil
    refused("a family needs a forward or a chain, and has neither", none)
    refused("a family needs takes", { family = "x", names = { "X" }, settings = {}, build = print })
    refused("a family needs a forward or a chain, and has both", description { chain = chained().chain })
    refused("chain of a family must be { start, step, finish }", chained { chain = { start = print } })
    local unnumbered = chained()
    unnumbered.blocks = nil
    refused("a family with a chain needs blocks", unnumbered)
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
