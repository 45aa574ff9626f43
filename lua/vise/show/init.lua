--- Values as text for people: what the prompt prints.  Limits keep it to a screen; nothing of a value
--- reaches a terminal unescaped, and no method of a stranger's table is called but `__tostring`.

local names = require "vise.names"
local text = require "vise.text"

local M = {}

local ROWS, LEVELS, LONGEST = 10, 2, 1000
local MOST_ROWS, MOST_LEVELS = 10000, 8 -- without limits

---@class vise.ShowOptions
---@field full? boolean     Without the limits of a screen.
---@field rows? integer     Entries of a table, rows of a tensor, layers of a model; 10.
---@field levels? integer   Of tables in tables; 2.
---@field columns? integer  Of the terminal.
---@field unicode? boolean
---@field name? string      Of a tensor, where it is known.

local function complete_options(given)
  local o = { full = given.full, name = given.name, columns = given.columns, unicode = given.unicode }
  if not o.columns or o.unicode == nil then
    local terminal = require("vise.terminal").of "stdout"
    o.columns = o.columns or terminal.columns
    if o.unicode == nil then o.unicode = terminal.unicode end
  end
  o.rows = given.rows or o.full and MOST_ROWS or ROWS
  o.levels = given.levels or o.full and MOST_LEVELS or LEVELS
  o.longest = o.full and 1 << 20 or LONGEST
  return o
end

local function number(v)
  if math.type(v) == "integer" then return tostring(v) end
  return ("%.6g"):format(v)
end

local function quoted(v, o)
  if #v <= o.longest then return '"' .. text.escape(v) .. '"' end
  return ('"%s" ... %d more bytes'):format(text.escape(v:sub(1, o.longest)), #v - o.longest)
end

local order = { number = 1, string = 2, boolean = 3 }

-- Keys in an order that people expect: 1, 2, ..., then names.  Only as many as are shown are sorted
-- from a large table.
local function sorted_keys(t, most)
  local keys, total = {}, 0
  for i = 1, math.min(#t, most) do keys[i] = i end
  local listed = #keys
  for key in next, t do
    total = total + 1
    local done = math.type(key) == "integer" and key >= 1 and key <= listed
    if not done and #keys < math.max(most * 4, 1000) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b)
    local ta, tb = order[type(a)] or 4, order[type(b)] or 4
    if ta ~= tb then return ta < tb end
    if ta == 1 then return a < b end
    return ta == 2 and a < b or ta > 2 and tostring(a) < tostring(b)
  end)
  return keys, total
end

local function entry_key(key, position, o)
  if key == position then return "" end
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key .. " = " end
  local shown = type(key) == "string" and quoted(key, o) or type(key) == "number" and number(key)
    or text.escape(tostring(key))
  return ("[%s] = "):format(shown)
end

local render

local function plain_table(v, level, o, above)
  local meta = debug.getmetatable(v)
  -- What was frozen keeps its fields one step away.
  local inner = type(meta) == "table" and rawget(meta, "__newindex") and rawget(meta, "__index")
  local t = next(v) == nil and type(inner) == "table" and inner or v
  local keys, total = sorted_keys(t, o.rows)
  if total == 0 then return "{}" end
  if above[t] then return "{ ... itself }" end
  if level >= o.levels then return ("{ ... %d }"):format(total) end
  above[t] = true
  local parts, indent = {}, ("  "):rep(level + 1)
  for i = 1, math.min(#keys, o.rows) do
    parts[i] = indent .. entry_key(keys[i], i, o) .. render(rawget(t, keys[i]), level + 1, o, above)
  end
  above[t] = nil
  if total > #parts then parts[#parts + 1] = ("%s... %d more"):format(indent, total - #parts) end
  return ("{\n%s\n%s}"):format(table.concat(parts, ",\n"), ("  "):rep(level))
end

-- How values of ours are shown at the top level; inside others they take one line.
local function known(v, o)
  local meta = debug.getmetatable(v)
  if type(v) == "userdata" then
    return meta and rawget(meta, "__name") == "vise.tensor" and require("vise.show.tensor").text(v, o) or nil
  end
  if rawequal(v, package.loaded.vise) then return (require("vise.describe").overview():gsub("\n$", "")) end
  local models = require "vise.show.model"
  if names.has(v) then
    if rawget(v, "children") then return models.model(v, o) end
    return names.checkpoint(v) == v and models.checkpoint(v, o) or nil
  end
  local class = type(meta) == "table" and rawget(meta, "kind")
  if type(class) == "string" and rawget(v, "children") and rawget(v, "name") then return models.layer(v, o) end
  if rawget(v, "bits_per_weight") and rawget(v, "patterns") and rawget(v, "layers") then return models.plan(v, o) end
end

-- One line for what has a name but is shown elsewhere in full.
local function brief(v)
  local meta = debug.getmetatable(v)
  if names.has(v) then return rawget(v, "children") and "model" or "checkpoint" end
  local class = type(meta) == "table" and rawget(meta, "kind")
  return type(class) == "string" and rawget(v, "name") and text.escape(("%s %s"):format(class, tostring(v.name)))
end

-- "function(a, b)"; an address would tell nobody anything.
local function signature(f)
  local info, words = debug.getinfo(f, "u"), {}
  for i = 1, info.nparams do words[i] = debug.getlocal(f, i) end
  if info.isvararg then words[#words + 1] = "..." end
  return "function(" .. table.concat(words, ", ") .. ")"
end

local function by_itself(v)
  local ok, shown = pcall(tostring, v)
  shown = ok and shown:gsub("\n+$", "") or "(its __tostring failed: " .. tostring(shown) .. ")"
  return text.escape_lines(shown)
end

function render(v, level, o, above)
  local kind = type(v)
  if kind == "number" then return number(v) end
  if kind == "string" then return quoted(v, o) end
  if kind == "function" then return signature(v) end
  if kind ~= "table" and kind ~= "userdata" then return text.escape(tostring(v)) end
  local shown
  if level == 0 then shown = known(v, o) elseif kind == "table" then shown = brief(v) end
  if shown then return shown end
  local meta = debug.getmetatable(v)
  if kind == "userdata" or type(meta) == "table" and rawget(meta, "__tostring") then return by_itself(v) end
  return plain_table(v, level, o, above)
end

--- One value as text, several lines if need be: tables two levels deep, ten entries each, tensors as what
--- they are like and their first values, models by their layers.
---@param v any
---@param options? vise.ShowOptions
---@return string
function M.value(v, options)
  return render(v, 0, complete_options(options or {}), {})
end

--- One value in a few words, for lists.
---@param v any
---@return string
function M.brief(v)
  local kind = type(v)
  if kind == "number" then return number(v) end
  if kind == "string" then return quoted(v, { longest = 40 }) end
  if kind == "table" then
    local meta = debug.getmetatable(v)
    local shown = brief(v)
    if shown then return shown end
    if type(meta) == "table" and rawget(meta, "__name") then return text.escape(tostring(meta.__name)) end
    local n = 0
    for _ in next, v do n = n + 1 end
    return ("table of %d"):format(n)
  end
  if kind == "function" then return signature(v) end
  return kind == "userdata" and by_itself(v):match "[^\n]*" or text.escape(tostring(v))
end

return M
