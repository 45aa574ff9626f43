-- A chain of steps (docs/own-algorithm.md), with a turn of the whole model in front of it where that is asked for.

-- "0.05" is a number, "true" a boolean, anything else a word.
local function value_of(text)
  if text == "true" or text == "false" then return text == "true" end
  return tonumber(text) or text
end

-- The steps with their options; nil and a message for an option that belongs to none.
local function method_of(names, options)
  local by_name, method = {}, {}
  for i, name in ipairs(names) do
    method[i] = { name = name, options = {} }
    by_name[name] = method[i].options
  end
  for _, text in ipairs(options) do
    local step, option, value = text:match "^([%w_.-]+)%.([%w_]+)=(.*)$"
    if not by_name[step] then
      return nil, ("options: \"%s\" is no STEP.OPTION=VALUE of a step of the chain"):format(text)
    end
    by_name[step][option] = value_of(value)
  end
  return method
end

-- The same without the step "rotate".
local function without_turn(method)
  local rest = {}
  for _, step in ipairs(method) do
    if step.name ~= "rotate" then rest[#rest + 1] = step end
  end
  return rest
end

-- Rules for the layers that read the stream which the transform turns: a Hadamard matrix on top of that would take
-- it back, so they go without.
local function rules_of(stream, rest, quant_type, regions)
  local rules = {}
  for _, layers in pairs(stream.readers) do
    for _, name in ipairs(layers) do
      if regions == "all" or name:find("*", 1, true) then
        rules[#rules + 1] = { name, quant_type, #rest > 0 and rest or "rounding" }
      end
    end
  end
  table.sort(rules, function(a, b) return a[1] < b[1] end)
  return rules
end

return function(job)
  local p, stream = job.params, job.model.stream
  if #p.chain == 0 then return nil, "chain is empty: name a step, such as rounding", "E-CF-05" end
  local method, message = method_of(p.chain, p.options)
  if not method then return nil, message, "E-CF-05" end
  local rest = without_turn(method)
  local turns = p.transform == "rotate" or p.transform == "auto" and stream ~= nil
  local both = turns and stream ~= nil and #rest < #method
  local function turn(model) -- the step turns the heads' values too, all of a layer at once
    assert(vise.transform(model, "rotate", { r2 = both and "none" or nil }))
  end
  job:standard({ quant_type = p.quant_type, method = method, exclude = p.exclude, regions = p.regions,
    plan = both and rules_of(stream, rest, p.quant_type, p.regions) or nil, fallback = p.fallback,
    calibration = p.mode ~= "auto" and { mode = p.mode } or nil }, { "quant_type" }, turns and turn or nil)
end
