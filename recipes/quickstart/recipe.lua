-- Quantizes the diffusion transformer that comes with vise, saves and reloads each result, and lets
-- float and reloaded models draw the same images from the same noise.

local TYPES = { "int8_per_row", "svdq_int4_r0_dq", "svdq_int4_r8", "svdq_int4_r32" }
local CLASSES = 10

-- The classes to draw: 0, 1, ... 9, 0, 1, ...
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

-- What the recipe ships: the starting noise of both runs, and images that the model has not seen.
local function load_inputs(job)
  local p, folder = job.params, job.folder
  local file = assert(vise.safetensors.open(folder .. "/noise.safetensors"))
  local inputs = {
    calibration = file:tensor("calibration_seed3"):rows(1, p.calibration_images),
    noise = file:tensor("evaluation_seed11"):rows(1, p.images),
    images = assert(vise.data.images(folder .. "/data/t10k-256-images-idx3-ubyte")):rows(1, p.loss_images),
    labels = assert(vise.data.labels(folder .. "/data/t10k-256-labels-idx1-ubyte")):rows(1, p.loss_images),
  }
  file:close()
  return inputs
end

-- What a model draws, how long it takes and how well it predicts held-out images.
local function measure(job, model, inputs, float)
  vise.machine.reset_peak()
  local start = vise.machine.clock()
  local images = sample(job, model, inputs.noise)
  return {
    images = images,
    seconds = vise.machine.clock() - start,
    peak = vise.machine.memory().peak,
    loss = assert(vise.samplers.flow_loss(model, inputs.images, inputs.labels, { seed = 0 })),
    psnr = float and assert(vise.eval.psnr(images, float.images)),
  }
end

-- Quantize, save, load onto a fresh model, and check that both answer alike, bit for bit.
local function round_trip(job, open, cfg, inputs)
  local model = open()
  local report = assert(vise.quantize(model, cfg))
  local saved = job:save(model, cfg.quant_type)
  local again = assert(vise.load(open(), saved.file))
  local first = inputs.noise:rows(1, 10)
  local equal = sample(job, model, first):tobytes() == sample(job, again, first):tobytes()
  model:close()
  return again, report, saved, equal
end

local function row_of(name, report, saved, m, float)
  if not report then
    return { name, "0", "-", "16.00", "-", "1.00", "-", ("%.4f"):format(m.loss), ("%.2f"):format(m.seconds),
      ("%.1f"):format(m.peak / 2 ^ 20) }
  end
  return { name, ("%d"):format(report.quantized), ("%d"):format(report.skipped),
    ("%.2f"):format(report.bits_per_weight), ("%d"):format(saved.bytes),
    ("%.2f"):format(report.plan.source_bytes / saved.bytes), ("%.2f"):format(m.psnr), ("%.4f"):format(m.loss),
    ("%.2f"):format(m.seconds), ("%.1f"):format(m.peak / 2 ^ 20), ("%.2fx"):format(float.seconds / m.seconds) }
end

local function check_expectations(job, quant_type, psnr)
  local p = job.params
  -- The figures hold for the defaults; another number of steps or images is another experiment.
  if p.steps ~= 20 or p.guidance ~= 1.5 or p.images ~= 40 or p.calibration_images ~= 10 then return end
  for _, e in ipairs(job.expects) do
    if e.type == quant_type then job:expect(("%s %s"):format(quant_type, e.metric), psnr, e) end
  end
end

return function(job)
  local folder = job.folder .. "/models/dit-fashion-mnist"
  local inputs
  local function open() return job:open(folder, { variant = "fp16" }) end
  local function config(quant_type)
    local calibrated = quant_type:find "^svdq" and not quant_type:find "_dq$"
    return { quant_type = quant_type, calibrate = calibrated and function(model)
      sample(job, model, inputs.calibration):close()
    end or nil }
  end

  local model = open()
  if job.dry_run then
    for _, quant_type in ipairs(TYPES) do job:plan(model, config(quant_type)) end
    return
  end

  local picture = job:path "grid.png" -- before any work: says at once that --out is missing or closed
  inputs = load_inputs(job)
  local bar <close> = job:progress("quickstart", #TYPES + 1, "models")
  local float = measure(job, model, inputs)
  bar:step(1)
  job:image("float", float.images)
  local headings = { "type", "layers", "skipped", "bits", "bytes", "ratio", "PSNR", "loss", "seconds", "MiB",
    "speed" }
  local rows, pictures = { headings, row_of("float (f16)", nil, nil, float) }, { float.images }
  for _, quant_type in ipairs(TYPES) do
    local again, report, saved, equal = round_trip(job, open, config(quant_type), inputs)
    local m = measure(job, again, inputs, float)
    again:close()
    if not equal then error(quant_type .. ": the reloaded model answers otherwise than the one that was saved") end
    rows[#rows + 1] = row_of(quant_type, report, saved, m, float)
    pictures[#pictures + 1] = m.images
    job:report(quant_type, { layers = report.quantized, skipped = report.skipped, bytes = saved.bytes,
      bits_per_weight = report.bits_per_weight, psnr = m.psnr, loss = m.loss, seconds = m.seconds,
      peak_bytes = m.peak, round_trip = "bit-equal" })
    job:metric("psnr " .. quant_type, m.psnr, { unit = "dB", better = "higher" })
    job:image(quant_type, m.images)
    check_expectations(job, quant_type, m.psnr)
    bar:step(1)
  end

  job:table(rows)
  job:print ""
  job:print "bits: stored bits a weight, with scales, factors, smoothing and bias.  At this width (128) the"
  job:print "low-rank branch is dear: rank 32 costs 6 of its 10.5 bits; at 4096 it would cost 0.25."
  job:print "ratio: f16 bytes of the quantized layers over the artefact's.  PSNR in dB against float, loss on"
  job:print("%d held-out images.  seconds: %d images, %d steps.  MiB: peak of counted memory while sampling.",
    job.params.loss_images, job.params.images, job.params.steps)
  assert(vise.picture.write(picture, vise.picture.grid(pictures, { columns = CLASSES })))
  job:print("Every artefact was saved, reloaded and gave the same bits.  %s: a row for each line above.", picture)
end
