--- The command line.

local M = {}

--- Runs a script the way `lua` would.
---@param args string[]  The program's arguments, from 0.
---@return integer status
function M.main(args)
  local script = args[1]
  local chunk, message = loadfile(script)
  if not chunk then
    io.stderr:write("vise: ", message, "\n")
    return 66
  end
  arg = table.move(args, 2, #args, 1, { [0] = script })
  chunk(table.unpack(arg))
  return 0
end

return M
