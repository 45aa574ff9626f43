-- What each layer costs the model under each type, one layer at a time; the plan of least cost within the budget;
-- and the model by that plan beside the model of one type.

local UNITS = { psnr = "dB", sqnr = "dB", loss_increase = "nats a token" }

local function with(base, more)
  local fields = {}
  for key, value in pairs(base) do fields[key] = value end
  for key, value in pairs(more) do fields[key] = value end
  return fields
end

-- A configuration of these fields, calibrated if the types or their method ask for it.
local function config_of(fields, work)
  local calibrated = with(fields, { calibrate = work:calibration() })
  local taken, cfg = pcall(vise.config, calibrated)
  return taken and cfg and calibrated or fields
end

local function search(job, base, work, bits)
  local p, choices = job.params, {}
  for i, name in ipairs(p.choices) do choices[i] = { name, base.method } end
  local bar <close> = job:progress("scores", nil, "layers")
  return assert(vise.algorithms.sensitivity.search(job.model, { choices = choices, bits = bits,
    calibrate = work:calibration(), regions = p.regions, exclude = p.exclude, forwards = p.forwards,
    on_layer = function() bar:step(1) end }))
end

-- The layers that cost most first.
local function print_layers(job, found)
  local rows = {}
  for _, layer in ipairs(found.layers) do
    local c = found.chosen[layer.name]
    rows[#rows + 1] = { layer.name, c.type, 8 * c.bytes / layer.weights, c.score }
  end
  table.sort(rows, function(a, b)
    if a[4] ~= b[4] then return a[4] > b[4] end
    return a[1] < b[1]
  end)
  local scores = {}
  for i, row in ipairs(rows) do
    scores[i] = { layer = row[1], type = row[2], value = row[4], unit = "distance" }
    row[3], row[4] = ("%.2f"):format(row[3]), ("%.3g"):format(row[4])
  end
  table.insert(rows, 1, { "layer", "type", "bits", "score" })
  job:table(rows)
  job:sensitivity(scores)
end

-- The plan without the layers that get the uniform type.
local function rules_of(found, uniform)
  local rules = {}
  for _, rule in ipairs(found.plan) do
    if rule[2] ~= uniform then rules[#rules + 1] = rule end
  end
  return rules
end

-- What one type for all layers comes to.
local function measure_uniform(model, cfg, work)
  local report = assert(vise.quantize(model, cfg))
  local quality = assert(work:quality(model))
  vise.restore(model)
  return quality, report.bits_per_weight
end

return function(job)
  local p, model = job.params, job.model
  if #p.choices == 0 then return nil, "choices is empty: name the types to choose from", "E-CF-05" end
  local work = job:workload()
  if not work then return nil, "layers are scored by running the model, and this one cannot run", "E-DT-10" end
  local base = { quant_type = p.uniform, method = #p.method > 0 and p.method or nil, exclude = p.exclude,
    regions = p.regions }
  local uniform = config_of(base, work)
  local plan = job:plan(model, uniform)
  if job.dry_run then return end

  assert(work:reference(model)) -- and a language model has written its texts
  local found = search(job, base, work, p.bits > 0 and p.bits or plan.bits_per_weight)
  print_layers(job, found)
  local rules = rules_of(found, p.uniform)
  job:report("plan", rules)
  if job.out then job:write("plan.json", vise.json.encode(vise.json.array(rules), 2) .. "\n") end

  local quality, bits = measure_uniform(model, uniform, work)
  local report = job:standard(with(base, { plan = rules }), { "uniform" })
  job:print("%s for all: %.2f bits, %s %.5g %s; searched: %.2f bits", p.uniform, bits, quality.metric, quality.value,
    UNITS[quality.metric], report.bits_per_weight)
  job:metric("uniform " .. quality.metric, quality.value, { unit = UNITS[quality.metric] })
end
