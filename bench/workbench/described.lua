--- Whether all that people can use is described, in every form, and whether errors and suggestions help.

local cli, docs, forms = require "vise.cli", require "vise.docs", require "vise.forms"

-- Options that are in the help, the manual page, the completion and the reference alike.
local function options_of(path, pages)
  local command, words = cli.command(path), { "vise" }
  for word in (path .. " --"):gmatch "%S+" do words[#words + 1] = word end
  local offered = {}
  for _, entry in ipairs(require("vise.completion").answer(words).words) do offered[entry[1]] = entry[2] end
  local help = require("vise.cli.usage").command(command, true)
  local page = pages[("man/man1/vise-%s.1"):format((path:gsub(" ", "-")))] or ""
  local whole = 0
  for _, spec in ipairs(command.options) do
    local long = "--" .. spec.name
    if offered[long] == spec.help and help:find(long, 1, true) and page:find((long:gsub("%-", "\\-")), 1, true)
      and pages["reference/commands.md"]:find(long, 1, true) then whole = whole + 1 end
  end
  return whole, #command.options
end

local function commands(figures)
  local pages = {}
  for _, file in ipairs(docs.files()) do pages[file[1]] = file[2] end
  local whole, options, paths = 0, 0, cli.paths()
  for _, path in ipairs(paths) do
    local w, n = options_of(path, pages)
    whole, options = whole + w, options + n
  end
  figures:all_of("E5", ("options of %d commands in help, man, completion and reference"):format(#paths), whole,
    options, "bench/workbench/described.lua")
  local printing, described = forms.commands(), 0
  for _, path in ipairs(printing) do
    if pages[("schemas/vise-%s.schema.json"):format((path:gsub(" ", "-")))] then described = described + 1 end
  end
  figures:all_of("E11", "commands with --json that have a schema", described, #printing,
    "bench/workbench/described.lua")
end

local function error_ids(figures)
  local whole, count = 0, 0
  for _, entry in pairs(require "vise.errors") do
    count = count + 1
    if entry.title and entry.next and entry.explain then whole = whole + 1 end
  end
  figures:all_of("E8", "error ids with a title, a next step and a page", whole, count, "`vise explain ID`")
  figures:tests("E8", "pages of the ids, methods and types are whole", "tests/lua/explain_spec.lua")
  local _, failed, output = figures:spec "tests/lua/failures_spec.lua"
  local cases = output:match "failures: (%d+)"
  figures:row("E8", "failures with id, place, next step, below 200 characters, without control characters", "all",
    ("%s provoked"):format(cases or "none"), failed == 0 and cases ~= nil, "`tests/lua/failures_spec.lua`")
end

return function(figures)
  commands(figures)
  figures:tests("E5", "help, man, stubs, schemas and reference agree", "tests/lua/generated_docs_spec.lua")
  local _, failed, output = figures:spec "tests/lua/describe_spec.lua"
  local functions, examples = output:match "described: (%d+) functions, (%d+) with"
  figures:all_of("E5", "Lua functions that are described, and nothing else is there", failed == 0
    and tonumber(functions) or 0, tonumber(functions) or 0, "`tests/lua/describe_spec.lua`")
  local ran, wrong = figures:spec "tests/lua/examples_spec.lua"
  figures:row("E6", "examples of Lua functions that run and show what they say", ("all %s"):format(examples),
    ("%d"):format(ran), wrong == 0 and ran == tonumber(examples), "`tests/lua/examples_spec.lua`")
  _, failed, output = figures:spec "tests/lua/suggest_spec.lua"
  local right = tonumber(output:match "typos: (%d+) of 200") or 0
  figures:row("E7", "one-edit typos of 200 whose name is among the first three", ">= 95 %",
    ("%.3g %%"):format(right / 2), failed == 0 and right >= 190, "`tests/lua/suggest_spec.lua`")
  error_ids(figures)
  figures:tests("E9", "completion of bash, zsh and fish, in those shells", "tests/lua/completion_spec.lua")
  figures:tests("E11", "what --json prints fits its schema", "tests/lua/forms_spec.lua")
  figures:tests("E14", "80 columns, no colour, no Unicode", "tests/lua/narrow_spec.lua")
end
