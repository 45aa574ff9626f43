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

return function(job)
  local p = job.params
  local method, message = method_of(p.chain, p.options)
  if not method then return nil, message, "E-RC-10" end
  if p.transform == "rotate" or p.transform == "auto" and job.model.stream then
    assert(vise.transform(job.model, "rotate", {}))
  end
  job:standard({ quant_type = p.quant_type, method = method, exclude = p.exclude, regions = p.regions,
    fallback = p.fallback, calibration = p.mode ~= "auto" and { mode = p.mode } or nil }, { "quant_type" })
end
