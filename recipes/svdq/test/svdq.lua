-- A small run on the model of the quickstart.

return function(t)
  local run = t:run { model = "dit", out = "out", given = { "steps=1", "images=2", "calibration=1", "refine=0",
    "smoothing=activation" } }
  t:equal(run.failed, 0, "unmet expectations")
  t:equal(run.results.quantize.quant_type, "svdq_int4_r8", "the type")
  t:equal(run.results.quantize.observed, 36, "observed layers")
  t:equal(run.results.quality.value > 18, true, "a PSNR above 18 dB")

  t:run { model = "llama", given = { "format=nvfp4", "rank=4" }, dry_run = true }
end
