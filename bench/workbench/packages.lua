--- Recipes: those that ship, bad headers, packages, runs that are repeated.

local core = require "vise.core"

-- What each package has to have.
local HAS = { "README.md", "header.lua", "test", "expected.json", "LICENSE" }

local function shipped(figures)
  local good, count, runs = 0, 0, os.tmpname()
  os.remove(runs)
  for name in figures.output "ls recipes":gmatch "[^\n]+" do
    local folder, whole = "recipes/" .. name, true
    if core.disk.exists(folder .. "/header.lua") then
      count = count + 1
      for _, file in ipairs(HAS) do whole = whole and core.disk.exists(folder .. "/" .. file) end
      local ok = os.execute(("VISE_RUNS='%s' '%s' recipes check '%s' >/dev/null 2>&1"):format(runs, figures.program,
        folder))
      if whole and ok then good = good + 1 end
    end
  end
  core.disk.remove_tree(runs)
  figures:row("E20", "packages with README, header, test and expected results that pass", ">= 12, all",
    ("%d of %d"):format(good, count), good == count and good >= 12, "`vise recipes check`")
end

return function(figures)
  figures:tests("E19", "runs repeated from their folder, to the byte; E23: any changed byte is refused and named",
    "tests/runs/rerun_spec.lua", nil, "VISE_TEST_SLOW=1")
  figures:tests("E19", "what a run's folder holds, and that it is whole wherever it stops", "tests/runs/log_spec.lua")
  shipped(figures)
  local _, failed, output = figures:spec "tests/lua/recipe_header_spec.lua"
  local kinds = tonumber(output:match "bad headers: (%d+)") or 0
  figures:row("E21", "kinds of bad headers that are refused by name", ">= 40", ("%d"):format(kinds), failed == 0
    and kinds >= 40, "`tests/lua/recipe_header_spec.lua`")
  figures:tests("E22", "one hash and one archive wherever a package lies", "tests/recipe/package_spec.lua")
  figures:tests("E23", "the recipe in an artefact, and its lock", "tests/runs/carried_spec.lua")
end
