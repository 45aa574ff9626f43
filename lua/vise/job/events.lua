--- What a run records: results, metrics, images, texts, sensitivities, expectations.

local core = require "vise.core"
local fail = require "vise.fail"
local finite = require "vise.finite"

local DEEPEST = 32

---@class vise.Metric
---@field name string
---@field value number
---@field unit? string
---@field better? "higher"|"lower"
---@field stderr? number
---@field step? integer     Of a value that is measured again and again.
---@field target? number    What it should reach.

---@class vise.Job
local Job = {}

-- Data as it is now: a copy that later changes do not reach, of what JSON has words for.
local function plain(value, where, depth)
  local kind = type(value)
  if kind == "number" then
    return finite.or_word(value)
  elseif kind == "string" or kind == "boolean" or value == core.null then
    return value
  elseif kind ~= "table" then
    fail.raise("E-RC-10", "%s is a %s, expected plain data", where, kind)
  elseif depth > DEEPEST then
    fail.raise("E-RC-10", "%s: tables deeper than %d, or one that holds itself", where, DEEPEST)
  end
  local copy = {}
  for key, item in pairs(value) do
    if type(key) ~= "string" and math.type(key) ~= "integer" then
      fail.raise("E-RC-10", "%s has a key that is a %s, expected text or an integer", where, type(key))
    end
    copy[key] = plain(item, ("%s.%s"):format(where, key), depth + 1)
  end
  return setmetatable(copy, getmetatable(value))
end

local function name_of(what, name)
  if type(name) ~= "string" or name == "" then
    fail.raise("E-RC-10", "job:%s takes a name first, got %s", what, name == "" and "an empty one" or type(name))
  end
  return name
end

--- Adds a result: to --json, and to the log of the run.
---@param name string
---@param data any  Plain data.
function Job:report(name, data)
  if type(name) ~= "string" or data == nil then
    fail.raise("E-RC-10", "job:report takes a name and data, got %s and %s", type(name), type(data))
  end
  self.results[#self.results + 1] = { name = name, data = (plain(data, "job:report: " .. name, 1)) }
end

local metric_fields = { unit = "string", better = "string", stderr = "number", step = "number", target = "number" }

--- Notes a measured value.  The first name that a run gives is its main metric.
---@param name string
---@param value number
---@param about? { unit?: string, better?: "higher"|"lower", stderr?: number, step?: integer, target?: number }
function Job:metric(name, value, about)
  local metric = { name = name_of("metric", name), value = value }
  if type(value) ~= "number" then
    fail.raise("E-RC-10", "job:metric(\"%s\") takes a number, got %s", name, type(value))
  end
  for key, field in pairs(about or {}) do
    if type(field) ~= metric_fields[key] or key == "better" and field ~= "higher" and field ~= "lower" then
      fail.raise("E-RC-10", "job:metric(\"%s\"): %s is %s; there are unit, better (\"higher\", \"lower\"), stderr, "
        .. "step, target", name, tostring(key), tostring(field))
    end
    metric[key] = field
  end
  self.metrics[#self.metrics + 1] = metric
  if self.sink then self.sink:metric((plain(metric, "metric", 1))) end
end

--- Keeps a picture for the report: a batch of images [n, 1, H, W] in [-1, 1], or pixels, u8 [H, W] or
--- [H, W, 3].
---@param name string
---@param images vise.Tensor
function Job:image(name, images)
  name_of("image", name)
  if type(images) ~= "userdata" or not pcall(images.dtype, images) then
    fail.raise("E-RC-10", "job:image(\"%s\") takes a tensor, got %s", name, type(images))
  end
  local png
  if images:dtype() == "u8" then
    png = fail.try(core.png(images))
  else
    -- Small pictures larger, so that a pixel can be seen.
    local _, _, _, width = images:shape()
    local zoom = math.max(1, 84 // (width or 84))
    local pixels <close> = require("vise.picture").grid({ images }, { columns = 10, zoom = zoom })
    png = fail.try(core.png(pixels))
  end
  self.images[#self.images + 1] = { name = name, png = png }
end

--- Keeps a text for the report, such as what a model wrote.
---@param name string
---@param words string
function Job:text(name, words)
  name_of("text", name)
  if type(words) ~= "string" then
    fail.raise("E-RC-10", "job:text(\"%s\") takes a string, got %s", name, type(words))
  end
  self.texts[#self.texts + 1] = { name = name, text = words }
end

--- Keeps how much each layer costs when it alone is quantized.
---@param rows { layer: string, type: string, value: number, unit?: string }[]
function Job:sensitivity(rows)
  for i, row in ipairs(type(rows) == "table" and rows or { rows }) do
    if type(row) ~= "table" or type(row.layer) ~= "string" or type(row.type) ~= "string"
      or type(row.value) ~= "number" then
      fail.raise("E-RC-10", "job:sensitivity: row %d needs layer, type and value", i)
    end
    self.rows[#self.rows + 1] = { layer = row.layer, type = row.type, value = row.value, unit = row.unit }
  end
end

--- Holds a result against what it should be.  A run with unmet expectations exits with 1.
---@param what string
---@param value number
---@param bounds { at_least?: number, at_most?: number }
---@return boolean met
function Job:expect(what, value, bounds)
  if type(value) ~= "number" or type(bounds) ~= "table" then
    fail.raise("E-RC-10", "expect %s: it takes a number and bounds, got %s and %s", tostring(what), type(value),
      type(bounds))
  end
  local low, high = bounds.at_least, bounds.at_most
  if low == nil and high == nil then fail.raise("E-RC-10", "expect %s: give at_least or at_most", what) end
  local met = value == value and not (low and value < low) and not (high and value > high)
  self:report("expect", { what = what, value = value == value and value or "NaN", at_least = low,
    at_most = high, met = met })
  if not met then
    self.failed = self.failed + 1
    local wanted = low and high and ("from %g to %g"):format(low, high)
      or low and ("at least %g"):format(low) or ("at most %g"):format(high)
    self:log("%s is %s, expected %s", what, value == value and ("%g"):format(value) or "NaN", wanted)
  end
  return met
end

return Job
