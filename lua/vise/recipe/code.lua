--- A recipe's Lua files: read within limits, compiled as text only, and shown where they fail.

local core = require "vise.core"
local fail = require "vise.fail"
local shape = require "vise.recipe.shape"
local text = require "vise.text"

local M = {}

local MAX_BYTES = 1 << 20 -- of a file
local MAX_COLUMNS = 76    -- of a source line in a message
local MAX_NAME = 55       -- of a chunk: Lua cuts longer ones in its messages

--- The name of a file in messages: the path, or its end if Lua would cut it.
---@param path string
---@return string
function M.label(path)
  local shown = text.escape(path)
  if #shown <= MAX_NAME then return shown end
  local tail = shown:match "[^/]+/[^/]+$" or shown
  return #tail <= MAX_NAME and tail or tail:match "[^/]+$":sub(-MAX_NAME)
end

--- Reads a file of a recipe.
---@param path string
---@return string? source
---@return string? message
---@return string? id
function M.read(path)
  local kind, shown = core.disk.exists(path), text.escape(path)
  if kind == nil then return fail.fail("E-RC-01", "%s: there is no such file", shown) end
  if kind ~= "file" then return fail.fail("E-RC-01", "%s is no regular file", shown) end
  local size, message, id = core.disk.size(path)
  if not size then return nil, message, id end
  if size > MAX_BYTES then
    return fail.fail("E-RC-13", "%s: %d bytes, a file of a recipe has at most %d", shown, size, MAX_BYTES)
  end
  return core.disk.read(path, MAX_BYTES)
end

-- Line `n` of a text.
local function line_of(source, n)
  local at = 1
  for _ = 2, n do
    at = (source:find("\n", at, true) or #source) + 1
  end
  return at <= #source and source:match("[^\r\n]*", at) or ""
end

-- A source line on one row, its number in front; with a byte of it a caret below that byte.
local function excerpt(source, number, column)
  local line = line_of(source, number)
  local from = 1
  if column and column > MAX_COLUMNS - 16 then from = column - MAX_COLUMNS // 2 end
  local function cut(last) return text.escape((line:sub(from, last):gsub("\t", " "))) end
  local shown, gutter = cut(from + MAX_COLUMNS - 1), ("%5d | "):format(number)
  local out = ("\n%s%s"):format(gutter, shown)
  if not column then return out end
  return ("%s\n%s^"):format(out, (" "):rep(#gutter + utf8.len(cut(column - 1))))
end

-- How far Lua reads before it finds the fault: one byte beyond the token that it names.
local function bytes_read(source)
  local count = 0
  pcall(load, function()
    count = count + 1
    local byte = source:sub(count, count)
    return byte ~= "" and byte or nil
  end, "=x", "t")
  return math.min(count, #source + 1)
end

-- Where the token stands that a message of Lua names: its line and column.
local function fault(source, problem)
  local at = bytes_read(source) - 1
  local token = problem:match "near '(.*)'$"
  if problem:find "near <eof>$" then
    at = source:match "()%s*$"
  elseif token and source:sub(at - #token + 1, at) == token then
    at = at - #token + 1
  end
  local before = source:sub(1, at - 1)
  local _, newlines = before:gsub("\n", "")
  return newlines + 1, #before:match "[^\n]*$" + 1
end

local function too_deep(problem)
  return problem:find("C stack overflow", 1, true) or problem:find("too many C levels", 1, true)
    or problem:find("chunk has too many syntax levels", 1, true)
end

--- Compiles a file's text.
---@param source string
---@param path string
---@param env table
---@return function? chunk
---@return string? message
---@return string? id
function M.compile(source, path, env)
  if source:sub(1, 1) == "\27" then
    return fail.fail("E-RC-12", "%s: compiled Lua is refused, give the source", text.escape(path))
  end
  -- Within pcall, so that no message handler of a caller makes something else of the message.
  local _, chunk, problem = pcall(load, source, "@" .. M.label(path), "t", env)
  if chunk then return chunk end
  local number, column = fault(source, problem)
  if too_deep(problem) then
    return fail.fail("E-RC-13", "%s:%d: nested too deeply, Lua takes up to 200 levels", M.label(path), number)
  end
  local what = problem:match "^.-:%d+: (.*)$" or problem
  return fail.fail("E-RC-06", "%s:%d: %s%s", M.label(path), number, shape.shown(what, 100),
    excerpt(source, number, column))
end

--- A message that begins with a place, with the source line of that place below it.
---@param message string  "my-recipe/recipe.lua:12: attempt to ..."
---@param sources table<string, string>  Labels and texts of the recipe's files.
---@return string
function M.with_line(message, sources)
  local label, number = message:match "^([^\n]-):(%d+): "
  local source = label and sources[label]
  return source and message .. excerpt(source, math.tointeger(tonumber(number))) or message
end

return M
