local Cache = require "vise.nn.cache"
local Linear = require "vise.nn.linear"
local core = require "vise.core"
local module = require "vise.nn.module"
local support = require "support"

local function linear(name, outputs, inputs)
  return Linear.new(name or "layer", outputs or 2, inputs or 3,
    support.random({ outputs or 2, inputs or 3 }, 1), support.random({ outputs or 2 }, 2))
end

describe("Linear", function()
  it("computes x W' + b", function()
    local weight = core.tensor_of("f32", { 2, 3 }, { 1, 2, 3, 4, 5, 6 })
    local layer = Linear.new("l", 2, 3, weight, core.tensor_of("f32", { 2 }, { 10, 20 }))
    local y = layer:forward(core.tensor_of("f32", { 1, 1, 3 }, { 1, 0, -1 }))
    assert.same({ 1, 1, 2 }, { y:shape() })
    assert.same({ 8, 18 }, y:totable())
  end)

  it("calls its hooks with itself and the input, in order, before it computes", function()
    local layer, seen = linear(), {}
    layer.quantized = { forward = function(_, x) seen[#seen + 1] = "forward" return x end }
    layer:hook(function(l, x) seen[#seen + 1] = { "first", l == layer, x } end)
    layer:hook(function() seen[#seen + 1] = "second" end)
    local x = support.random { 1, 3 }
    layer:forward(x)
    assert.same({ { "first", true, x }, "second", "forward" }, seen)
  end)

  it("lets a hook go once, and only that one", function()
    local layer, calls = linear(), { 0, 0 }
    local function count(i) return function() calls[i] = calls[i] + 1 end end
    local hook = count(1)
    local undo = layer:hook(hook)
    layer:hook(hook)
    layer:hook(count(2))
    undo()
    undo()
    layer:forward(support.random { 1, 3 })
    assert.same({ 1, 1 }, calls)
  end)

  it("lets a hook take itself off while it runs, and calls the others", function()
    local layer, calls, undo = linear(), 0, nil
    undo = layer:hook(function() undo() end)
    layer:hook(function() calls = calls + 1 end)
    layer:forward(support.random { 1, 3 })
    layer:forward(support.random { 1, 3 })
    assert.equal(2, calls)
    assert.equal(1, #layer.hooks)
  end)

  it("calls a hook that another one put there from the next time on", function()
    local layer, calls, attached = linear(), 0, false
    layer:hook(function()
      if not attached then layer:hook(function() calls = calls + 1 end) end
      attached = true
    end)
    layer:forward(support.random { 1, 3 })
    assert.equal(0, calls)
    layer:forward(support.random { 1, 3 })
    assert.equal(1, calls)
  end)

  it("computes with what it was quantized to", function()
    local layer, answer = linear(), support.random { 1, 2 }
    layer.quantized = { forward = function() return answer end }
    assert.equal(answer, layer:forward(support.random { 1, 3 }))
    layer.quantized = nil
    assert.not_equal(answer, layer:forward(support.random { 1, 3 }))
  end)

  it("passes on what its quantized form could not do", function()
    local layer = linear()
    layer.quantized = { forward = function() return nil, "no memory", "E-MM-01" end }
    local ok, failure = pcall(layer.forward, layer, support.random { 1, 3 })
    assert.is_false(ok)
    assert.equal("E-MM-01: no memory", tostring(failure))
  end)
end)

describe("a module", function()
  it("lists the layers below it in the order of its children", function()
    local Tree = module.class "Tree"
    local function tree(...) return setmetatable({ name = "", children = { ... } }, Tree) end
    local a, b, c = linear "a", linear "b", linear "c"
    local root = tree(tree(a), b, tree(tree(), tree(c)))
    assert.same({ a, b, c }, root:layers())
    assert.equal(c, root:layer "c")
    assert.is_nil(root:layer "d")
    assert.same({}, tree():layers())
  end)
end)

describe("a cache", function()
  local function step(values)
    return core.tensor_of("f32", { 1, #values // 2, 2 }, values)
  end

  it("gives back what was added, in one piece", function()
    local cache <close> = Cache.new(2, 3, 2)
    local layer = cache.layers[2]
    layer:append(step { 1, 2, 3, 4 }, step { 5, 6, 7, 8 })
    layer:append(step { 9, 10 }, step { 11, 12 })
    assert.same({ 1, 3, 2 }, { layer:keys():shape() })
    assert.same({ 1, 2, 3, 4, 9, 10 }, layer:keys():totable())
    assert.same({ 5, 6, 7, 8, 11, 12 }, layer:values():totable())
    assert.equal(0, cache:length())
  end)

  it("refuses what does not fit, and keeps what it has", function()
    local cache <close> = Cache.new(1, 2, 2)
    cache.layers[1]:append(step { 1, 2 }, step { 3, 4 })
    assert.error_matches(function() cache.layers[1]:append(step { 1, 2, 3, 4 }, step { 1, 2, 3, 4 }) end,
      "E-MD-11: the cache has room for 2 positions: 1 are taken and 2 more do not fit", 1, true)
    assert.equal(1, cache:length())
    assert.same({ 1, 2 }, cache.layers[1]:keys():totable())
  end)
end)
