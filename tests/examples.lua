-- Runs the examples of the reference, each in an environment of its own: `vise tests/examples.lua`, in
-- a folder where models/dit and models/stories are.  Prints "ok NAME" or "bad NAME: why" for each.
--
-- An example has to call the function that it is for.  What that takes and gives is held against the
-- types of its description, and what stands behind "-->" against what was printed or returned there.

package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path

local describe = require "vise.describe"
local classes = require "classes"
local luacats = require "luacats"
local vise = require "vise"

local SOURCE = "=example"

classes.models = { dit = "models/dit", llama = "models/stories" }

local function words(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- `code --> shown` becomes a call that compares: lines keep their places.
local function with_checks(code)
  return (code:gsub("([^\n]*)", function(line)
    local before, shown = line:match "^(.-)%s*%-%->%s*(.*)$"
    if not before then return line end
    assert(load("return " .. before) or load(before), "no statement before -->: " .. line)
    local expression = load("return " .. before) ~= nil
    return ("check(%q, function() %s%s end)"):format(shown, expression and "return " or "", before)
  end))
end

-- What an example sees: Lua, vise, and a print whose lines are kept.
local function environment(job)
  local printed = {}
  local env = setmetatable({ vise = vise, job = job }, { __index = _G })
  function env.print(...)
    local cells = table.pack(...)
    for i = 1, cells.n do cells[i] = tostring(cells[i]) end
    printed[#printed + 1] = table.concat(cells, " ")
  end
  function env.check(shown, f)
    printed = {}
    local results = table.pack(f())
    if #printed == 0 then env.print(table.unpack(results, 1, results.n)) end
    local got = words(table.concat(printed, " "))
    if got ~= words(shown) then error(("shows %q, says --> %q"):format(got, shown), 0) end
  end
  return env
end

-- The job of a small recipe, as `vise run` makes it, whose lines go nowhere.
local function make_job()
  local recipe = { folder = ".", header = { name = "example", params = { rank = { default = 8 } } } }
  local job = require("vise.job").new(recipe, { model = "models/dit", variant = "fp16", data = {}, out = "out",
    params = { rank = 8, images = 2, steps = 2 } })
  job.stream = assert(io.open("/dev/null", "w"))
  return job
end

-- Where a function is: the table, and its key there.
local function place_of(ref, fn, job)
  if job then return job, fn.name end
  if ref.kind == "class" and not fn.static then return classes.methods(ref.class), fn.name end
  local at, path = vise, {}
  for word in describe.full_name(ref, fn):gsub("^vise%.", ""):gmatch "[^.]+" do path[#path + 1] = word end
  for i = 1, #path - 1 do at = at[path[i]] end
  return at, path[#path]
end

local function check_arguments(fn, arguments, is_method)
  for i, argument in ipairs(fn.arguments) do
    if argument[1] == "..." then break end
    local problem = luacats.check_value(arguments[(is_method and 1 or 0) + i], argument)
    if problem then return ("argument %s %s"):format(argument[1], problem) end
  end
end

local function check_results(fn, results)
  if results[1] == nil and type(results[2]) == "string" and tostring(results[3]):find "^E%-%u%u%-%d%d$" then
    return "fails: " .. results[2]
  end
  local described, given = fn.returns or {}, results.n
  for i, result in ipairs(described) do
    if result[2] == "..." then return nil end
    local problem = luacats.check_value(results[i], luacats.turned(result))
    if problem then return ("result %s %s"):format(result[2], problem) end
  end
  while given > 0 and results[given] == nil do given = given - 1 end
  if given > #described then return ("gives %d results, %d are described"):format(given, #described) end
end

-- Looks at the calls that the example itself makes: returns what takes the watch off, and gives how many
-- there were and the first problem.
local function watch(ref, fn, job)
  local place, key = place_of(ref, fn, job)
  local original, calls, problem = place[key], 0, nil
  place[key] = function(...)
    if debug.getinfo(2, "S").source ~= SOURCE then return original(...) end
    calls = calls + 1
    problem = problem or check_arguments(fn, { ... }, ref.kind == "class" and not fn.static)
    local results = table.pack(original(...))
    problem = problem or check_results(fn, results)
    return table.unpack(results, 1, results.n)
  end
  return function()
    place[key] = original
    return calls, problem
  end
end

local function run(ref, fn)
  local code = with_checks((ref.prelude or "") .. "\n" .. fn.example)
  local job = ref.job and make_job()
  local chunk, problem = load(code, SOURCE, "t", environment(job))
  if not chunk then return problem end
  local unwatch = watch(ref, fn, job)
  local ok, raised = pcall(chunk)
  local calls, wrong = unwatch()
  if not ok then return tostring(raised) end
  return calls == 0 and "does not call the function" or wrong
end

local wanted = arg[1]
for _, ref in describe.each() do
  for _, fn in ipairs(ref.functions) do
    local name = describe.full_name(ref, fn)
    if not wanted or name == wanted then
      local problem = run(ref, fn)
      print(problem and ("bad %s: %s"):format(name, problem:gsub("\n", " | ")) or "ok " .. name)
    end
  end
end
