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
