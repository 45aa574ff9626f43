--- Images of the embedded diffusion transformer against float, same noise: 40 images, 20 Euler steps,
--- guidance 1.5; ten other images to calibrate on.

local vise = require "vise"

local M = {}

local FOLDER = "recipes/quickstart"
local STEPS, IMAGES = 20, 40
local EVERY = 4 -- steps of the path that "direct" looks at

local noise = assert(vise.safetensors.open(FOLDER .. "/noise.safetensors"))
local calibration, evaluation = noise:tensor "calibration_seed3", noise:tensor "evaluation_seed11"

local function labels(n)
  local list = {}
  for i = 1, n do list[i] = (i - 1) % 10 end
  return vise.tensor_of("i64", { n }, list)
end

local function sample(model, from, on_step)
  return assert(vise.samplers.euler(model, { noise = from, labels = labels((from:shape())), steps = STEPS,
    guidance = 1.5, on_step = on_step }))
end

--- The float model, opened anew.
function M.open()
  return assert(vise.open(FOLDER .. "/models/dit-fashion-mnist", { variant = "fp16" }))
end

local float, path = M.open(), {}
local images = sample(float, evaluation, function(step, t, x)
  if step % EVERY == 1 then path[#path + 1] = { x = x:copy(), t = 1000 * t } end
end)
for _, p in ipairs(path) do p.y = assert(float:forward(p.x, p.t, labels(IMAGES))) end

--- Signal over noise of a model's answers on the float model's own path, in dB.
---@param model vise.Model
---@return number
function M.direct(model)
  local signal, error = 0, 0
  for _, p in ipairs(path) do
    local y = assert(model:forward(p.x, p.t, labels(IMAGES)))
    error, signal = error + y:sub(p.y):norm() ^ 2, signal + p.y:norm() ^ 2
  end
  return 10 * math.log(signal / error, 10)
end

--- PSNR of a model's images against the float model's, in dB.
---@param model vise.Model
---@return number
function M.psnr(model)
  return assert(vise.eval.psnr(sample(model, evaluation), images))
end

local others = {} -- by seed

--- The same from other noise: as many images, from a seed.
---@param model vise.Model
---@param seed integer
---@return number
function M.psnr_of_seed(model, seed)
  if not others[seed] then
    local from = vise.random(seed):normal { evaluation:shape() }
    others[seed] = { from = from, images = sample(float, from) }
  end
  return assert(vise.eval.psnr(sample(model, others[seed].from), others[seed].images))
end

--- Samples the images to calibrate on.
---@param model vise.Model
function M.calibrate(model)
  sample(model, calibration):close()
end

return M
