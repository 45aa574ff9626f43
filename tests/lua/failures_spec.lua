-- What a person reads when something fails: the id, the place, what was found, and the next step.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local failure = require "vise.cli.failure"
local program = require "program"

local DIT = dit.path

-- A folder of faulty inputs.
local place

local function write(name, bytes)
  assert(core.disk.write(place .. "/" .. name, bytes))
  return place .. "/" .. name
end

local function recipe(name, header, body)
  assert(core.disk.mkdir(place .. "/" .. name))
  write(name .. "/header.lua", header)
  if body then write(name .. "/recipe.lua", body) end
  return place .. "/" .. name
end

local HEADER = '{ name = "r", version = "1.0.0", summary = "s", license = "MIT", params = { bits = { type = "integer",'
  .. ' default = 4, min = 2, max = 8, help = "h" } } }'

local function safetensors(header, data)
  return string.pack("<s8", header) .. (data or "")
end

-- Each: arguments, the id, and what the first line must name.
local function cases()
  local cut = write("cut.safetensors", string.pack("<I8", 1 << 30) .. "{}")
  local empty = write("empty.safetensors", "")
  local hostile = write("hostile.safetensors",
    safetensors('{"\\u001b[31mred":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}', "abcd"))
  local fine = recipe("fine", HEADER, "return function(job) end")
  return {
    { "frobnicate", "E-US-01", "frobnicate" },
    { "--frobnicate", "E-US-02", "--frobnicate" },
    { "inspect --statz x", "E-US-02", "did you mean '--stats'" },
    { "inspect", "E-US-05", "inspect" },
    { "inspect --histogram", "E-US-03", "--histogram" },
    { "bench --repeats many", "E-US-04", "many" },
    { "inspect no/such/file", "E-US-06", "no/such/file" },
    { "inspect " .. cut, "E-ST-04", "cut.safetensors" },
    { "inspect " .. empty, "E-ST-01", "empty.safetensors" },
    { "inspect " .. hostile, "E-ST-16", "hostile.safetensors" },
    { "inspect " .. DIT .. " --variant fp61", "E-HF-14", "fp61" },
    { "inspect " .. DIT .. " --variant fp16 --histogram no.such", "E-US-11", "no.such" },
    { "export " .. place .. " --to cache-dit --variant fp16 --out " .. place .. "/x --model " .. DIT, "E-AR-01",
      place },
    { "help frobnicate", "E-US-08", "frobnicate" },
    { "explain frobnicate", "E-US-08", "frobnicate" },
    { place .. "/none.lua", "E-US-06", "none.lua" },
    { write("broken.lua", "local x = = 3"), "E-US-09", "broken.lua:1" },
    { "run " .. place .. "/nothing", "E-RC-01", "nothing" },
    { "run " .. recipe("headless", "{ name = f() }", "return 1"), "E-RC-02", "header.lua:1" },
    { "run " .. recipe("unnamed", "{ }", "return 1"), "E-RC-03", "name" },
    { "run " .. recipe("bodyless", HEADER), "E-RC-01", "recipe.lua" },
    { "run " .. recipe("broken", HEADER, "return = 3"), "E-RC-06", "recipe.lua:1" },
    { "run " .. recipe("nobody", HEADER, "return 3"), "E-RC-06", "recipe.lua" },
    { "run " .. recipe("raises", HEADER, "return function(job)\n error 'oops' end"), "E-RC-07", "recipe.lua:2" },
    { "run " .. recipe("modeless", HEADER, "return function(job) return job.model end"), "E-RC-08", "model" },
    { "run " .. fine .. " -p bts=4", "E-RC-04", "bts" },
    { "run " .. fine .. " -p bits=9", "E-RC-05", "from 2 to 8" },
    { "run " .. fine .. " -p bits", "E-US-04", "bits" },
    { "run int8 --model " .. place, "E-HF-13", place },
    { "run int8 --dry-run --variant fp16 --model " .. DIT .. " -p 'exclude=transformer_block.*'", "E-RC-15",
      "transformer_block" },
    { "compare " .. cut .. " " .. cut, "E-ST-04", "cut.safetensors" },
    { "eval " .. DIT .. " --variant fp16", "E-US-05", "" },
    { "bench frobnicate", "E-US-04", "frobnicate" },
  }
end

-- What is wrong with how the program says it; nil if nothing is.
local function problem_of(arguments, id, names)
  local status, out, err = program.run(arguments, "VISE_RUNS=" .. place .. "/runs")
  -- A run that fails has a log, and says first where it is.
  local first = err:match "^vise: [^\n]*" or err:match "\n(vise: [^\n]*)" or ""
  local function wrong(what) return ("%s: %s\n%s%s"):format(arguments, what, out, err) end
  if out ~= "" then return wrong "prints to stdout" end
  if not first:find("vise: " .. id .. ": ", 1, true) then return wrong("is not " .. id) end
  if not first:find(names, 1, true) then return wrong("does not name " .. names) end
  -- The temporary folder's name is not ours to shorten.
  if #first:gsub(place, "") >= 200 then return wrong "is too long" end
  if not err:find "\n  next: [%w`][^\n]+%.\n" then return wrong "has no next step" end
  if err:find "[\0-\9\11-\31\127]" then return wrong "has control characters" end
  if status ~= failure.status(id) then return wrong("exits with " .. status) end
end

describe("a failure", function()
  setup(function()
    place = os.tmpname()
    os.remove(place)
    assert(core.disk.mkdir(place))
  end)
  teardown(function() os.execute("rm -r " .. place) end)

  it("has an id, a place, a next step, one line of fewer than 200 characters, and no control characters", function()
    local wrong, all = {}, cases()
    for _, case in ipairs(all) do
      local problem = problem_of(table.unpack(case))
      if problem then wrong[#wrong + 1] = problem end
    end
    print(("failures: %d, %d of them wrong"):format(#all, #wrong))
    assert.equal("", table.concat(wrong, "\n"))
  end)
end)
