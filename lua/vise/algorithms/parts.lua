--- What a method gives for a layer, held against what its type stores: what is wrong is found here,
--- with the names of method and layer, and not when the artefact is loaded.

local fail = require "vise.fail"

local M = {}

local function show(t)
  if type(t) ~= "userdata" or not t.dtype then return type(t) end
  return ("%s [%s]"):format(t:dtype(), table.concat({ t:shape() }, ", "))
end

local function same(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
end

-- What is wrong with a tensor, nil if nothing is.
local function tensor_problem(t, dtype, shape)
  if type(t) ~= "userdata" or not t.dtype or t:dtype() ~= dtype or not same({ t:shape() }, shape) then
    return ("is %s, expected %s [%s]"):format(t == nil and "missing" or show(t), dtype, table.concat(shape, ", "))
  end
  local bad = t:nonfinite()
  return bad and ("has an element %d that is not finite"):format(bad)
end

local function weight_problem(coded, about)
  if type(coded) ~= "userdata" or not coded.scheme then
    return ("is %s, expected what vise.coded.encode(about.scheme, ...) gives"):format(coded == nil and "missing"
      or type(coded))
  end
  local rows, columns = coded:shape()
  if rows ~= about.shape[1] or columns ~= about.shape[2] then
    return ("is [%d, %d], expected [%d, %d]"):format(rows, columns, about.shape[1], about.shape[2])
  elseif tostring(coded:scheme()) ~= tostring(about.scheme) then
    return ("is coded by %s, expected about.scheme, %s"):format(tostring(coded:scheme()), tostring(about.scheme))
  end
end

-- Smoothing divides: what is not above zero cannot be divided by.
local function smooth_problem(t, about, inputs)
  local problem = tensor_problem(t, about.storage, { inputs })
  if problem then return problem end
  local f32 <close> = fail.try(t:to "f32")
  local least = fail.try(f32:statistics()).min
  return least <= 0 and ("has %g in it, expected numbers above 0"):format(least) or nil
end

local function rotate_problem(found, planned)
  return found ~= planned and ("is %s, the plan has %d"):format(tostring(found), planned) or nil
end

--- Checks the parts of a layer.  Raises E-PL-09.
---@param parts any
---@param about vise.MethodInput
---@return vise.LayerParts
function M.check(parts, about)
  local function wrong(what, problem)
    fail.raise("E-PL-09", "method %s, layer %s: %s %s", about.type.method.name, about.name, what, problem)
  end
  if type(parts) ~= "table" then wrong("it", ("gave a %s, expected a table of parts"):format(type(parts))) end
  local outputs, inputs, rank = about.shape[1], about.shape[2], about.type.rank or 0
  local smoothed = about.type.smooth ~= nil and about.type.smooth ~= "identity"
  local expected = { weight = true, smooth = smoothed, down = rank > 0, up = rank > 0,
    smooth_original = about.type.smooth == "few_shot", rotate = about.type.rotate ~= nil,
    bias = about.type.own_bias }
  for name in pairs(parts) do
    if not expected[name] then
      wrong(tostring(name), "is a part that is not stored: the method says what it makes")
    end
  end
  local problems = {
    { "weight", weight_problem(parts.weight, about) },
    { "smooth", smoothed and smooth_problem(parts.smooth, about, inputs) },
    { "down", rank > 0 and tensor_problem(parts.down, about.storage, { rank, inputs }) },
    { "up", rank > 0 and tensor_problem(parts.up, about.storage, { outputs, rank }) },
    { "bias", about.type.own_bias and tensor_problem(parts.bias, "f32", { outputs }) },
    { "rotate", about.type.rotate and rotate_problem(parts.rotate, about.type.rotate(inputs)) },
  }
  for _, entry in ipairs(problems) do
    if entry[2] then wrong(entry[1], entry[2]) end
  end
  return parts
end

return M
