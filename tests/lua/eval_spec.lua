local core = require "vise.core"
local eval = require "vise.eval"
local support = require "support"

describe("eval.compare", function()
  it("measures as the definitions say", function()
    local a, b = core.tensor_of("f32", { 3 }, { 1, 2, 4 }), core.tensor_of("f32", { 3 }, { 1, 2, 2 })
    local m = assert(eval.compare(a, b))
    assert.near(2 / 3, m.mae, 1e-12)
    assert.near(math.sqrt(4 / 3), m.rmse, 1e-12)
    assert.equal(2, m.max_abs)
    assert.near(2 / 3, m.rel_l2, 1e-12)
    assert.near(13 / math.sqrt(21 * 9), m.cosine, 1e-12)
    assert.near(10 * math.log(9 / 4, 10), m.sqnr, 1e-12)
  end)
end)

describe("eval.psnr", function()
  it("is 20 log10(255 / rmse) of clamped images", function()
    local a = core.tensor_of("f32", { 1, 1, 2, 2 }, { -1.5, -0.5, 0.25, 3 })
    local b = core.tensor_of("f32", { 1, 1, 2, 2 }, { -1, -0.25, 0.25, 0.5 })
    local rmse = 127.5 * math.sqrt((0 + 0.25 ^ 2 + 0 + 0.5 ^ 2) / 4)
    assert.near(20 * math.log(255 / rmse, 10), eval.psnr(a, b), 1e-9)
  end)

  it("is infinite for equal images", function()
    local a = support.random({ 1, 1, 4, 4 }, 1)
    assert.equal(math.huge, eval.psnr(a, a))
  end)

  it("leaves the images as they were, and leaks nothing", function()
    local a, b = support.random({ 8 }, 1), support.random({ 8 }, 2)
    local bytes = a:tobytes()
    support.sweep(function() return eval.psnr(a, b) end)
    assert.equal(bytes, a:tobytes())
  end)
end)

describe("eval.perplexity", function()
  -- Gives the id after each one a logit of 1, the others 0; it notes what it was given.
  local function counting()
    local model = { settings = { max_position_embeddings = 4 }, seen = {} }
    function model:forward(ids)
      local list, values = ids:totable(), {}
      self.seen[#self.seen + 1] = list
      for _, id in ipairs(list) do
        for v = 0, 4 do values[#values + 1] = v == id + 1 and 1 or 0 end
      end
      return core.tensor_of("f32", { 1, #list, 5 }, values)
    end
    return model
  end
  local right = math.log(math.exp(1) + 4) - 1 -- nats of the id that was predicted
  local wrong = math.log(math.exp(1) + 4)

  it("is the mean over all predicted ids", function()
    local r = assert(eval.perplexity(counting(), { { 0, 1, 2 }, { 3, 1 } }))
    assert.equal(3, r.tokens)
    assert.equal(2, r.texts)
    -- One rounding of f32 or two in each of three terms.
    assert.near((2 * right + wrong) / 3, r.loss, 1e-6)
    assert.near(math.exp(r.loss), r.perplexity, 1e-12)
  end)

  it("cuts a text at the context, or where it is told to", function()
    local model = counting()
    assert.equal(3, eval.perplexity(model, { { 0, 1, 2, 3, 4, 0 } }).tokens)
    assert.equal(1, eval.perplexity(model, { { 0, 1, 2, 3, 4, 0 } }, { context = 2 }).tokens)
    assert.same({ { 0, 1, 2 }, { 0 } }, model.seen)
  end)

  it("encodes texts with the tokenizer, and leaves lists of ids as they were", function()
    local ids = { 0, 1, 2, 3, 4, 0 }
    local tokenizer = { encode = function(_, text) return { 0, #text } end }
    local count = 0
    local r = assert(eval.perplexity(counting(), { "a", "bb" }, { tokenizer = tokenizer,
      on_window = function(i) count = count + i end }))
    assert.near((right + wrong) / 2, r.loss, 1e-6)
    assert.equal(3, count)
    eval.perplexity(counting(), { ids })
    assert.equal(6, #ids)
  end)

  it("says that there is nothing to predict", function()
    local r, message, id = eval.perplexity(counting(), { { 1 }, {} })
    assert.is_nil(r)
    assert.equal("E-DT-06", id)
    assert.matches("2 texts", message, 1, true)
  end)

  it("names an option it does not have, one of the wrong type, and a text without a tokenizer", function()
    local model = { forward = function() end, settings = { max_position_embeddings = 8 } }
    assert.error_matches(function() eval.perplexity(model, {}, { contxt = 2 }) end,
      "E%-DT%-08: perplexity has no option 'contxt'; did you mean 'context'%?")
    assert.error_matches(function() eval.perplexity(model, {}, { context = "2" }) end, "E%-DT%-08: context is 2")
    assert.error_matches(function() eval.perplexity(model, { "abc" }) end, "E%-DT%-08: text 1 is a string")
  end)
end)
