local core = require "vise.core"
local generate = require("vise.generate").generate
local tiny = require "models.tiny"

-- A model that always predicts the id after the last one, 0 after 4.
local function counting(context)
  local held = 0
  return {
    settings = { max_position_embeddings = context or 100, eos = { 4 }, bos_token_id = 1 },
    cache = function()
      return setmetatable({ length = function() return held end }, { __close = function() end })
    end,
    forward = function(_, ids, options)
      assert(options.last)
      held = held + #ids
      local values = { 0, 0, 0, 0, 0 }
      values[(ids[#ids] + 1) % 5 + 1] = 1
      return core.tensor_of("f32", { 1, 1, 5 }, values)
    end,
  }
end

describe("generate", function()
  it("goes on until it has as many ids as asked", function()
    local ids, why = assert(generate(counting(), { prompt = { 4 }, max_new = 1 }))
    assert.same({ 4, 0 }, ids)
    assert.equal("length", why)
    assert.same({ 2 }, assert(generate(counting(), { prompt = { 2 }, max_new = 0 })))
  end)

  it("stops at the ids that end a text", function()
    local ids, why = assert(generate(counting(), { prompt = { 1 }, max_new = 50 }))
    assert.same({ 1, 2, 3, 4 }, ids)
    assert.equal("stop", why)
    assert.same({ 1, 2 }, (assert(generate(counting(), { prompt = { 1 }, max_new = 50, stop = { 2 } }))))
    assert.equal(51, #assert(generate(counting(), { prompt = { 1 }, max_new = 50, stop = {} })))
    assert.same({ 4, 0, 1 }, (assert(generate(counting(), { prompt = { 4 }, max_new = 50 })))) -- its begin
  end)

  it("stops where the model's context ends", function()
    local ids, why = assert(generate(counting(3), { prompt = { 1, 2 }, max_new = 50, stop = {} }))
    assert.same({ 1, 2, 3, 4 }, ids)
    assert.equal("context", why)
  end)

  it("reports each id as it comes", function()
    local seen = {}
    generate(counting(), { prompt = { 1 }, on_id = function(id) seen[#seen + 1] = id end })
    assert.same({ 2, 3, 4 }, seen)
  end)

  it("leaves the prompt's table alone", function()
    local prompt = { 1 }
    generate(counting(), { prompt = prompt })
    assert.same({ 1 }, prompt)
  end)

  it("draws the same ids from the same seed, others from another", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local function draw(seed, top_p)
      return assert(generate(model, { prompt = { 1 }, max_new = 12, temperature = 1.5, top_p = top_p or 1,
        seed = seed, stop = {} }))
    end
    assert.same(draw(3), draw(3))
    assert.not_same(draw(3), draw(4))
    local greedy = assert(generate(model, { prompt = { 1 }, max_new = 12, stop = {} }))
    assert.same(greedy, draw(3, 1e-9)) -- the smallest set that reaches it holds the likeliest id alone
  end)

  it("raises for options that are not there or not possible", function()
    local model = counting()
    local function raises(text, options)
      assert.error_matches(function() generate(model, options) end, text, 1, true)
    end
    raises("E-MD-13: prompt has no ids", {})
    raises("E-MD-13: prompt has no ids", { prompt = {} })
    raises("E-MD-13: generate has no option 'max_mew'", { prompt = { 1 }, max_mew = 1 })
    raises("E-MD-13: max_new is a string, expected a number", { prompt = { 1 }, max_new = "9" })
    raises("E-MD-13: max_new is 1.5, expected an integer", { prompt = { 1 }, max_new = 1.5 })
    raises("E-MD-13: temperature is -1", { prompt = { 1 }, temperature = -1 })
    raises("E-MD-13: temperature is ", { prompt = { 1 }, temperature = 0 / 0 })
    raises("E-MD-13: top_p is 1.1", { prompt = { 1 }, top_p = 1.1 })
    raises("E-MD-13: prompt has 101 ids, the model's context is 100", { prompt = table.move({}, 1, 0, 1,
      (function() local t = {} for i = 1, 101 do t[i] = 1 end return t end)()) })
  end)
end)
