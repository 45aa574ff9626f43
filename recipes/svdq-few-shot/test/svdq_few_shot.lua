-- The model quantizes itself after the forwards asked for, and not before.

return function(t)
  local run = t:run { model = "dit", given = { "steps=2", "images=2", "calibration=1", "forwards=2" }, out = "out" }
  t:equal(run.results.quantize.quantized, 36, "quantized layers")
  t:equal(run.results.quantize.observed, 36, "observed layers")
  t:equal(run.results.quality.value > 18, true, "a PSNR above 18 dB")

  t:refuses({ model = "dit", given = { "steps=1", "images=1", "calibration=1", "forwards=1000" } }, "E-OB-10")
end
