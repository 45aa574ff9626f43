--- Runs the program as a person does.

local M = { path = arg[-1] }

-- Where the runs are logged, unless a spec says otherwise: not in the source tree.
local runs = os.tmpname()
os.remove(runs)

--- Runs `vise ARGUMENTS`.
---@param arguments string  As a shell takes them.
---@param before? string    What stands before the program: variables, a pipe.
---@return integer status
---@return string out
---@return string err
function M.run(arguments, before)
  local errors = os.tmpname()
  local pipe = assert(io.popen(("VISE_RUNS=%s %s %s %s 2>%s; echo $?"):format(runs, before or "", M.path, arguments,
    errors)))
  local out, status = pipe:read "a":match "^(.-)(%d+)\n$"
  pipe:close()
  local file <close> = assert(io.open(errors))
  local err = file:read "a"
  os.remove(errors)
  return math.tointeger(tonumber(status)), out, err
end

return M
