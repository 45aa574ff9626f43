--- HTML reports and pictures in the terminal.

return function(figures)
  local _, failed, output = figures:spec "tests/lua/html_spec.lua"
  local bytes = tonumber(output:match "1,000 layers: (%d+) bytes")
  figures:at_most("E16", "a report of 1,000 tensors", 2, "MB", (bytes or math.huge) / 1e6,
    "`tests/lua/html_spec.lua`")
  figures:row("E16", "well formed, hostile names escaped, complete without scripts", "yes", failed == 0 and "yes"
    or "no", failed == 0, "`tests/lua/html_spec.lua`")
  figures:tests("E16", "read in a browser, with scripts and without", "tests/browser_spec.lua", nil,
    "VISE_TEST_BROWSER=1")
  figures:tests("E17", "histogram, line, bars, scatter, heat map, image: golden text", "tests/lua/plot_spec.lua")
  figures:tests("E17", "the tensors and images that are shown", "tests/lua/picture_spec.lua")
end
