-- A small run on the model of the quickstart.

return function(t)
  local run = t:run { model = "llama", given = { "calibration=1" } }
  t:equal(run.failed, 0, "unmet expectations")
  t:equal(run.results.quantize.quant_type, "svdq_int4_r0_dq", "the type")
  t:equal(run.results.quantize.quantized, 35, "quantized layers")
  t:equal(run.results.quality.value < 1, true, "a rise of the loss below 1 nat")

  t:run { model = "dit", dry_run = true }
end
