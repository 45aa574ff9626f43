local core = require "vise.core"
local samplers = require "vise.samplers"
local support = require "support"

local EPS = 2 ^ -23

-- A model whose direction is `value(x, t, class)` for every pixel; it notes how it was called.
local function model_of(value)
  local model = { null_class = 9, calls = {} }
  function model:forward(x, t, labels)
    local n, c, h, w = x:shape()
    local times = math.type(t) and t or t:totable()
    self.calls[#self.calls + 1] = { images = n, times = times, labels = labels:totable() }
    local values, xs, size = {}, x:totable(), c * h * w
    for i = 1, #xs do
      local image = (i - 1) // size + 1
      values[i] = value(xs[i], math.type(t) and t or times[image], labels:get(image))
    end
    return core.tensor_of("f32", { n, c, h, w }, values)
  end
  return model
end

local function labels_of(list)
  return core.tensor_of("i64", { #list }, list)
end

describe("euler", function()
  local noise = support.random({ 2, 1, 2, 2 }, 3)

  it("steps from t = 1 to 0 in equal steps", function()
    local model, seen = model_of(function() return 1 end), {}
    local x = assert(samplers.euler(model, { noise = noise, labels = labels_of { 3, 4 }, steps = 4, guidance = 1,
      on_step = function(step, t) seen[step] = t end }))
    assert.same({ 1, 0.75, 0.5, 0.25 }, seen)
    for i, call in ipairs(model.calls) do
      assert.equal(1000 * seen[i], call.times)
      assert.same({ 3, 4 }, call.labels)
    end
    for i, v in ipairs(noise:totable()) do assert.near(v - 1, x:get(i), 8 * EPS) end
  end)

  it("goes from the null class's direction past the class's", function()
    local model = model_of(function(_, _, class) return class == 9 and 1 or class end)
    local x = assert(samplers.euler(model, { noise = noise, labels = labels_of { 3, 4 }, steps = 2, guidance = 1.5 }))
    assert.same({ 3, 4, 9, 9 }, model.calls[1].labels)
    local v = noise:totable()
    -- 1 + 1.5 (class - 1)
    for i = 1, 4 do assert.near(v[i] - 4, x:get(i), 16 * EPS) end
    for i = 5, 8 do assert.near(v[i] - 5.5, x:get(i), 16 * EPS) end
  end)

  it("leaves the noise as it was", function()
    local before = noise:tobytes()
    assert(samplers.euler(model_of(function() return 1 end), { noise = noise, labels = labels_of { 1, 2 } }))
    assert.equal(before, noise:tobytes())
  end)

  it("takes labels of any integer type", function()
    local model = model_of(function() return 0 end)
    for _, guidance in ipairs { 1, 2 } do
      assert(samplers.euler(model, { noise = noise, labels = core.tensor_of("i32", { 2 }, { 1, 2 }), steps = 1,
        guidance = guidance }))
    end
    assert.same({ 1, 2, 9, 9 }, model.calls[2].labels)
  end)

  it("passes on what the model could not do", function()
    local broken = { null_class = 9, forward = function() return nil, "full", "E-MM-01" end }
    local x, message, id = samplers.euler(broken, { noise = noise, labels = labels_of { 1, 2 } })
    assert.is_nil(x)
    assert.equal("full", message)
    assert.equal("E-MM-01", id)
  end)

  it("leaks nothing, whichever allocation fails", function()
    -- The model allocates nothing, so that every failure is the sampler's.
    local answers = { [2] = support.random { 2, 1, 2, 2 }, [4] = support.random { 4, 1, 2, 2 } }
    local model = { null_class = 9, forward = function(_, x)
      return x:copy(answers[#x]):rows(1, #x)
    end }
    local labels = labels_of { 1, 2 }
    for _, guidance in ipairs { 1, 1.5 } do
      support.sweep(function()
        local x = samplers.euler(model, { noise = noise, labels = labels, steps = 2, guidance = guidance })
        if x then x:close() end
        return x
      end)
    end
  end)

  it("raises for options that are not there or not possible", function()
    local model = model_of(function() return 0 end)
    local function raises(text, options)
      assert.error_matches(function() samplers.euler(model, options) end, text, 1, true)
    end
    local labels = labels_of { 1, 2 }
    raises("E-DT-08: euler needs noise and labels", { noise = noise })
    raises("E-DT-08: euler has no option 'step'", { noise = noise, labels = labels, step = 3 })
    raises("E-DT-08: steps is 0, expected an integer from 1 to 10000", { noise = noise, labels = labels, steps = 0 })
    raises("E-DT-08: steps is 2.5", { noise = noise, labels = labels, steps = 2.5 })
    raises("E-DT-08: guidance is a string", { noise = noise, labels = labels, guidance = "1" })
    raises("E-DT-08: 3 labels for 2 images", { noise = noise, labels = labels_of { 1, 2, 3 } })
  end)
end)

describe("flow_loss", function()
  local images, labels = support.random({ 5, 1, 2, 2 }, 4), labels_of { 1, 2, 3, 4, 5 }

  -- The oracle draws as flow_loss says it does: for each batch noise, then times.
  local function loss_by_hand(batch, direction)
    local random, sum = core.random(7), 0
    local x = images:totable()
    for first = 1, 5, batch do
      local n = math.min(batch, 6 - first)
      local noise, times = random:normal({ n, 1, 2, 2 }):totable(), random:uniform({ n }):totable()
      for i = 1, n do
        for j = 1, 4 do
          local image, eps = x[(first - 1 + i - 1) * 4 + j], noise[(i - 1) * 4 + j]
          local xt = (1 - times[i]) * image + times[i] * eps
          sum = sum + (direction(xt, 1000 * times[i], first - 1 + i) - (eps - image)) ^ 2
        end
      end
    end
    return sum / 20
  end

  it("is the mean squared error of the direction", function()
    local function direction(x, t, class) return 0.5 * x + t / 1000 - class end
    for _, batch in ipairs { 1, 2, 5 } do
      local got = assert(samplers.flow_loss(model_of(direction), images, labels, { seed = 7, batch = batch }))
      -- Values up to 10 and their squares, rounded to f32 a few times.
      assert.near(loss_by_hand(batch, direction), got, 1e-5)
    end
  end)

  it("is the same for the same seed, another for another", function()
    local model = model_of(function() return 0 end)
    local a = assert(samplers.flow_loss(model, images, labels))
    assert.equal(a, samplers.flow_loss(model, images, labels, { seed = 0 }))
    assert.not_equal(a, samplers.flow_loss(model, images, labels, { seed = 1 }))
  end)

  it("raises when labels and images do not pair", function()
    assert.error_matches(function() samplers.flow_loss({}, images, labels_of { 1 }) end,
      "E-DT-08: 1 labels for 5 images", 1, true)
  end)
end)
