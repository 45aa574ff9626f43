-- What vise.compile refuses, and by what names.

local compile = require "workflow.support_compile"
local core = require "vise.core"
local support = require "support"
local tiny = require "models.tiny"
local vise = require "vise"

local agrees, cached, module_of = compile.agrees, compile.cached, compile.module_of

describe("what cannot be compiled", function()
  local x = support.random { 3, 4 }

  local function refuses(id, words, forward, ...)
    local part, given = module_of(forward, "decoder.7.mixer"), { ... }
    assert.error_matches(function() vise.compile(part, x, table.unpack(given)) end, id .. ": .*" .. words)
    assert.equal(12, x:count()) -- the recorder is off again
  end

  it("is a forward that reads what it computes", function()
    for name, read in pairs {
      ["tensor:get"] = function(y) return y:get(1) end,
      ["tensor:totable"] = function(y) return y:totable() end,
      ["tensor:max"] = function(y) return y:max() end,
      ["tensor:argmax"] = function(y) return y:argmax() end,
      compare = function(y) return core.compare(y, x) end,
      encode = function(y)
        return core.encode(core.scheme { bits = 8, granularity = "row", convention = "amax" }, y)
      end,
    } do
      refuses("E%-CP%-01", "decoder.7.mixer: " .. name, function(y) return y:add(read(y)) end)
    end
  end)

  it("is not one that reads constants", function()
    local scale = core.tensor_of("f32", { 1 }, { 3 })
    agrees(module_of(function(y) return y:mul(scale:get(1)) end), { x }, { support.random({ 3, 4 }, 2) })
  end)

  it("is a forward that draws numbers, or writes them one by one", function()
    refuses("E%-CP%-01", "random:normal draws other numbers", function(y)
      return y:add(core.random(1):normal { 3, 4 })
    end)
    refuses("E%-CP%-01", "tensor:set writes a number", function(y)
      local h = core.tensor("f32", { 4 })
      h:set(1, 2)
      return y:add(h)
    end)
  end)

  it("is a forward that changes its input, a weight or a part of a tensor", function()
    refuses("E%-CP%-02", "tensor:add writes into the input 'argument 1'", function(y) return y:add(1, y) end)
    local weight = support.random { 3, 4 }
    refuses("E%-CP%-02", "tensor:add writes into a tensor that was there before", function(y)
      return y:add(1, weight)
    end)
    refuses("E%-CP%-02", "tensor:copy writes into a part of a tensor", function(y)
      local h = y:add(1)
      y:rows(1, 2):copy(h:rows(2, 3))
      return h
    end)
  end)

  it("is a forward that gives something else", function()
    refuses("E%-CP%-03", "gave a number, expected a tensor", function() return 4 end)
    refuses("E%-CP%-03", "gave several results, expected one tensor", function(y) return y:add(1), y:add(2) end)
  end)

  it("is a forward that takes a part of a cache, or runs elsewhere than at its end", function()
    local cache <close> = vise.nn.cache.new(1, 8, 4)
    local layer = cache.layers[1]
    local function with(forward) vise.compile(cached(forward), x:reshape { 1, 3, 4 }, { cache = cache }) end
    assert.error_matches(function()
      with(function(k)
        layer:append(k, k)
        return layer:keys():copy()
      end)
    end, "E%-CP%-01: .*tensor:rows takes a part of a cache")
    assert.equal(0, cache:length())
    assert.error_matches(function()
      with(function(k) return core.rope(k, { heads = 1, position = 2 }) end)
    end, "E%-CP%-01: .*rope at position 2, not 0 where the cache ends")
    local other = core.tensor("f32", { 8, 4 })
    assert.error_matches(function() with(function(k) return other:put(k):reshape { 1, 8, 4 }:copy() end) end,
      "E%-CP%-02: .*tensor:put writes into a part of a tensor")
  end)

  it("is no model, or bare weights", function()
    assert.error_matches(function() vise.compile(nil) end, "E%-MD%-15")
    assert.error_matches(function() vise.compile(module_of(function(y) return y end), 4) end,
      "E%-CP%-05: argument 1 is a number, expected a tensor")
    local bare <close> = assert(tiny.open { tensors = { ["a.weight"] = { 4, 4 } } })
    assert.equal("E-MD-16", (select(3, vise.compile(bare))))
  end)

  it("fails as the model itself does", function()
    local model <close> = assert(tiny.open(tiny.dit()))
    assert.error_matches(function() vise.compile(model, support.random { 1, 1, 4, 4 }, 1, 1) end, "E%-MD%-12")
    assert.equal("function", type(model.forward))
    for _, block in ipairs(model.blocks) do assert.is_nil(rawget(block, "forward")) end
  end)
end)
