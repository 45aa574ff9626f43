--- A session as a file: the lines that succeeded, as a script or as a recipe package.

local core = require "vise.core"
local lexer = require "vise.repl.lexer"

local M = {}

-- Functions that only the prompt has: lines that use them are left out.
local only_here = { who = true, timeit = true, help = true, bt = true }

-- Does a text use one of these names?
local function uses(source, wanted)
  for _, token in ipairs(lexer.tokens(source)) do
    if token.kind == "name" and wanted(token.text) then return true end
  end
  return false
end

local function is_result(name) return name:find "^_%d?$" ~= nil end

-- Stands before lines that use `_`, `_1`, ...: what the prompt does with each value.
local KEEP = [[
local _, _1, _2, _3, _4, _5, _6, _7, _8, _9
local function keep(...)
  _9, _8, _7, _6, _5, _4, _3, _2, _1 = _8, _7, _6, _5, _4, _3, _2, _1, (...)
  _ = _1
end
]]

-- An expression as a statement: kept for later lines that use `_`, or printed.
local function statement(line, keep, printer)
  if line.kind ~= "expression" then return line.text end
  return (keep and "keep(%s)" or line.silent and "local _ = %s" or printer):format(line.text)
end

-- Indents the lines of a text that do not begin inside a string.
local function indented(source)
  local inside, out, at = {}, {}, 1
  for _, token in ipairs(lexer.tokens(source)) do
    if token.kind == "string" or token.kind == "comment" then
      local from = token.first
      while true do
        from = source:find("\n", from, true)
        if not from or from > token.last then break end
        inside[from + 1] = true
        from = from + 1
      end
    end
  end
  for line in (source .. "\n"):gmatch "([^\n]*)\n" do
    out[#out + 1] = (inside[at] or line == "") and line or "  " .. line
    at = at + #line + 1
  end
  return table.concat(out, "\n")
end

--- The lines as Lua text.
---@param lines { text: string, kind: string, silent: boolean }[]
---@param printer string  A format: how an expression is printed.
---@return string
function M.body(lines, printer)
  local kept, keep = {}, false
  for _, line in ipairs(lines) do
    if not uses(line.text, function(name) return only_here[name] end) then
      kept[#kept + 1] = line
      keep = keep or uses(line.text, is_result)
    end
  end
  local out = {}
  for i, line in ipairs(kept) do out[i] = statement(line, keep, printer) end
  return (keep and KEEP or "") .. table.concat(out, "\n") .. (#out > 0 and "\n" or "")
end

local function write_new(path, contents)
  if core.disk.exists(path) then
    return nil, ("%s: it exists already"):format(path), "E-FS-05"
  end
  return core.disk.write(path, contents)
end

local function write_script(path, lines)
  return write_new(path, 'local vise = require "vise"\n\n' .. M.body(lines, "print(%s)"))
end

local HEADER = [[
{
  name    = %q,
  version = "0.1.0",
  summary = "from a session at the prompt",
  license = "MIT",
  params  = {},
}
]]

-- A folder that `vise run` takes.
local function write_package(folder, lines)
  local name = folder:match "([^/]+)/*$" or ""
  if not name:find "^[%l%d][%l%d-]*$" then
    return nil, ("'%s': a recipe's name is made of lower-case letters, digits and '-'"):format(name), "E-US-30"
  end
  local ok, message, id = core.disk.mkdir(folder)
  if not ok then return nil, message, id end
  local body = indented((M.body(lines, "job:print(tostring(%s))"):gsub("\n$", "")))
  ok, message, id = write_new(folder .. "/header.lua", HEADER:format(name))
  if not ok then return nil, message, id end
  return write_new(folder .. "/recipe.lua", ("return function(job)\n%s\nend\n"):format(body))
end

--- Writes the lines of a session.  What is there already stays.
---@param path string  NAME.lua is a script, any other name a folder with a recipe.
---@param lines { text: string, kind: string, silent: boolean }[]
---@return true? ok, string? message, string? id
function M.write(path, lines)
  if path:find "%.lua$" then return write_script(path, lines) end
  return write_package(path, lines)
end

return M
