-- The budget holds, and the plan makes use of it.

return function(t)
  local function run(bits)
    return t:run { model = "llama", given = { "calibration=1", "forwards=1", "method=rounding", "bits=" .. bits,
      "choices=int3_weight_only_g64,int8_weight_only" } }
  end
  local small, large = run(4), run(7)
  t:equal(small.results.quantize.bits_per_weight <= 4, true, "4 bits at most")
  t:equal(large.results.quantize.bits_per_weight <= 7, true, "7 bits at most")
  t:equal(large.results.quality.value < small.results.quality.value, true, "a better model for more bits")

  t:refuses({ model = "llama", given = { "~choices" } }, "E-CF-05")
  t:refuses({ model = "llama", given = { "calibration=1", "method=rounding", "bits=1" } }, "E-PL-10")
end
