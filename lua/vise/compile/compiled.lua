--- A compiled model: takes the inputs to their places, replays the forward, hands out the result.

local describe = require "vise.compile.describe"
local fail = require "vise.fail"

local try = fail.try

---@class vise.Compiled
---@field model table
---@field names string[]  Of the inputs.
---@field layers { layer: vise.nn.Linear, quantized: any }[]  As they were.
---@field cache? vise.nn.Cache
---@field program? vise.compile.Program  nil once closed.
---@field made userdata[]  Constants that were made or computed.
---@field facts vise.compile.Facts
local Compiled = {}
Compiled.__index = Compiled

---@param fields table
---@return vise.Compiled
function Compiled.new(fields)
  return setmetatable(fields, Compiled)
end

-- Sizes, without the ones in front: a list of ids [T] goes where [1, T] does.
local function sizes(tensor)
  local shape = { tensor:shape() }
  while shape[1] == 1 do table.remove(shape, 1) end
  return table.concat(shape, "x")
end

local function refuse(name, place, got)
  fail.raise("E-CP-05", "the input '%s' is %s, the model was compiled for %s", name, got,
    (tostring(place):gsub("^tensor ", "")))
end

local function fill(place, values, count)
  for i = 1, count do place:set(i, values(i)) end
end

-- Puts one argument where the program reads it.
local function take(place, name, given)
  local count, whole = place:count(), place:dtype():find "^[iu]"
  local function number(x)
    if not (whole and math.tointeger(x) or not whole and math.type(x)) then refuse(name, place, tostring(x)) end
    return x
  end
  if type(given) == "number" and select("#", place:shape()) == 1 then
    number(given)
    return fill(place, function() return given end, count)
  elseif type(given) == "table" then
    if #given ~= count then refuse(name, place, ("a list of %d"):format(#given)) end
    return fill(place, function(i) return number(given[i]) end, count)
  elseif given == nil then
    fail.raise("E-CP-05", "the input '%s' is missing", name)
  elseif type(given) ~= "userdata" then
    refuse(name, place, type(given) == "number" and tostring(given) or "a " .. type(given))
  end
  if given:dtype() ~= place:dtype() or sizes(given) ~= sizes(place) then
    refuse(name, place, (tostring(given):gsub("^tensor ", "")))
  end
  local shaped <close> = try(place:reshape { given:shape() })
  try(given:copy(shaped))
end

local function check_model(self)
  for _, entry in ipairs(self.layers) do
    local layer = entry.layer
    if layer.quantized ~= entry.quantized then
      fail.raise("E-CP-04", "%s was quantized or restored after the model was compiled", layer.name)
    elseif #layer.hooks > 0 then
      fail.raise("E-CP-04", "%s has a hook, which a compiled model does not call", layer.name)
    elseif layer.weight:closed() then
      fail.raise("E-CP-04", "%s was closed after the model was compiled", layer.name)
    end
  end
end

-- Where the cache ends, and where it will end; raises what the model would if there is no room.
local function extent(self)
  local held, more = self.cache:length(), (select(2, self.program.inputs[1]:shape())) -- of [1, T, ...]
  self.model:check_length(held, more)
  self.cache.layers[1]:check_room(more)
  return held, held + more
end

local function forward(self, ...)
  if not self.program then fail.raise("E-CP-06", "the compiled model is closed") end
  check_model(self)
  local count = select("#", ...)
  if count > #self.names then
    fail.raise("E-CP-05", "%d arguments, the model was compiled for %d", count, #self.names)
  end
  local held, after
  if self.cache then held, after = extent(self) end
  for i, name in ipairs(self.names) do take(self.program.inputs[i], name, (select(i, ...))) end
  self.program:run(held)
  if self.cache then self.cache:hold(after) end
  return try(self.program.output:reshape { self.program.output:shape() })
end

--- Runs once, so that the next forward allocates nothing.
function Compiled:warm(...)
  for i, name in ipairs(self.names) do take(self.program.inputs[i], name, (select(i, ...))) end
  self.program:warm(self.cache and self.cache:length())
end

--- Computes what the model's forward would, bit for bit, in memory that was planned beforehand.
---@param ... any  As many inputs as it was compiled with, of the same shapes and dtypes.
---@return vise.Tensor? y  Valid until the next forward; closing it frees nothing.
---@return string? message
---@return string? id
function Compiled:forward(...)
  return fail.catch(forward, self, ...)
end

--- What was compiled: see `vise help compile`.
---@return vise.compile.Facts
function Compiled:describe()
  if not self.program then fail.raise("E-CP-06", "the compiled model is closed") end
  return describe(self)
end

--- Frees its memory at once; the model stays as it is.
function Compiled:close()
  if not self.program then return end
  self.program:close()
  self.program = nil
  for _, object in ipairs(self.made) do object:close() end
end

Compiled.__close = Compiled.close

function Compiled:__tostring()
  return self.program and tostring(describe(self)) or "compiled model (closed)"
end

return Compiled
