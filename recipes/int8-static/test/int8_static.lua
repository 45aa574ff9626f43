-- A small run on the model of the quickstart.

return function(t)
  local run = t:run { model = "dit", given = { "steps=1", "images=2", "calibration=1" }, out = "out" }
  t:equal(run.failed, 0, "unmet expectations")
  t:equal(run.results.quantize.quant_type, "int8_per_row_static", "the type")
  t:equal(run.results.quantize.quantized, 36, "quantized layers")
  t:equal(run.results.quality.value > 25, true, "a PSNR above 25 dB")

  local dynamic = t:run { model = "llama", given = { "static=false" }, dry_run = true }
  t:equal(dynamic.results.plan.quantized, 35, "layers with scales computed in every forward")
end
