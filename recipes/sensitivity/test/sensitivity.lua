-- Every layer has its turn, the worst ones are shown.

return function(t)
  local run = t:run { model = "llama", given = { "calibration=1", "top=3" }, out = "out" }
  t:equal(run.text:find("loss_increase, nats a token", 1, true) ~= nil, true, "a table of loss increases")
  t:equal(select(2, run.text:gsub("model%.layers%.%d", "")), 3, "layers in the table")
  t:refuses({ model = "llama", given = { "quant_type=int9" } }, "E-CF-04")
end
