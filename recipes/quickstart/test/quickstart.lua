-- The whole way in a hurry: every type saved, reloaded and bit-equal.

return function(t)
  local run = t:run { given = { "steps=1", "images=10", "calibration_images=1", "loss_images=16" }, out = "out" }
  for _, quant_type in ipairs { "int8_per_row", "svdq_int4_r0_dq", "svdq_int4_r8", "svdq_int4_r32" } do
    t:equal(run.results[quant_type].layers, 36, "layers of " .. quant_type)
    t:equal(run.results[quant_type].round_trip, "bit-equal", "the reloaded " .. quant_type)
  end
end
