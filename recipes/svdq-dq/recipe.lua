-- SVDQuant (arXiv 2411.05007) without data.

return function(job)
  local p = job.params
  local quant_type = ("svdq_%s_r%d_dq"):format(p.format, p.rank)
  job:standard({ quant_type = quant_type, exclude = p.exclude, regions = p.regions, fallback = p.fallback,
    svdq = { calibrate_precision = p.precision, refine_iters = p.refine >= 0 and p.refine or nil,
      smooth_strategy = p.smoothing } }, { "format", "rank" })
end
