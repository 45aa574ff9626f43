--- The environment variables that the program reads.

---@type { [1]: string, [2]: string }[]
return {
  { "VISE_THREADS", "how many threads compute (default: the CPUs this process may use)" },
  { "VISE_BACKEND", "ref, avx2, avxvnni or avx512 instead of the best this CPU runs" },
  { "VISE_BLAS", "0: products of f32 matrices by our own code, not OpenBLAS" },
  { "VISE_RECIPES", "folders to look for recipes in first, joined by colons" },
  { "VISE_RUNS", "the folder of the runs' logs (default: ./runs)" },
  { "VISE_LUA", "a folder to read the Lua sources from, while developing" },
  { "XDG_DATA_HOME", "holds vise/recipes, your own recipes (default: ~/.local/share)" },
  { "XDG_STATE_HOME", "holds vise/, histories (default: ~/.local/state)" },
  { "USER", "the author that `vise recipes new` writes down" },
  { "WAYLAND_DISPLAY, DISPLAY", "a desktop: `vise demo` opens its report there" },
  { "PWD", "the folder as the shell calls it, for the report's address" },
  { "NO_COLOR", "if it is set: no colours" },
  { "CLICOLOR_FORCE", "if it is set and not 0: colours on a pipe, too" },
  { "TERM, COLORTERM", "which colours and cursor movements the terminal has; none if dumb" },
  { "COLUMNS, LINES", "less than the terminal's own size" },
  { "LC_ALL, LC_CTYPE, LANG", "UTF-8: letters beyond ASCII in pictures and tables" },
}
