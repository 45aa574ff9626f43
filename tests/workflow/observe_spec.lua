local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local Q, V = "transformer_blocks.0.attn1.to_q", "transformer_blocks.0.attn1.to_v"

describe("observe.attach", function()
  local model
  setup(function() model = dit.open() end)
  teardown(function() model:close() end)

  it("watches the layers that its patterns name, until it is detached", function()
    local watch = assert(vise.observe.attach(model, { "*.0.attn1.to_v", Q }, "channel_span"))
    assert.same({ Q, V }, watch.names)
    assert.same({ Q, V }, watch:unseen())
    dit.calibrate(model)
    assert.same({}, watch:unseen())
    local count = watch:observer(Q):count()
    watch:detach()
    watch:detach()
    dit.calibrate(model)
    assert.equal(count, watch:observer(Q):count())
    assert.equal(128, watch:observer(Q):result():count())
    watch:close()
  end)

  it("frees its observers at the end of a block", function()
    collectgarbage()
    collectgarbage()
    collectgarbage "stop" -- so that nobody else frees them
    local live = core.memory().blocks
    do
      local watch <close> = assert(vise.observe.attach(model, { Q }, "channel_span"))
      assert.equal(0, watch:observer(Q):count())
      assert.is_true(core.memory().blocks > live)
      assert.equal(1, #model:layer(Q).hooks)
      assert.is_table(watch)
    end
    local left, hooks = core.memory().blocks, #model:layer(Q).hooks
    collectgarbage "restart"
    assert.equal(live, left)
    assert.equal(0, hooks)
  end)

  it("lets the model's answer alone, and passes on what an observer cannot take", function()
    local float = dit.answer(model)
    local watch <close> = assert(vise.observe.attach(model, { "*" }, "range"))
    assert.equal(float, dit.answer(model))
    assert.error_matches(function() watch:observer "proj" end, "E%-OB%-09: layer proj is not observed")
    watch:observer(Q):close()
    assert.has_error(function() dit.calibrate(model) end)
  end)

  it("raises for a pattern that is not in a list, and for a list of none", function()
    assert.error_matches(function() vise.observe.attach(model, "*.to_q", "range") end,
      "E%-OB%-09: layers must be a list of patterns, got string")
    assert.error_matches(function() vise.observe.attach(model, {}, "range") end, "E%-OB%-09: .* got an empty one")
    assert.error_matches(function() vise.observe.attach(model, { "*.to_x" }, "range") end, "E%-PL%-01: layers%[1%]")
  end)
end)

describe("observers of moments", function()
  local model
  local K = "transformer_blocks.0.attn1.to_k"
  setup(function() model = dit.open() end)
  teardown(function() model:close() end)

  it("are shared by layers that are given the very same tensor", function()
    local watch <close> = assert(vise.observe.attach(model, { Q, K, V, "*.1.attn1.to_q" }, "moments"))
    dit.calibrate(model)
    assert.equal(Q, watch:shares(K))
    assert.equal(watch:observer(Q), watch:observer(K))
    assert.equal(watch:observer(Q), watch:observer(V))
    assert.not_equal(watch:observer(Q), watch:observer "transformer_blocks.1.attn1.to_q")
    watch:detach()
    local apart <close> = assert(vise.observe.attach(model, { Q, K }, "moments", { share = false }))
    dit.calibrate(model)
    assert.not_equal(apart:observer(Q), apart:observer(K))
    assert.is_true(watch:observer(Q):result():tobytes() == apart:observer(K):result():tobytes())
  end)

  it("stop a layer that shared an input and no longer does", function()
    local watch <close> = assert(vise.observe.attach(model, { Q, K }, "moments"))
    local _, inputs = model:layer(Q).weight:shape()
    local x, y = vise.random(1):normal { 2, inputs }, vise.random(2):normal { 2, inputs }
    assert(model:layer(Q):forward(x))
    assert(model:layer(K):forward(x))
    assert(model:layer(Q):forward(x))
    pcall(model.layer(model, K).forward, model:layer(K), y)
    local message, id = watch:failure()
    assert.equal("E-OB-19", id)
    assert.matches("layer transformer_blocks.0.attn1.to_k: it was given the input of transformer_blocks.0.attn1.to_q",
      message, 1, true)
  end)

  it("raise for an option that is none", function()
    assert.error_matches(function() vise.observe.attach(model, { Q }, "moments", { share = 1 }) end, "E%-OB%-14")
  end)
end)

describe("a watch of sums", function()
  it("has the same bits buffered and streaming, and saves what a config reads", function()
    local model <close> = dit.open()
    for _, kind in ipairs { "mean", "importance", "moments" } do
      local streaming <close> = assert(vise.observe.attach(model, { Q }, kind, { flush_count = 3 }))
      local buffered <close> = assert(vise.observe.attach(model, { Q }, kind, { buffered = true }))
      dit.calibrate(model)
      local want = streaming:observer(Q):result()
      assert.is_true(want:tobytes() == buffered:observer(Q):result():tobytes(), kind)
      local path = os.tmpname()
      assert(streaming:save(path))
      local found = assert(require("vise.captured").read(path, model, { { name = Q, kinds = { kind } } }))
      assert.is_true(want:tobytes() == found[Q][kind]:tobytes(), kind)
      os.remove(path)
    end
  end)
end)

describe("a watch of a histogram", function()
  local model
  setup(function() model = dit.open() end)
  teardown(function() model:close() end)

  it("has the same bits for all thresholds, and its counts are the rows", function()
    for _, kind in ipairs { "histogram", "token_span", "top" } do
      local states, watches = {}, {}
      for i, options in ipairs { { flush_count = 3 }, { buffered = true }, { flush_bytes = 70000 }, {} } do
        watches[i] = assert(vise.observe.attach(model, { Q }, kind, options))
      end
      dit.calibrate(model)
      for i, watch in ipairs(watches) do
        states[i] = watch:observer(Q):state():tobytes()
        assert.is_true(states[1] == states[i], kind .. i)
        watch:close()
      end
    end
    local watch <close> = assert(vise.observe.attach(model, { Q }, "token_span"))
    dit.calibrate(model)
    local sum = 0
    for _, n in ipairs(watch:observer(Q):result():totable()) do sum = sum + n end
    assert.equal(watch:observer(Q):count(), sum)
  end)

  it("passes on how many outliers are kept, and refuses to save what no method reads", function()
    local watch <close> = assert(vise.observe.attach(model, { Q }, "top", { keep = 3 }))
    dit.calibrate(model)
    assert.equal(3, (watch:observer(Q):result():shape()))
    assert.error_matches(function() watch:save "x.safetensors" end, "E%-OB%-14: no method reads the statistic top")
  end)
end)
