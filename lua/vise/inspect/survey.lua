--- The tensors of a checkpoint: which of them, in which order, what they hold.

local axis = require "vise.plot.axis"
local core = require "vise.core"
local fail = require "vise.fail"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

--- The names that the globs select, in the order asked for.
---@param checkpoint vise.Checkpoint
---@param globs string[]?
---@param order "file"|"name"|"size"
---@return string[]?
---@return string? message
---@return string? id
function M.names(checkpoint, globs, order)
  local names = checkpoint:names()
  if globs and #globs > 0 then
    local patterns, chosen = {}, {}
    for i, glob in ipairs(globs) do patterns[i] = require("vise.pattern").of(glob, "--match") end
    for _, name in ipairs(names) do
      for _, p in ipairs(patterns) do
        if p:matches(name) then
          chosen[#chosen + 1] = name
          break
        end
      end
    end
    if #chosen == 0 then
      return fail.fail("E-US-11", "no tensor matches '%s'%s", text.escape(table.concat(globs, "', '")):sub(1, 80),
        M.hint(globs[1], names))
    end
    names = chosen
  end
  if order == "name" then table.sort(names) end
  if order == "size" then
    local bytes = {}
    for _, name in ipairs(names) do bytes[name] = checkpoint:info(name).bytes end
    table.sort(names, function(a, b)
      if bytes[a] ~= bytes[b] then return bytes[a] > bytes[b] end
      return a < b
    end)
  end
  return names
end

-- A name with its numbers left out.
local function without_numbers(name)
  return (name:gsub("%d+", "0"))
end

-- A kind of name with the numbers of another name.
local function with_numbers(kind, name)
  local numbers = name:gmatch "%d+"
  return (kind:gsub("0", function() return numbers() or "0" end))
end

local MOST_COMPARED = 2000 -- names of one kind

--- The end of a message about a tensor that is not there.  Names that differ in numbers only are compared
--- as one, so that a hundred thousand of them take no time.
---@param name string
---@param names string[]
---@return string
function M.hint(name, names)
  local kinds, of_kind, there = {}, {}, {}
  for _, candidate in ipairs(names) do
    local kind = without_numbers(candidate)
    if not of_kind[kind] then kinds[#kinds + 1], of_kind[kind] = kind, {} end
    local list = of_kind[kind]
    list[#list + 1], there[candidate] = candidate, true
  end
  local near = {}
  for _, kind in ipairs(suggest.near(without_numbers(name), kinds)) do
    local same = with_numbers(kind, name)
    if there[same] then
      near[#near + 1] = same
    else
      table.move(of_kind[kind], 1, math.min(MOST_COMPARED, #of_kind[kind]), #near + 1, near)
    end
  end
  -- Of long names one is enough for a line.
  if #name > 30 then near = { suggest.nearest(name, near) } end
  return suggest.hint(name, near)
end

--- A tensor by its name.
---@param checkpoint vise.Checkpoint
---@param name string
---@return vise.Tensor?
---@return string? message
---@return string? id
function M.tensor(checkpoint, name)
  if checkpoint:has(name) then return checkpoint:tensor(name) end
  return fail.fail("E-US-11", "no tensor '%s'%s", text.escape(name):sub(1, 100), M.hint(name, checkpoint:names()))
end

--- Statistics of one tensor; nil alone for types that this program does not compute with.
---@param checkpoint vise.Checkpoint
---@param name string
---@param dtype string
---@return table?
---@return string? message
---@return string? id
function M.statistics(checkpoint, name, dtype)
  local t <close>, problem, problem_id = checkpoint:tensor(name)
  if not t then return nil, problem, problem_id end
  if t:dtype() ~= dtype then return nil end
  local s, message, id = t:statistics()
  if not s then return fail.fail(id, "tensor %s: %s", text.escape(name), message) end
  return s
end

--- The line about what a tensor holds.
---@param s table
---@return string
function M.statistics_line(s)
  local words = {}
  for _, name in ipairs { "min", "mean", "max", "std" } do
    words[#words + 1] = ("%s %s"):format(name, axis.number(s[name]))
  end
  if s.count > 0 then words[#words + 1] = ("zero %s %%"):format(axis.number(100 * s.zeros / s.count)) end
  if s.nans > 0 then words[#words + 1] = ("NaN %d"):format(s.nans) end
  if s.infinities > 0 then words[#words + 1] = ("inf %d"):format(s.infinities) end
  return table.concat(words, "  ")
end

--- Everything about the tensors, as data.
---@param checkpoint vise.Checkpoint
---@param names string[]
---@param with_statistics boolean
---@return table[]? list
---@return integer|string bytes
---@return string? id
function M.list(checkpoint, names, with_statistics)
  local list, bytes = core.array {}, 0
  local bar <close> = require("vise.progress").new("read", #names, "tensors")
  for i, name in ipairs(names) do
    local found = checkpoint:info(name)
    local info = { name = name, dtype = found.dtype, shape = core.array(found.shape), bytes = found.bytes }
    if with_statistics then
      local s, message, id = M.statistics(checkpoint, name, info.dtype)
      if not s and message then return nil, message, id end
      info.statistics = s
    end
    list[i], bytes = info, bytes + info.bytes
    bar:step()
  end
  return list, bytes
end

return M
