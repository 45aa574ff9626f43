-- 8-bit integers.

return function(job)
  local p = job.params
  local quant_type = "int8_" .. p.variant .. (p.static and "_static" or "")
  job:standard({ quant_type = quant_type, exclude = p.exclude, regions = p.regions, fallback = p.fallback },
    { "variant", "static" })
end
