-- svdq.shared_inputs on the embedded diffusion transformer: q, k and v of each block with a branch of their
-- own, or with one smoothing and one `down` among the three.
--
--   weight error, output error   rel-L2, means over q, k and v
--   direct                       signal over noise on the float model's own path, dB: no chance in it
--   PSNR                         of 40 images, dB: half a dB either way is chance
--   other seeds                  PSNR of 40 images from each of four other seeds, and their mean

package.path = "bench/quality/?.lua;" .. package.path

local images = require "images"
local record = require "record"
local vise = require "vise"

local SEEDS = { 101, 102, 103, 104 }

local function mean(layers, field)
  local sum, count = 0, 0
  for _, layer in ipairs(layers) do
    if layer.name:find "%.to_[qkv]$" then sum, count = sum + layer[field], count + 1 end
  end
  return sum / count
end

local function measure(quant_type, shared, strategy)
  local model = images.open()
  local report = assert(vise.quantize(model, { quant_type = quant_type, calibrate = images.calibrate,
    svdq = { shared_inputs = shared, smooth_strategy = strategy } }))
  local by_seed, sum = {}, 0
  for i, seed in ipairs(SEEDS) do
    local psnr = images.psnr_of_seed(model, seed)
    by_seed[i], sum = ("%.2f"):format(psnr), sum + psnr
  end
  local row = { shared and "shared" or "separate", ("%.4f"):format(mean(report.layers, "weight_error")),
    ("%.4f"):format(mean(report.layers, "output_error")), ("%.2f"):format(images.direct(model)),
    ("%.2f"):format(images.psnr(model)), table.concat(by_seed, " "), ("%.2f"):format(sum / #SEEDS),
    ("%.1f"):format(report.seconds) }
  model:close()
  print(quant_type, strategy, table.concat(row, "  ")) -- the tables come at the end
  return row
end

local tables = {}
io.stdout:setvbuf "line"
for _, name in ipairs { "svdq_int4_r8", "svdq_int4_r32" } do
  for _, strategy in ipairs { "balance", "activation" } do
    local rows = { { "branches", "weight error", "output error", "direct", "PSNR", "other seeds", "mean",
      "seconds" } }
    for _, shared in ipairs { false, true } do rows[#rows + 1] = measure(name, shared, strategy) end
    tables[#tables + 1] = { title = ("%s, %s"):format(name, strategy), rows = rows }
  end
end
record.show("shared_inputs", tables)
