-- Runs busted inside this program: `vise tests/run.lua [busted options] tests`.
assert(_VERSION == "Lua 5.4")
package.path = "tests/?.lua;" .. package.path
local handler = false
for _, word in ipairs(arg) do handler = handler or word:find "^%-o" or word:find "^%-%-output" end
if not handler then
  table.insert(arg, 1, "--output=tests.output")
end
require "busted.runner" { standalone = false }
