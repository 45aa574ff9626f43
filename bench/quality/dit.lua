-- Images of the embedded diffusion transformer against float, same noise: 40 images, 20 Euler steps,
-- guidance 1.5; calibration on ten others.
--
--   PSNR    of the images, dB.  Sampling amplifies single codes: half a dB either way is chance
--   direct  signal over noise of the model's answers on the float model's own path, dB: no chance in it

package.path = "bench/quality/?.lua;" .. package.path

local images = require "images"
local record = require "record"
local vise = require "vise"

local PUBLISHED = { refine_iters = 0, scale_search = false }

-- A published recipe has its type's published smoothing.
local function config(quant_type, published, strategy)
  local cfg = { quant_type = quant_type }
  local calibrated = vise.quant_types.parse(quant_type).calibrated
  if calibrated then cfg.calibrate = images.calibrate end
  if quant_type:find "^svdq" then
    cfg.svdq = {}
    for key, value in pairs(published and PUBLISHED or {}) do cfg.svdq[key] = value end
    cfg.svdq.smooth_strategy = strategy or published and calibrated and "activation" or nil
  end
  return cfg
end

local HEAD = { "type", "bits", "bytes", "weight error", "direct", "PSNR", "seconds" }

local COMPOSED = { "rotate", "balance", "low_rank", "gptq" }

local function composed(quant_type)
  return { quant_type = quant_type, calibrate = images.calibrate, method = COMPOSED,
    calibration = { mode = "whole" } }
end

local function measure(label, quant_type, published, strategy)
  local model = images.open()
  local cfg = strategy == COMPOSED and composed(quant_type) or config(quant_type, published, strategy)
  local report = assert(vise.quantize(model, cfg))
  local sum = 0
  for _, layer in ipairs(report.layers) do sum = sum + layer.weight_error end
  local row = { label, ("%.2f"):format(report.bits_per_weight), report.disk_bytes,
    ("%.4f"):format(sum / #report.layers), ("%.2f"):format(images.direct(model)),
    ("%.2f"):format(images.psnr(model)), ("%.1f"):format(report.seconds) }
  model:close()
  print(table.concat(row, "  ")) -- the tables come at the end
  return row
end

local types, recipes = { HEAD }, { HEAD }
io.stdout:setvbuf "line"
for _, name in ipairs { "float8_per_tensor", "float8_per_row", "float8_per_block", "float8_weight_only",
  "int8_per_tensor", "int8_per_row", "int8_weight_only", "int4_weight_only", "nvfp4", "nvfp4_weight_only" } do
  types[#types + 1] = measure(name, name)
end
for _, format in ipairs { "int4", "nvfp4" } do
  for _, rank in ipairs { 0, 8, 16, 32 } do
    for _, suffix in ipairs { "", "_dq" } do
      local name = ("svdq_%s_r%d%s"):format(format, rank, suffix)
      recipes[#recipes + 1] = measure(name .. ", published", name, true)
      if suffix == "" and rank == 32 then
        recipes[#recipes + 1] = measure(name .. ", activation", name, false, "activation")
        recipes[#recipes + 1] = measure(name .. ", " .. table.concat(COMPOSED, " + "), name, false, COMPOSED)
      end
      recipes[#recipes + 1] = measure(name, name)
    end
  end
end
record.show("dit", { { title = "Every type", rows = types },
  { title = "SVDQuant: published recipe, and the improved defaults at the same bytes", rows = recipes } })
