-- A small run on the model of the quickstart.

return function(t)
  local run = t:run { model = "dit", given = { "steps=1", "images=2", "calibration=1" }, out = "out" }
  t:equal(run.failed, 0, "unmet expectations")
  t:equal(run.results.quantize.quant_type, "svdq_int4_r8_dq", "the type")
  t:equal(run.results.quantize.quantized, 36, "quantized layers")
  t:equal(run.results.quality.value > 18, true, "a PSNR above 18 dB")

  t:run { model = "llama", given = { "rank=0", "smoothing=weight" }, dry_run = true }
end
