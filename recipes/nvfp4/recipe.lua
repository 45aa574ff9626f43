-- 4-bit floats with two levels of scales.

return function(job)
  local p = job.params
  local quant_type = p.variant == "full" and "nvfp4" or "nvfp4_" .. p.variant
  job:standard({ quant_type = quant_type, exclude = p.exclude, regions = p.regions, fallback = p.fallback },
    { "variant" })
end
