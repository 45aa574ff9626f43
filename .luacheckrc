std = "lua54"
max_line_length = 120
-- A table with one entry a line.
files["lua/vise/errors.lua"] = { max_line_length = 150 }
files["tests/"] = { std = "+busted" }
-- Recipes and examples see the public module as a global, as the program gives it to them.
files["recipes/"] = { read_globals = { "vise" } }
exclude_files = { "recipes/*/header.lua" } -- data, not a program
