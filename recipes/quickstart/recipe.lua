-- Quantizes the diffusion transformer that comes with vise in five ways, saves and reloads each,
-- and lets float and reloaded models draw the same images from the same noise.

local TYPES = { "int8_per_row", "svdq_int4_r0_dq", "svdq_int4_r8", "svdq_int4_r32" }
local CLASSES = 10

-- 0, 1, ... 9, 0, 1, ...: the classes to draw.
local function labels(n)
  local list = {}
  for i = 1, n do list[i] = (i - 1) % CLASSES end
  return vise.tensor_of("i64", { n }, list)
end

local function sample(job, model, noise)
  local count = noise:shape()
  return assert(vise.samplers.euler(model, { noise = noise, labels = labels(count), steps = job.params.steps,
    guidance = job.params.guidance }))
end

-- Largest and mean |a - b| of the weights is not what counts; what the model draws is.
local function measure(job, model, inputs, float)
  local start = vise.clock()
  local images = sample(job, model, inputs.noise)
  local seconds = vise.clock() - start
  local loss = assert(vise.samplers.flow_loss(model, inputs.held_out, inputs.held_out_labels, { seed = 0 }))
  return { images = images, seconds = seconds, loss = loss, psnr = float and vise.eval.psnr(images, float) }
end

local function bit_equal(a, b)
  return a:tobytes() == b:tobytes()
end

return function(job)
  local p = job.params
  local folder = job.folder .. "/models/dit-fashion-mnist"
  local function open() return job:open(folder, { variant = "fp16" }) end
  local function config(quant_type)
    local calibrated = not quant_type:find "_dq$" and quant_type:find "^svdq"
    return { quant_type = quant_type, calibrate = calibrated and function(model)
      sample(job, model, job.calibration_noise)
    end or nil }
  end

  if job.dry_run then
    local model = open()
    for _, quant_type in ipairs(TYPES) do job:plan(model, config(quant_type)) end
    return
  end
end
