-- Runs busted inside this program: `vise tests/run.lua [busted options] tests`.
assert(_VERSION == "Lua 5.4")
package.path = "tests/?.lua;" .. package.path

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
require "busted.runner" { standalone = false }
