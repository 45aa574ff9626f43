-- Runs busted inside this program: `vise tests/run.lua [busted options] tests`.  A folder alone is run
-- in several programs at once (tests/parallel.lua), VISE_TEST_JOBS of them.
assert(_VERSION == "Lua 5.4")
package.path = "tests/?.lua;" .. package.path

if #arg == 1 and require("vise.core").disk.exists(arg[1]) == "folder" then
  os.exit(require("parallel").run(arg[-1], arg[1]) == 0, true)
end

local own_output = true
for _, word in ipairs(arg) do
  if word:find "^%-o" or word:find "^%-%-output" then own_output = false end
end
if own_output then table.insert(arg, 1, "--output=tests/output.lua") end

-- Busted exits with the number of failures, and 256 of them would be a success.
local exit = os.exit
os.exit = function(code, close) -- luacheck: ignore 122
  exit(code == true or code == 0 or code == nil, close)
end
-- Temporary files lie in one folder, which goes when the program ends.
local disk = require("vise.core").disk
local folder, count = os.tmpname(), 0
os.remove(folder)
assert(disk.mkdir(folder))
os.tmpname = function() -- luacheck: ignore 122
  count = count + 1
  local path = ("%s/%d"):format(folder, count)
  assert(io.open(path, "w")):close()
  return path
end
_G.tests_folder = setmetatable({}, { __gc = function() disk.remove_tree(folder) end }) -- luacheck: ignore 111 112

require "busted.runner" { standalone = false }
