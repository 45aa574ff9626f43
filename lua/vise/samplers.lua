--- Sampling and its loss for rectified-flow models: x_t = (1 - t) image + t noise, and the model
--- predicts noise - image from x_t and the timestep 1000 t.

local core = require "vise.core"
local diagnose = require "vise.eval.diagnose"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local summary = require "vise.eval.summary"

local try = fail.try

local M = {}

local TIMESTEPS = 1000 -- what t = 1 is called by the model

---@class vise.SampleOptions
---@field noise vise.Tensor       f32 [B, C, H, W], where t = 1
---@field labels vise.Tensor      i64 [B], the class of each image
---@field steps? integer          25 if not given.
---@field guidance? number        1.5 if not given; 1 leaves the null class out.
---@field on_step? fun(step: integer, t: number, x: vise.Tensor)  Before each step.

local kinds = {
  noise = "userdata", labels = "userdata", steps = "number", guidance = "number", on_step = "function",
}

local function check(options)
  for name, value in pairs(options) do
    if not kinds[name] then fail.raise("E-DT-08", "euler has no option '%s'", name) end
    if type(value) ~= kinds[name] then
      fail.raise("E-DT-08", "%s is a %s, expected a %s", name, type(value), kinds[name])
    end
  end
  if not options.noise or not options.labels then fail.raise("E-DT-08", "euler needs noise and labels") end
  if #options.noise ~= #options.labels then
    fail.raise("E-DT-08", "%d labels for %d images of noise", #options.labels, #options.noise)
  end
  local steps = options.steps or 25
  if not math.tointeger(steps) or steps < 1 or steps > 10000 then
    fail.raise("E-DT-08", "steps is %s, expected an integer from 1 to 10000", steps)
  end
end

-- x over x: the first half for the class, the second for the null class.
local function twice(x, out)
  local batch = #x
  local first <close> = try(out:rows(1, batch))
  local second <close> = try(out:rows(batch + 1, 2 * batch))
  try(x:copy(first))
  try(x:copy(second))
end

-- The labels, and after them as many null classes.
local function guided_labels(labels, null_class)
  local batch = #labels
  local out = try(core.tensor("i64", { 2 * batch }))
  local first <close> = try(out:rows(1, batch))
  try(labels:to("i64", first))
  for i = batch + 1, 2 * batch do out:set(i, null_class) end
  return out
end

-- The direction at x, u + guidance * (v - u), where u is the null class's.
local function guided(model, x, pair, t, labels, guidance)
  twice(x, pair)
  local both <close> = try(model:forward(pair, t, labels))
  local v <close> = try(both:rows(1, #x))
  local u <close> = try(both:rows(#x + 1, 2 * #x))
  try(v:sub(u, v))
  return try(u:axpy(guidance, v))
end

local function euler(model, options)
  local steps, guidance = options.steps or 25, options.guidance or 1.5
  local batch, channels, height, width = options.noise:shape()
  local x = try(options.noise:copy())
  local plain <close> = guidance == 1 and try(options.labels:to "i64") or nil
  local labels <close> = not plain and guided_labels(options.labels, model.null_class) or nil
  local pair <close> = not plain and try(core.tensor("f32", { 2 * batch, channels, height, width })) or nil
  for step = 1, steps do
    -- From t = 1 down to 0 in equal steps.
    local t, after = 1 - (step - 1) / steps, 1 - step / steps
    if options.on_step then options.on_step(step, t, x) end
    local direction <close> = plain and try(model:forward(x, TIMESTEPS * t, plain))
      or guided(model, x, pair, TIMESTEPS * t, labels, guidance)
    try(x:axpy(after - t, direction, x))
  end
  return x
end

--- Samples images: Euler's method from noise at t = 1 to images at t = 0, with guidance.
---@param model vise.models.DiT
---@param options vise.SampleOptions
---@return vise.Tensor? images  f32 [B, C, H, W], about in [-1, 1]
---@return string? message
---@return string? id
function M.euler(model, options)
  expect.model(model, "euler", "forward")
  check(options or {})
  if not model.null_class and options.guidance ~= 1 then
    fail.raise("E-MD-15", "euler takes a model of images by class, this one is %s", tostring(model.family))
  end
  return fail.catch(euler, model, options)
end

---@class vise.FlowLossOptions
---@field seed? integer   Of the noise and the times; 0 if not given.
---@field batch? integer  Images at once; 64 if not given.
---@field on_batch? fun(images: integer)  After each batch.

-- Adds the mean squared error of each image of a batch.
local function batch_errors(model, images, labels, random, errors)
  local n, channels, height, width = images:shape()
  local noise <close> = try(random:normal { n, channels, height, width })
  local times <close> = try(random:uniform { n })
  local target <close> = try(noise:sub(images))
  local x <close> = try(core.tensor("f32", { n, channels, height, width }))
  for i = 1, n do -- image + t (noise - image)
    local image <close> = try(images:rows(i))
    local toward <close> = try(target:rows(i))
    local place <close> = try(x:rows(i))
    try(image:axpy(times:get(i), toward, place))
  end
  try(times:mul(TIMESTEPS, times))
  local prediction <close> = try(model:forward(x, times, labels))
  for i = 1, n do
    local got <close> = try(prediction:rows(i))
    local wanted <close> = try(target:rows(i))
    local squared = try(core.compare(got, wanted)).rmse ^ 2
    if squared ~= squared then
      fail.try(nil, ("image %d: the prediction is not finite, first %s"):format(#errors + 1,
        diagnose.first_layer(model, x, times, labels)), "E-EV-02")
    end
    errors[#errors + 1] = squared
  end
end

local function flow_loss(model, images, labels, options)
  local random, step, errors = core.random(options.seed or 0), options.batch or 64, {}
  for first = 1, #images, step do
    local last = math.min(first + step - 1, #images)
    local some <close> = try(images:rows(first, last))
    local theirs <close> = try(labels:rows(first, last))
    batch_errors(model, some, theirs, random, errors)
    if options.on_batch then options.on_batch(last - first + 1) end
  end
  return summary.mean(errors)
end

--- The mean squared error of the model's direction on images that it was not trained on: noise and
--- times are drawn from the seed, so two models see the same.
---@param model vise.models.DiT
---@param images vise.Tensor  f32 [N, C, H, W] in [-1, 1]
---@param labels vise.Tensor  i64 [N]
---@param options? vise.FlowLossOptions
---@return number? loss
---@return number|string stderr_or_message  Of the mean over the images.
---@return string? id
function M.flow_loss(model, images, labels, options)
  if #images ~= #labels or #images == 0 then
    fail.raise("E-DT-08", "%d labels for %d images", #labels, #images)
  end
  expect.model(model, "flow_loss", "forward")
  return fail.catch(flow_loss, model, images, labels, options or {})
end

return M
