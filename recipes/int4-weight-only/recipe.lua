-- 4-bit weights, float activations.

return function(job)
  local p = job.params
  job:standard({ quant_type = "int4_weight_only_g" .. p.group, exclude = p.exclude, regions = p.regions,
    fallback = p.fallback }, { "group" })
end
