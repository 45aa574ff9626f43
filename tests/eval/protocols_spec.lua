-- Each protocol against the loop that its makers run.

local data = require "vise.data"
local eval = require "vise.eval"
local models = require "vise.models"
local plain = require "eval.plain"

local STORIES = "recipes/quickstart/models/stories260K"
local slice = plain.slice

describe("the protocol", function()
  local model, tokenizer, texts

  lazy_setup(function()
    model = assert(models.open(STORIES))
    tokenizer = assert(require("vise").tokenizers.open(STORIES))
    texts = table.move(assert(data.stories "tests/data/tinystories/stories-1500-1539.txt"), 1, 3, 1, {})
  end)
  lazy_teardown(function() model:close() end)

  local function measure(options)
    options.tokenizer = tokenizer
    return assert(eval.perplexity(model, texts, options))
  end

  -- Double sums of the same logits, whose rows of another batch differ in a few last bits.
  local function agrees(losses, r)
    assert.equal(#losses, r.tokens)
    assert.near(plain.mean(losses), r.loss, 2e-6)
    assert.near(math.exp(plain.mean(losses)), r.perplexity, 1e-5)
    assert.near(plain.stderr(losses), r.loss_stderr, 1e-6)
    assert.near(math.exp(plain.mean(losses)) * plain.stderr(losses), r.perplexity_stderr, 1e-5)
  end

  it("texts predicts each text, cut at the context", function()
    local losses = {}
    for _, text in ipairs(texts) do
      for _, v in ipairs(plain.nats(model, slice(tokenizer:encode(text), 0, 100))) do losses[#losses + 1] = v end
    end
    agrees(losses, measure { context = 100 })
  end)

  it("windows is the mean of the means of windows (GPTQ)", function()
    local ids, length, sum, all = tokenizer:encode(table.concat(texts, "\n\n")), 128, 0, {}
    local count = #ids // length
    for i = 0, count - 1 do
      local losses = plain.nats(model, slice(ids, i * length, (i + 1) * length))
      sum = sum + plain.mean(losses) * length
      table.move(losses, 1, #losses, #all + 1, all)
    end
    local r = measure { protocol = "windows", context = length }
    assert.near(sum / (count * length), r.loss, 2e-6)
    assert.equal(count, r.windows)
    agrees(all, r)
  end)

  it("llama.cpp begins each window anew and counts its second half", function()
    local ids, length, losses = tokenizer:encode(table.concat(texts, "\n\n")), 128, {}
    local first = length // 2
    for i = 0, #ids // length - 1 do
      local window = slice(ids, i * length, (i + 1) * length)
      window[1] = 1
      local nats = plain.nats(model, window) -- [p] is of the id at place p, from 0
      for p = first + 1, length - 1 do losses[#losses + 1] = nats[p] end
    end
    agrees(losses, measure { protocol = "llama.cpp", context = length })
    assert.equal(512, measure({ protocol = "llama.cpp" }).context)
  end)

  it("sliding counts every id once, in the window that is the first to reach it", function()
    local ids, length, stride, done, losses = tokenizer:encode(table.concat(texts, "\n\n")), 128, 48, 0, {}
    for start = 0, #ids - 1, stride do
      local stop = math.min(start + length, #ids)
      local fresh = stop - done
      local nats = plain.nats(model, slice(ids, start, stop))
      for p = math.max(1, #nats + 1 - fresh), #nats do losses[#losses + 1] = nats[p] end
      done = stop
      if stop == #ids then break end
    end
    assert.equal(#ids - 1, #losses)
    agrees(losses, measure { protocol = "sliding", context = length, stride = stride })
  end)

  it("rolling predicts each text whole, and gives lm-eval's figures of words and bytes", function()
    local length, losses, words, bytes = 128, {}, 0, 0
    for _, text in ipairs(texts) do
      local ids = slice(tokenizer:encode(text), 1, math.huge)
      local stop = math.min(length, #ids)
      local head = slice(ids, 0, stop)
      table.insert(head, 1, 1)
      for _, v in ipairs(plain.nats(model, head)) do losses[#losses + 1] = v end
      local done = stop
      while done < #ids do
        local count = math.min(#ids - done, length)
        local nats = plain.nats(model, slice(ids, done + count - length - 1, done + count))
        for p = #nats - count + 1, #nats do losses[#losses + 1] = nats[p] end
        done = done + count
      end
      for _ in text:gmatch "%S+" do words = words + 1 end
      bytes = bytes + #text
    end
    local r = measure { protocol = "rolling", context = length }
    agrees(losses, r)
    local nats = plain.mean(losses) * #losses
    assert.same({ words, bytes }, { r.words, r.bytes })
    assert.near(math.exp(nats / words), r.word_perplexity, 1e-3) -- e^4 times 1e-6
    assert.near(math.exp(nats / bytes), r.byte_perplexity, 1e-6)
    assert.near(nats / bytes / math.log(2), r.bits_per_byte, 1e-6)
    assert.near(plain.stderr(losses) * #losses / bytes / math.log(2), r.bits_per_byte_stderr, 1e-6)
  end)

  it("is the same with logits in pieces, but for the last bits", function()
    for _, protocol in ipairs { "texts", "llama.cpp" } do
      local whole = measure { protocol = protocol, context = 200 }
      local parts = measure { protocol = protocol, context = 200, logit_bytes = 4 * 512 * 30 }
      assert.equal(whole.tokens, parts.tokens)
      assert.near(whole.loss, parts.loss, 1e-6)
      assert.near(whole.loss_stderr, parts.loss_stderr, 1e-6)
    end
  end)

  it("has a hash of its own for every choice of ids", function()
    local seen = {}
    for _, options in ipairs { { context = 100 }, { context = 101 }, { protocol = "windows", context = 100 },
      { protocol = "sliding", context = 100 }, { protocol = "sliding", context = 100, stride = 49 } } do
      local hash = measure(options).token_hash
      assert.is_nil(seen[hash])
      seen[hash] = true
    end
    assert.equal(measure({ context = 100 }).token_hash, measure({ context = 100 }).token_hash)
    -- The same windows, of which another part counts.
    local ids = { slice(tokenizer:encode(texts[1]), 0, 64) }
    local function hash_of(protocol)
      return eval.perplexity(model, ids, { protocol = protocol, context = 64 }).token_hash
    end
    assert.not_equal(hash_of "windows", hash_of "llama.cpp")
  end)

  it("says that the texts do not fill a window", function()
    local r, message, id = eval.perplexity(model, { "Once" }, { tokenizer = tokenizer, protocol = "windows" })
    assert.is_nil(r)
    assert.equal("E-EV-01", id)
    assert.equal("2 ids are too few for a window of 512", message)
  end)

  it("refuses sizes that no window can have", function()
    local function refuses(text, options)
      assert.error_matches(function() measure(options) end, "E%-DT%-08: " .. text)
    end
    refuses("context is 513, the model's is 512", { context = 513 })
    refuses("stride is 64, expected less", { protocol = "sliding", context = 64, stride = 64 })
    refuses("protocol is gptq, expected one of texts, windows", { protocol = "gptq" })
  end)
end)
