--- The version of the program and of the Lua interface.
return "0.1.0"
