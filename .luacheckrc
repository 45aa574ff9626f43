std = "lua54"
max_line_length = 110
files["tests/"] = { std = "+busted" }
-- Recipes and examples see the public module as a global, as the program gives it to them.
files["recipes/"] = { read_globals = { "vise" } }
