--- Recipes, models and logs in folders of their own, and the program on them.

local core = require "vise.core"
local tiny = require "models.tiny"

local M = {}

local DIT = "recipes/quickstart/models/dit-fashion-mnist"

--- The embedded model with a run short enough for tests: one block, two images of one step.
M.short = ("--model %s --variant fp16 -p steps=1 -p images=2 -p calibration=1 "
  .. "-p 'exclude=transformer_blocks.1.*,transformer_blocks.2.*,transformer_blocks.3.*,transformer_blocks.4.*,"
  .. "transformer_blocks.5.*'"):format(DIT)

--- A folder that is there and empty, and a function that removes it.
function M.folder()
  local path = os.tmpname()
  os.remove(path)
  assert(core.disk.mkdir(path))
  return path, function() core.disk.remove_tree(path) end
end

M.header = [[{ name = "small", version = "1.2.3", summary = "a small recipe", license = "MIT",
  params = { n = { type = "integer", default = 1, min = 0, max = 9, help = "x" },
    exclude = { type = "patterns", default = {}, help = "x" } } }
]]

--- Writes a package.
---@param folder string
---@param files table<string, string>  recipe.lua at least; the header is M.header if none is there.
---@return string folder
function M.package(folder, files)
  local list = { { name = "header.lua", bytes = files["header.lua"] or M.header } }
  for name, bytes in pairs(files) do
    if name ~= "header.lua" then list[#list + 1] = { name = name, bytes = bytes } end
  end
  assert(require("vise.folder").put(folder, list))
  return folder
end

--- A tiny model in a folder.
M.tiny = tiny

--- Runs the program with a place of its own for logs.
---@param place string
---@param arguments string
---@param before? string
function M.run(place, arguments, before)
  return require("program").run(arguments, ("VISE_RUNS=%s VISE_THREADS=2 %s"):format(place, before or ""))
end

--- Runs a recipe inside this process.
---@param request table  Of vise.runs.execute, without what is usual.
---@return vise.RunOutcome? outcome
---@return string? message
---@return string? id
function M.execute(request)
  local execute = require "vise.runs.execute"
  request.data, request.quiet = request.data or {}, true
  local prepared, message, id = execute.read(request)
  if not prepared then return nil, message, id end
  return execute.run(prepared)
end

--- The bytes of every file below a folder, by name.
function M.bytes(folder)
  local all = {}
  for _, file in ipairs(require("vise.runs.outputs").files(folder)) do
    all[file.file] = assert(core.disk.read(folder .. "/" .. file.file))
  end
  return all
end

--- Changes one byte of a file.
function M.flip(path, at)
  local bytes = assert(core.disk.read(path))
  local byte = bytes:byte(at) ~ 1
  assert(core.disk.write(path, bytes:sub(1, at - 1) .. string.char(byte) .. bytes:sub(at + 1)))
  return function() assert(core.disk.write(path, bytes)) end
end

return M
