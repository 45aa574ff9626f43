-- Every type has its row, and what no other beats is marked.

return function(t)
  local run = t:run { model = "llama", given = { "types=int8_per_row,int4_weight_only_g32,float8_per_row",
    "calibration=1" } }
  local best = {}
  for _, entry in ipairs(run.results.types) do best[entry.type] = entry.best end
  t:equal(#run.results.types, 3, "types")
  t:equal(best.int4_weight_only_g32, true, "the smallest is marked")

  local few = t:run { model = "llama", given = { "types=int8_per_row", "at_most=4", "calibration=1" } }
  t:equal(few.results.types[1].value, nil, "the result of a type above the limit")
  t:refuses({ model = "llama", given = { "types=int9" } }, "E-CF-04")
end
