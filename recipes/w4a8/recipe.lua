-- 4-bit weights, 8-bit activations.

return function(job)
  local p = job.params
  job:standard({ quant_type = "w4a8_g" .. p.group, exclude = p.exclude, regions = p.regions,
    fallback = p.fallback }, { "group" })
end
