-- Chains, options and what is refused, on a model of the quickstart.

return function(t)
  local run = t:run { model = "llama", given = { "calibration=1", "chain=awq,gptq", "options=awq.grid=4",
    "transform=rotate" }, out = "out" }
  t:equal(run.results.quantize.quantized, 35, "quantized layers")
  t:equal(run.results.quality.value < 1, true, "a rise of the loss below 1 nat")

  local turned = t:run { model = "llama", given = { "chain=rotate", "transform=auto" }, dry_run = true }
  t:equal(turned.results.plan.quantized, 35, "layers of a model that is turned")

  t:refuses({ model = "llama", given = { "~chain" } }, "E-CF-05")
  t:refuses({ model = "llama", given = { "options=awq.grid=4" } }, "E-CF-05")
  t:refuses({ model = "llama", given = { "chain=gtpq" } }, "E-CF-08")
  t:refuses({ model = "dit", given = { "transform=rotate" } }, "E-TR-02")
end
