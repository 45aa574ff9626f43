-- Every type in its turn: plan, quantize, measure, restore.  A type is worth taking if no other has both fewer
-- bits and a better result.

-- What a model that cannot run shows: the mean error of its layers' outputs.
local function layers_mean(report)
  local sum = 0
  for _, layer in ipairs(report.layers) do sum = sum + layer.output_error end
  return { metric = "output_error", value = sum / #report.layers }
end

local function is_higher_better(metric)
  return metric == "psnr" or metric == "sqnr"
end

-- Marks the entries that no other beats on both sides.
local function mark_best(entries)
  for _, e in ipairs(entries) do
    local beaten = e.value == nil
    for _, o in ipairs(entries) do
      if o.value and e.value and o ~= e then
        local better = is_higher_better(e.metric) and o.value >= e.value or not is_higher_better(e.metric)
          and o.value <= e.value
        beaten = beaten or better and o.bits <= e.bits and (o.value ~= e.value or o.bits < e.bits)
      end
    end
    e.best = not beaten
  end
end

-- The plan of a type, or why it has none for this model.
local function plan_of(model, cfg)
  local ok, plan, message = pcall(vise.plan, model, cfg)
  if ok and plan then return plan end
  local problem = tostring(ok and message or plan)
  if problem:find "^E%-PL" or problem:find "^E%-CF" then return nil, problem end
  error(problem, 0)
end

-- Bits a weight of the layers asked for: those that the type cannot take stay float and count as such.
local function bits_of(plan)
  local bytes, weights = 0, 0
  for _, layer in ipairs(plan.layers) do
    if layer.candidate then
      bytes = bytes + (layer.type and layer.disk_bytes or layer.source_bytes)
      weights = weights + layer.shape[1] * layer.shape[2]
    end
  end
  return 8 * bytes / weights
end

local function try(job, model, work, name, found)
  local p = job.params
  local cfg = { quant_type = name, exclude = p.exclude, regions = p.regions }
  if vise.quant_types.parse(name).calibrated then cfg.calibrate = work and work:calibration() end
  local plan, problem = plan_of(model, cfg)
  if not plan then
    job:log("%s: %s", name, problem)
    return
  end
  local entry = { type = name, bits = bits_of(plan), bytes = plan.file_bytes, layers = plan.quantized }
  found[#found + 1] = entry
  if job.dry_run or entry.bits > p.at_most then return end
  local report = assert(vise.quantize(model, cfg))
  local quality = work and assert(work:quality(model)) or layers_mean(report)
  vise.restore(model)
  entry.metric, entry.value = quality.metric, quality.value
end

local function unit_of(metric)
  return metric == "loss_increase" and "nats a token" or metric == "output_error" and "rel-L2" or "dB"
end

-- Bits against quality, where there is something to see.
local function print_plot(job, found, metric, heading)
  local points = {}
  for _, e in ipairs(found) do
    if e.value then points[#points + 1] = { e.bits, e.value, e.type } end
  end
  if #points < 3 then return end
  job:print("\n%s", vise.plot.scatter(points, { x = "bits a weight", y = heading, height = 12, colour = 0,
    better = { x = "lower", y = is_higher_better(metric) and "higher" or "lower" } }))
end

return function(job)
  local p, model, found = job.params, job.model, {}
  if #p.types == 0 then return nil, "types is empty: name the quant types to try", "E-CF-05" end
  for _, name in ipairs(p.types) do -- a wrong name is told before any work
    local known, problem = pcall(vise.quant_types.parse, name, "types")
    if not known then return nil, (problem:gsub("^E%-CF%-04: ", "")), "E-CF-04" end
  end
  local work = job:workload()
  if work and not job.dry_run then assert(work:reference(model)) end
  local bar <close> = job:progress("types", #p.types, "types")
  for _, name in ipairs(p.types) do
    try(job, model, work, name, found)
    bar:step(1)
  end
  if #found == 0 then return nil, "none of the types is for this model", "E-PL-05" end

  mark_best(found)
  table.sort(found, function(a, b)
    if a.bits ~= b.bits then return a.bits < b.bits end
    return a.type < b.type
  end)
  local metric
  for _, e in ipairs(found) do metric = metric or e.metric end
  local heading = metric and ("%s, %s"):format(metric, unit_of(metric)) or "not measured"
  local rows = { { "type", "layers", "bits", "bytes", heading, "" } }
  for i, e in ipairs(found) do
    rows[i + 1] = { e.type, e.layers, ("%.2f"):format(e.bits), e.bytes, e.value and ("%.5g"):format(e.value) or "-",
      e.best and "*" or "" }
    if e.value then
      job:metric(e.type, e.value, { unit = unit_of(metric), better = is_higher_better(metric) and "higher" or "lower" })
    end
  end
  job:table(rows)
  if metric then job:print "* no other type has both fewer bits and a better result" end
  print_plot(job, found, metric, heading)
  job:report("types", found)
  if job.out and not job.dry_run then job:write("types.json", vise.json.encode(vise.json.array(found), 2) .. "\n") end
end
