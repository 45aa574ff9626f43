-- Runs busted inside this program: `vise tests/run.lua [busted options] tests`.
assert(_VERSION == "Lua 5.4")
package.path = "tests/?.lua;" .. package.path
require "busted.runner" { standalone = false }
