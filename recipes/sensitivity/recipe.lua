-- One layer at a time: quantize it, measure the model, make it float again.

-- What a model that cannot run shows: the error of the layer's own output.
local function layer_alone(report)
  return { metric = "output_error", value = report.layers[1].output_error }
end

local UNITS = { psnr = "dB", sqnr = "dB", loss_increase = "nats a token", output_error = "rel-L2" }

return function(job)
  local p, model = job.params, job.model
  local cfg = { quant_type = p.quant_type, exclude = p.exclude, regions = p.regions }
  local work = job:workload()
  local known, type = pcall(vise.quant_types.parse, p.quant_type)
  if not known then return nil, (type:gsub("^E%-CF%-04: ", "")), "E-CF-04" end
  if type.calibrated then
    if not work then return nil, p.quant_type .. " needs calibration, and this model cannot run", "E-DT-10" end
    cfg.calibrate = work:calibration()
  end
  local plan = job:plan(model, cfg)
  if job.dry_run then return end
  if work then assert(work:reference(model)) end

  local rows = {}
  local bar <close> = job:progress("sensitivity", plan.quantized, "layers")
  for _, layer in ipairs(plan.layers) do
    if layer.type then
      local report = assert(vise.quantize(model, { quant_type = p.quant_type, regions = { layer.name },
        calibrate = cfg.calibrate }))
      local quality = work and assert(work:quality(model)) or layer_alone(report)
      vise.restore(model)
      rows[#rows + 1] = { layer = layer.name, type = p.quant_type, value = quality.value, unit = UNITS[quality.metric],
        metric = quality.metric }
      bar:step(1)
    end
  end

  local metric = rows[1].metric
  local higher = metric == "psnr" or metric == "sqnr"
  table.sort(rows, function(a, b) -- the worst first
    if a.value ~= b.value then return higher == (a.value < b.value) end
    return a.layer < b.layer
  end)
  local shown = { { "layer", ("%s, %s"):format(metric, rows[1].unit) } }
  for i = 1, math.min(p.top, #rows) do shown[i + 1] = { rows[i].layer, ("%.5g"):format(rows[i].value) } end
  job:table(shown)
  job:sensitivity(rows)
  job:metric("worst " .. metric, rows[1].value, { unit = rows[1].unit, better = higher and "higher" or "lower" })
  if job.out then job:write("sensitivity.json", vise.json.encode(vise.json.array(rows), 2) .. "\n") end
end
