-- SVDQuant (arXiv 2411.05007) smoothed by the spans of the first forwards.

return function(job)
  local p, model = job.params, job.model
  local quant_type = ("svdq_%s_r%d_dq"):format(p.format, p.rank)
  local cfg = vise.config { quant_type = quant_type, exclude = p.exclude, regions = p.regions, fallback = p.fallback,
    svdq = { smooth_strategy = "few_shot", few_shot_steps = p.forwards, few_shot_relax_strategy = p.relax,
      few_shot_relax_factor = p.factor } }
  job:plan(model, cfg)
  if job.dry_run then return end
  local work = job:workload()
  if not work then return nil, "few-shot smoothing needs a model that can run", "E-DT-10" end
  assert(work:reference(model))

  local armed = assert(vise.quantize(model, cfg))
  assert(work:calibrate(model)) -- its first forwards are float and watched
  if armed.state ~= "quantized" then
    armed:disarm()
    return nil, ("the calibration made %d forwards, forwards asks for %d"):format(armed.forwards, p.forwards), "E-OB-10"
  end
  job:print("%s", (armed.report:text():gsub("\n$", "")))
  job:report("quantize", armed.report:plain())
  if job.out then
    local saved = job:save(model)
    job:print("saved to %s: %d bytes", saved.file, saved.bytes)
  end
  job:measure(model, work, quant_type, job:is_usual { "format", "rank" })
end
