-- A small run on the model of the quickstart.

return function(t)
  local run = t:run { model = "dit", given = { "steps=1", "images=2", "calibration=1" }, out = "out" }
  t:equal(run.failed, 0, "unmet expectations")
  t:equal(run.results.quantize.quant_type, "int4_weight_only_g32", "the type")
  t:equal(run.results.quantize.quantized, 36, "quantized layers")
  t:equal(run.results.quality.value > 20, true, "a PSNR above 20 dB")

  local wide = t:run { model = "llama", given = { "group=256", "fallback=int8_weight_only" }, dry_run = true }
  t:equal(wide.results.plan.quantized, 35, "layers, with the fallback")
end
