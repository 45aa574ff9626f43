--- The options of the pictures: checked, and filled in from the terminal.

local fail = require "vise.fail"
local suggest = require "vise.suggest"
local terminal = require "vise.terminal"
local text = require "vise.text"

local M = {}

local WIDEST, NARROWEST = 100, 20 -- the most that is taken unasked; the least that a picture needs

---@class vise.PlotOptions
---@field width? integer     Columns, from 20; as many as the terminal has, 100 at most, if not given.
---@field height? integer    Rows of the picture without its labels.
---@field unicode? boolean   Block letters and Braille; as the locale says if not given.
---@field colour? boolean|integer  false, true, or how many: 0, 16, 256, 16777216.
---@field title? string

local common = {
  width = { "integer", NARROWEST, 500 }, height = { "integer", 2, 200 }, unicode = { "boolean" },
  colour = { "colour" }, title = { "string" },
}

local DEPTHS = { [0] = true, [16] = true, [256] = true, [1 << 24] = true }

local function fits(value, rule)
  local kind = rule[1]
  if kind == "integer" then return math.type(value) == "integer" and value >= rule[2] and value <= rule[3] end
  if kind == "colour" then return type(value) == "boolean" or DEPTHS[value] == true end
  if kind == "choice" then
    for i = 2, #rule do
      if value == rule[i] then return true end
    end
    return false
  end
  return type(value) == kind
end

local function expected(rule)
  local kind = rule[1]
  if kind == "integer" then return ("an integer from %d to %d"):format(rule[2], rule[3]) end
  if kind == "colour" then return "true, false, 0, 16, 256 or 16777216" end
  if kind == "choice" then return "one of " .. table.concat(rule, ", ", 2) end
  return "a " .. kind
end

local function names_of(own)
  local names = {}
  for _, set in ipairs { common, own } do
    for name in pairs(set) do names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- The options of one picture, checked; what is not given comes from the terminal of stdout.
---@param picture string  Its name.
---@param given? table
---@param own table<string, table>  The rules of its own options: { "integer", least, most }, { "boolean" }, ...
---@return table
function M.check(picture, given, own)
  local out, here = {}, terminal.of "stdout"
  if given ~= nil and type(given) ~= "table" then
    fail.raise("E-TN-13", "the options of plot.%s are a %s, expected a table", picture, type(given))
  end
  for name, value in pairs(given or {}) do
    local rule = common[name] or own[name]
    if not rule then
      fail.raise("E-TN-13", "plot.%s has no option '%s'%s", picture, text.escape(tostring(name)),
        suggest.hint(tostring(name), names_of(own)))
    end
    if not fits(value, rule) then
      fail.raise("E-TN-13", "plot.%s: %s is %s, expected %s", picture, name, text.escape(tostring(value)):sub(1, 40),
        expected(rule))
    end
    out[name] = value
  end
  out.width = out.width or math.max(NARROWEST, math.min(WIDEST, here.columns))
  if out.unicode == nil then out.unicode = here.unicode end
  if out.colour == nil then out.colour = here.colour end
  if out.colour == true then out.colour = math.max(16, here.colour) end
  out.colour = out.colour or 0
  return out
end

return M
