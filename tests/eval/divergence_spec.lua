-- The divergence from a base against its definition, on the quickstart's Llama and its 4-bit form.

local core = require "vise.core"
local data = require "vise.data"
local eval = require "vise.eval"
local plain = require "eval.plain"
local support = require "support"
local tiny = require "models.tiny"
local vise = require "vise"

local STORIES = "recipes/quickstart/models/stories260K"

local function quantile(list, q)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local at = q * (#sorted - 1) + 1
  local low = math.floor(at)
  return sorted[low] * (1 - at + low) + (sorted[low + 1] or 0) * (at - low)
end

local function covariance(a, b)
  local mean_a, mean_b, sum = plain.mean(a), plain.mean(b), 0
  for i = 1, #a do sum = sum + (a[i] - mean_a) * (b[i] - mean_b) end
  return sum / #a / (#a - 1)
end

local function top_of(list)
  local best = 1
  for i = 2, #list do
    if list[i] > list[best] then best = i end
  end
  return best
end

describe("a base", function()
  local model, tokenizer, texts, options, path, part
  local sequences, float, quantized = {}, {}, {} -- log-probabilities of every place, flat

  -- Log-probabilities after every id but the last, and the ids that came.
  local function all_places(list)
    for _, ids in ipairs(sequences) do
      for i, row in ipairs(plain.logits(model, table.move(ids, 1, #ids - 1, 1, {}))) do
        list[#list + 1] = { log_probs = plain.log_probs(row), id = ids[i + 1] + 1 }
      end
    end
  end

  local function with(more)
    local all = {}
    for _, set in ipairs { options, more } do
      for key, value in pairs(set) do all[key] = value end
    end
    return all
  end

  lazy_setup(function()
    model = assert(vise.open(STORIES))
    tokenizer = assert(vise.tokenizers.open(STORIES))
    texts = table.move(assert(data.stories "tests/data/tinystories/stories-1500-1539.txt"), 1, 2, 1, {})
    options = { tokenizer = tokenizer, context = 120 }
    for i, text in ipairs(texts) do sequences[i] = plain.slice(tokenizer:encode(text), 0, 120) end
    path, part = os.tmpname(), os.tmpname()
    all_places(float)
    assert(eval.base(model, texts, with { out = path, top = 512 }))
    assert(eval.base(model, texts, with { out = part, top = 20 }))
    assert(vise.quantize(model, { quant_type = "int4_weight_only_g32" }))
    all_places(quantized)
  end)
  lazy_teardown(function()
    model:close()
    os.remove(path)
    os.remove(part)
  end)

  -- The lists of the definition: one number a place.
  local function expected()
    local e = { kld = {}, same = {}, delta = {}, square = {}, nats = {}, base = {} }
    for i, place in ipairs(float) do
      local p, q, sum = place.log_probs, quantized[i].log_probs, 0
      for v = 1, #p do sum = sum + math.exp(p[v]) * (p[v] - q[v]) end
      e.kld[i], e.same[i] = sum, top_of(p) == top_of(q) and 1 or 0
      e.nats[i], e.base[i] = -q[place.id], -p[place.id]
      e.delta[i] = 100 * (math.exp(q[place.id]) - math.exp(p[place.id]))
      e.square[i] = e.delta[i] ^ 2
    end
    return e
  end

  it("of all ids gives the divergence of the definition", function()
    local r, e = assert(eval.divergence(model, path)), expected()
    assert.is_true(r.exact)
    assert.equal(#e.kld, r.measured.tokens)
    -- The base is kept in f32, and the batches of the two passes differ in last bits.
    assert.near(plain.mean(e.kld), r.kld, 2e-6)
    assert.near(plain.mean(e.kld), r.kld_at_most, 2e-6)
    assert.near(plain.stderr(e.kld), r.kld_stderr, 1e-6)
    for name, q in pairs { max = 1, ["99.9"] = 0.999, ["99"] = 0.99, ["95"] = 0.95, ["90"] = 0.9, ["75"] = 0.75,
      median = 0.5, ["25"] = 0.25, ["10"] = 0.1, ["5"] = 0.05, ["1"] = 0.01, ["0.1"] = 0.001, min = 0 } do
      assert.near(quantile(e.kld, q), r.quantiles[name], 2e-5)
      assert.near(quantile(e.delta, q), r.delta_p.quantiles[name], 1e-3)
    end
  end)

  it("gives how often the likeliest id is the same, and the change of the probability", function()
    local r, e = assert(eval.divergence(model, path)), expected()
    local same = plain.mean(e.same)
    assert.near(100 * same, r.same_top, 1e-9)
    assert.near(100 * plain.stderr(e.same), r.same_top_stderr, 1e-9)
    assert.near(plain.mean(e.delta), r.delta_p.mean, 1e-4)
    assert.near(plain.stderr(e.delta), r.delta_p.stderr, 1e-4)
    local rms = math.sqrt(plain.mean(e.square))
    assert.near(rms, r.delta_p.rms, 1e-4)
    assert.near(0.5 / rms * plain.stderr(e.square), r.delta_p.rms_stderr, 1e-4)
  end)

  it("gives the ratio of the perplexities with the error of correlated means", function()
    local r, e = assert(eval.divergence(model, path)), expected()
    local a, b, both = plain.stderr(e.nats), plain.stderr(e.base), covariance(e.nats, e.base)
    local log = plain.mean(e.nats) - plain.mean(e.base)
    local log_stderr = math.sqrt(a ^ 2 + b ^ 2 - 2 * both)
    assert.near(log, r.ratio.log, 2e-6)
    assert.near(log_stderr, r.ratio.log_stderr, 1e-6)
    assert.near(math.exp(log), r.ratio.perplexity, 4e-6)
    assert.near(math.exp(log) * log_stderr, r.ratio.stderr, 2e-6)
    assert.near(both / (a * b), r.ratio.correlation, 1e-5)
    local x, y = math.exp(plain.mean(e.nats)), math.exp(plain.mean(e.base))
    assert.near(x - y, r.difference.perplexity, 4e-5)
    assert.near(math.sqrt((x * a) ^ 2 + (y * b) ^ 2 - 2 * x * y * both), r.difference.stderr, 2e-5)
  end)

  it("of some ids gives bounds on both sides", function()
    local r, e = assert(eval.divergence(model, part)), expected()
    assert.is_false(r.exact)
    assert.is_true(r.kld < plain.mean(e.kld) and plain.mean(e.kld) < r.kld_at_most)
    assert.near(plain.mean(e.kld), r.kld, 0.1 * r.kld) -- twenty ids of 512
  end)

  it("is no distance from itself", function()
    local own = assert(vise.open(STORIES))
    local r = assert(eval.divergence(own, part, with { texts = texts }))
    -- f32 leaves e^2 / 2 of what it rounds: below 1e-12.
    assert.is_true(r.kld >= 0 and r.kld < 1e-12)
    assert.same({ 100, 0 }, { r.same_top, r.same_top_stderr })
    assert.same({ 1, 0 }, { r.ratio.perplexity, r.ratio.stderr })
    own:close()
  end)

  it("is refused by name for another protocol, other data and another model", function()
    local function refused(text, of, options_of)
      local r, message, id = eval.divergence(of, part, options_of)
      assert.is_nil(r, text)
      assert.equal("E-EV-04", id)
      assert.matches(text, message, 1, true)
    end
    refused("is of another protocol: texts, this is windows", model, with { texts = texts, protocol = "windows" })
    refused("is of another context: 120, this is 100", model, with { texts = texts, context = 100 })
    local bent_tokenizer = setmetatable({ hash = function() return "0123" end }, { __index = tokenizer })
    refused("is of another tokenizer: ", model, { tokenizer = bent_tokenizer })
    refused("is of another data: ", model, with { texts = { texts[1] } })
    local bent = tiny.llama()
    bent.config.vocab_size, bent.config.max_position_embeddings = 512, 128
    bent.tensors["model.embed_tokens.weight"] = { 512, 8 }
    local other <close> = tiny.open(bent)
    refused("is of another model: ", other)
    assert.is_truthy(eval.divergence(other, part, { any_model = true }))
    local small <close> = tiny.open(tiny.llama())
    refused("is of another vocabulary: 512, this is 20", small, { any_model = true })
    bent.config.max_position_embeddings = 100
    local short <close> = tiny.open(bent)
    refused("is of another context: 120, this is 100", short, { any_model = true })
  end)

  it("takes no more memory than a chunk, and leaves one file", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    local long = {} -- 20 windows of 511 ids that count: three chunks
    for i = 1, 20 * 512 do long[i] = i * 7919 % 500 end
    collectgarbage()
    local before = core.memory().bytes
    core.reset_peak()
    local kept = assert(eval.base(model, { long }, { protocol = "windows", out = folder .. "/base", top = 8,
      logit_bytes = 1 << 19 }))
    -- All logits would be 20 MB, all that is kept 0.8 MB; a piece of 256 ids has half a MB of logits.
    assert.is_true(core.memory().peak - before < 3 << 20, tostring(core.memory().peak - before))
    assert.same({ "base" }, core.disk.list(folder))
    local file = assert(core.safetensors_open(folder .. "/base"))
    assert.equal(file:size(), kept.file_bytes)
    assert.same({ 4096, 4096, 20 * 511 - 2 * 4096 }, { file:info("rest.1").shape[1], file:info("rest.2").shape[1],
      file:info("rest.3").shape[1] })
    local r = assert(eval.divergence(model, folder .. "/base"))
    assert.is_true(r.kld < 1e-12)
    assert.near(kept.loss, r.base.loss, 1e-12)
    core.disk.remove_tree(folder)
  end)

  it("is refused before the model runs where its folder is not there", function()
    local count = 0
    local kept, _, id = eval.base(model, texts, with { out = "/nowhere/base", on_window = function() count = 1 end })
    assert.same({ nil, "E-FS-15", 0 }, { kept, id, count })
  end)

  it("leaves nothing behind where writing fails", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    local fault, kept, id, _ = -1
    repeat -- the first operation fails, the second, ...: both files are written, of the chunk and of all
      fault = fault + 1
      core.io_fault(fault)
      kept, _, id = eval.base(model, texts, with { out = folder .. "/base" })
      core.io_fault(-1)
      if not kept then
        assert.matches("^E%-FS%-", id)
        assert.same({}, core.disk.list(folder))
      end
    until kept
    assert.is_true(fault >= 4)
    assert.same({ "base" }, core.disk.list(folder))
    core.disk.remove_tree(folder)
  end)

  it("that is damaged is refused", function()
    local function damaged(change)
      local file = assert(core.safetensors_open(part))
      local entries, metadata = {}, file:metadata()
      for i, name in ipairs(file:names()) do entries[i] = { name, assert(file:tensor(name)):copy() } end
      change(metadata, entries)
      local broken = os.tmpname()
      assert(core.safetensors_write(broken, entries, metadata))
      local r, message, id = eval.divergence(model, broken)
      os.remove(broken)
      assert.is_nil(r)
      assert.equal("E-EV-03", id, message)
      return message
    end
    local function entry(entries, name)
      for _, e in ipairs(entries) do
        if e[1] == name then return e[2] end
      end
    end
    assert.matches("not what %-%-save%-base writes", damaged(function(m) m.form = "other" end))
    assert.matches("its metadata have no top", damaged(function(m) m.top = "0" end))
    assert.matches("windows of 238 ids", damaged(function(m) m.predicted = "237" end))
    assert.matches("window 2 of %-5 ids", damaged(function(_, e) entry(e, "windows"):set(4, -5) end))
    assert.matches("window 1 of 120 ids", damaged(function(_, e) entry(e, "windows"):set(2, 1) end))
    assert.matches("id 512 of place 3", damaged(function(_, e) entry(e, "tokens"):set(3, 512) end))
    assert.matches("row 1 of the base: id 9999", damaged(function(_, e) entry(e, "ids.1"):set(1, 9999) end))
    assert.matches("log%-probability %-?nan", damaged(function(_, e) entry(e, "log_probs.1"):set(2, 0 / 0) end))
    assert.matches("rest.1 is missing", damaged(function(_, e)
      for i, one in ipairs(e) do
        if one[1] == "rest.1" then table.remove(e, i) end
      end
    end))
    local r, _, id = eval.divergence(model, support.file "no safetensors")
    assert.is_nil(r)
    assert.matches("^E%-ST%-", id)
  end)
end)
