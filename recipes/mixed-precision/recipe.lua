-- Every layer at the low type first, to see what it costs; then the worst ones at the high type, until the
-- budget is spent.

local function with(base, more)
  local fields = {}
  for key, value in pairs(base) do fields[key] = value end
  for key, value in pairs(more) do fields[key] = value end
  return fields
end

-- Bytes of each quantized layer under a type.
local function bytes_of(model, cfg)
  local bytes, plan = {}, assert(vise.plan(model, cfg))
  for _, layer in ipairs(plan.layers) do
    if layer.type and layer.type.name == cfg.quant_type then bytes[layer.name] = layer.disk_bytes end
  end
  return bytes, plan
end

-- The layers to raise, the worst first, as long as the whole stays within the budget.
local function choose(worst, low, high, plan, budget)
  local chosen, spent = {}, plan.disk_bytes
  local allowed = budget * plan.weights / 8
  for _, layer in ipairs(worst) do
    local more = high[layer.name] and low[layer.name] and high[layer.name] - low[layer.name]
    if more and spent + more <= allowed then
      chosen[#chosen + 1], spent = layer, spent + more
    end
  end
  return chosen, 8 * spent / plan.weights
end

return function(job)
  local p, model = job.params, job.model
  local base = { exclude = p.exclude, regions = p.regions, fallback = p.fallback }
  local low_cfg, high_cfg = with(base, { quant_type = p.low }), with(base, { quant_type = p.high })
  if job.dry_run then
    job:plan(model, low_cfg)
    job:plan(model, high_cfg)
    return
  end
  local low, plan = bytes_of(model, low_cfg)
  local high = bytes_of(model, high_cfg)
  if plan.bits_per_weight > p.budget then
    return nil, ("budget is %.2f bits a weight, %s alone takes %.2f"):format(p.budget, p.low, plan.bits_per_weight),
      "E-CF-05"
  end

  local first = assert(vise.quantize(model, low_cfg))
  local worst = first:worst "output_error"
  vise.restore(model)
  local chosen, bits = choose(worst, low, high, plan, p.budget)

  local rules, rows = {}, { { "layer", "output error of " .. p.low, "type" } }
  for i, layer in ipairs(chosen) do
    rules[i] = { layer.name, p.high }
    rows[i + 1] = { layer.name, ("%.5f"):format(layer.output_error), p.high }
  end
  job:print("%d of %d layers get %s: %.2f bits a weight, the budget is %.2f", #chosen, #worst, p.high, bits, p.budget)
  if #chosen > 0 then job:table(rows) end
  job:report("plan", rules)
  if job.out then job:write("plan.json", vise.json.encode(vise.json.array(rules), 2) .. "\n") end
  job:standard(with(low_cfg, { plan = rules }), { "low" })
end
