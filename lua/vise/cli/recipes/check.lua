--- vise recipes check: is a package fit to be given away?

local function write_lines(label, lines)
  for _, line in ipairs(lines) do
    local shown = require("vise.text").escape_lines(line):gsub("\n", "\n         ")
    io.stdout:write(("  %-7s%s\n"):format(label, shown))
  end
end

local function write_check(check, verbose)
  local seconds, planned = 0, 0
  for _, outcome in ipairs(check.tests) do seconds = seconds + outcome.seconds end
  for _, run in ipairs(check.dry_runs) do planned = planned + (run.outcome == "planned" and 1 or 0) end
  local verdict = #check.errors == 0 and "ok" or ("%d error%s"):format(#check.errors, #check.errors == 1 and "" or "s")
  io.stdout:write(check.name, check.version and " " .. check.version or "", ": ", verdict)
  if #check.tests > 0 then
    io.stdout:write((", %d test file%s in %.1f s"):format(#check.tests, #check.tests == 1 and "" or "s", seconds))
  end
  if #check.dry_runs > 0 then
    local refused = #check.dry_runs - planned
    io.stdout:write((", %d dry runs%s"):format(#check.dry_runs,
      refused > 0 and (", %d refused by name"):format(refused) or ""))
  end
  io.stdout:write "\n"
  write_lines("error", check.errors)
  if verbose then
    write_lines("note", check.notes)
    for _, run in ipairs(check.dry_runs) do
      write_lines("plan", { ("%s, %s: %s"):format(run.family, run.params, run.outcome) })
    end
  elseif #check.notes > 0 then
    io.stdout:write(("  %d note%s: --verbose shows them\n"):format(#check.notes, #check.notes == 1 and "" or "s"))
  end
  for _, line in ipairs(check.sentence) do io.stdout:write("  | ", line, "\n") end
end

local function plain(check)
  local core, out = require "vise.core", {}
  for key, value in pairs(check) do out[key] = type(value) == "table" and core.array(value) or value end
  out.ok = #check.errors == 0
  return out
end

return {
  name = "check",
  summary = "checks recipe packages before they are given away",
  text = "The header, the syntax and the names that the code uses, the README, the tests in test/ (under 5 s), and "
    .. "dry runs on the small models that come with vise: with the defaults, and with three sets of parameters drawn "
    .. "inside their ranges, which must be planned or refused by name. The lines after | are what a person is told "
    .. "before trusting the recipe. Ends with 1 if a package has errors.",
  arguments = { { name = "package", type = "place", repeatable = true, complete = "recipes",
    help = "a recipe's folder or name" } },
  options = {
    { name = "verbose", short = "v", type = "flag", help = "with notes and every dry run" },
    { name = "json", type = "flag", help = "print the outcome as one JSON object" },
  },
  examples = {
    { "vise recipes check ./my-recipe", "everything that can be checked without running it whole" },
    { "vise recipes check recipes/* --json", "several packages, for programs" },
  },
  run = function(ctx)
    local checks, failed = {}, 0
    for i, name in ipairs(ctx.args.package) do
      local check, message, id = require("vise.recipe.check").package(name)
      if not check then return nil, message, id end
      if #check.errors > 0 then failed = failed + 1 end
      if not ctx.options.json then write_check(check, ctx.options.verbose) end
      checks[i] = plain(check)
    end
    if ctx.options.json then
      local core = require "vise.core"
      io.stdout:write(core.json_encode({ schema = 1, ok = failed == 0, packages = core.array(checks) }, 2), "\n")
    end
    return failed > 0 and 1 or 0
  end,
}
