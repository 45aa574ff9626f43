-- The budget holds, and more of it raises more layers.

return function(t)
  local function run(budget)
    return t:run { model = "dit", given = { "steps=1", "images=2", "calibration=1", "budget=" .. budget } }
  end
  local small, large = run(5.5), run(7)
  t:equal(small.results.quantize.bits_per_weight <= 5.5, true, "5.5 bits at most")
  t:equal(large.results.quantize.bits_per_weight <= 7, true, "7 bits at most")
  t:equal(#small.results.plan > 0 and #large.results.plan > #small.results.plan, true, "more layers for more bits")
  t:equal(#run(4.6).results.plan, 0, "layers that a budget of the low type leaves room for")

  t:refuses({ model = "dit", given = { "budget=4" } }, "E-CF-05")
end
