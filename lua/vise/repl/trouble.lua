--- Errors at the prompt: what is kept of one when it is raised, how it is shown, and what can be looked at
--- afterwards.

local fail = require "vise.fail"
local reach = require "vise.repl.reach"
local show = require "vise.show"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

local MOST_FRAMES, MOST_LOCALS, LONGEST = 40, 30, 160

---@class vise.repl.Frame
---@field source string   As of debug.getinfo.
---@field short string
---@field line integer
---@field name? string    As it was called.
---@field func function
---@field locals { [1]: string, [2]: any }[]

---@class vise.repl.Trouble
---@field message string
---@field id? string
---@field frames vise.repl.Frame[]  Of the user's own code, the innermost first.

-- Code of this program is not what a person wants to see.
local function is_ours(source)
  local folder = os.getenv "VISE_LUA" or "lua"
  return source:sub(1, 1) == "@" and source:sub(2, #folder + 6) == folder .. "/vise"
end

local function locals_of(level)
  local list = {}
  for i = 1, MOST_LOCALS do
    local name, value = debug.getlocal(level + 1, i)
    if not name then break end
    if name:sub(1, 1) ~= "(" then list[#list + 1] = { name, value } end
  end
  return list
end

local function frames_from(level)
  local frames = {}
  while #frames < MOST_FRAMES do
    local info = debug.getinfo(level + 1, "Snluf")
    if not info then break end
    if info.what ~= "C" and not is_ours(info.source) then
      -- An assignment runs in a function without a name or parameters, see vise.repl.chunk.
      local main = info.what == "main" or not info.name and info.nparams == 0 and info.isvararg
      frames[#frames + 1] = { source = info.source, short = info.short_src, line = info.currentline,
        name = info.name or main and "the input", func = info.func, locals = locals_of(level + 1) }
    end
    level = level + 1
  end
  return frames
end

--- For xpcall: what is kept of a raised error.
---@param raised any
---@return vise.repl.Trouble
function M.catch(raised)
  local message = tostring(raised)
  local id, rest = fail.split(message)
  return { message = id and rest or message, id = id, frames = frames_from(2) }
end

-- Which column a message is about: the name or the word that it quotes.
local function column_of(message, line)
  local word = message:match "%(%a+ '([^']+)'%)" or message:match "near '(.-)'$"
    or message:match "bad argument #%d+ to '([^']+)'"
  if not word or word == "" or word == "<eof>" then return nil end
  local pattern = word:gsub("%p", "%%%0")
  if word:find "^[%w_]+$" then pattern = "%f[%w_]" .. pattern .. "%f[^%w_]" end
  return line:find(pattern), #word
end

-- The line of a source, from what was typed or from its file.
local function source_line(sources, source, number)
  if sources[source] then
    local n = 0
    for line in (sources[source] .. "\n"):gmatch "([^\n]*)\n" do
      n = n + 1
      if n == number then return line end
    end
  elseif source:sub(1, 1) == "@" then
    local f <close> = io.open(source:sub(2))
    if not f then return nil end
    local n = 0
    for line in f:lines() do
      n = n + 1
      if n == number then return line end
    end
  end
  return nil
end

-- A line of source with a mark below what is wrong.
local function marked(line, message, style)
  local shown = text.escape((line:gsub("\t", "  "))):sub(1, LONGEST)
  local first, size = column_of(message, shown)
  local out = "  " .. shown .. "\n"
  if first then out = out .. "  " .. (" "):rep(first - 1) .. style("^" .. ("~"):rep(size - 1), "wrong") .. "\n" end
  return out
end

-- The line that an error is about.
local function line_of(trouble, sources)
  local place, number = trouble.message:match "^(in%d+):(%d+): "
  local frame = trouble.frames[1]
  local source = place and "=" .. place or frame and frame.source
  return source and source_line(sources, source, place and tonumber(number) or frame.line)
end

--- The name that was meant where a field or method is missing.
---@param trouble vise.repl.Trouble
---@param sources table<string, string>
---@param env table
---@return string? name
---@return string? meant
function M.member(trouble, sources, env)
  local name = trouble.message:match "%(%a+ '([%a_][%w_]*)'%)$"
  local line = name and line_of(trouble, sources)
  if not line then return nil end
  local words = reach.words(line)
  for i, word in ipairs(words) do
    local chain = word.text == name and reach.chain(words, i)
    local _, owner = reach.value(chain or {}, env)
    if owner ~= nil then
      local known = {}
      for key in pairs(reach.keys(owner)) do known[#known + 1] = key end
      return name, suggest.nearest(name, known)
    end
  end
  return nil
end

--- What is printed of an error.
---@param trouble vise.repl.Trouble
---@param sources table<string, string>  Chunk name -> what was typed.
---@param style fun(s: string, style: string): string
---@param columns? integer  Of the terminal; without it lines are as long as they are.
---@return string
function M.text(trouble, sources, style, columns)
  local function folded(line, indent)
    return columns and text.wrap(line, columns - 1, indent):sub(#(indent or "") + 1) or line
  end
  local message, out = text.escape_lines(trouble.message), {}
  if trouble.id then
    local entry = require "vise.errors"[trouble.id]
    out[1] = style(folded("vise: " .. trouble.id .. ": " .. message), "wrong") .. "\n"
    if entry then out[2] = "  next: " .. folded(entry.next, "        ") .. "\n" end
  else
    out[1] = style(folded(message), "wrong") .. "\n"
  end
  local line = line_of(trouble, sources)
  if line and line:find "%S" then out[#out + 1] = marked(line, trouble.message, style) end
  return table.concat(out)
end

-- How a function is called; what was called last in another function has only its global name.
local function name_of(frame, env)
  for name, value in next, env do
    if rawequal(value, frame.func) and type(name) == "string" then return name end
  end
  return frame.name or "a function"
end

--- Where an error came from: the user's frames with their lines and locals.
---@param trouble vise.repl.Trouble
---@param sources table<string, string>
---@param env table
---@return string
function M.trace(trouble, sources, env)
  local out = { text.escape_lines((trouble.id and trouble.id .. ": " or "") .. trouble.message) }
  for i, frame in ipairs(trouble.frames) do
    local line = source_line(sources, frame.source, frame.line)
    out[#out + 1] = ("%d %s:%d in %s"):format(i, text.escape(frame.short), frame.line, text.escape(name_of(frame, env)))
    if line then out[#out + 1] = "    " .. text.escape((line:gsub("^%s+", ""))):sub(1, LONGEST) end
    for _, entry in ipairs(frame.locals) do
      out[#out + 1] = ("      %s = %s"):format(text.escape(entry[1]), show.brief(entry[2]))
    end
  end
  if #trouble.frames == 0 then out[#out + 1] = "(none of your own lines was running)" end
  return table.concat(out, "\n") .. "\n"
end

return M
