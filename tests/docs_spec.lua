-- The documentation.  The Lua of the pages runs as it stands, files that they show are written, and their
-- commands are typed into a shell, in the order of the page; what they are shown to print has to be there, but
-- for digits.

local core = require "vise.core"

local function read(path)
  local f <close> = assert(io.open(path))
  return f:read "a"
end

local PAGES = { "README.md", "docs/guide.md", "docs/tutorial.md", "docs/how-to.md", "docs/own-algorithm.md",
  "docs/own-model.md", "docs/transforms.md" }
local SLOW = os.getenv "VISE_TEST_SLOW" == "1"

-- The examples of a page: kind, the file it is to become if any, the text, the line it begins on.
local function examples(path)
  local list, open, number = {}, nil, 0
  for line in (read(path) .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    local kind, file = line:match "^```(%a+) ?(%S*)$"
    if open and line == "```" then
      open.text = table.concat(open.lines, "\n")
      list[#list + 1], open = open, nil
    elseif open then
      open.lines[#open.lines + 1] = line
    elseif kind then
      open = { kind = kind, file = file ~= "" and file or nil, lines = {}, line = number + 1 }
    end
  end
  assert(not open, path .. ": an example does not end")
  return list
end

-- What an example sees: Lua, vise and a folder for what it writes; its prints go nowhere.
local function run_lua(example, path, out)
  local env = setmetatable({ OUT = out, print = function() end, vise = require "vise" }, { __index = _G })
  -- Lines keep their numbers, so that a failure names the page's own.
  local chunk = assert(load(("\n"):rep(example.line - 1) .. example.text, "@" .. path, "t", env))
  chunk()
end

-- Sizes are the same everywhere; their digits are kept, as letters.
local EXACT = { bytes = true, layers = true, left = true, bits = true }

local function kept(number, unit)
  if EXACT[unit] then return number:gsub("[%d.]", function(c) return string.char(c:byte() + 32) end) .. " " .. unit end
end

-- A line without what differs from machine to machine and run to run: ids, digits and their spaces.
local function masked(line)
  line = line:gsub("([%d.]+) (%a+)", kept)
  return (line:gsub("%d%d%d%d%d%d%d%d%-%d%d%d%d%d%d%-[%w-]+", "ID"):gsub("[%d.]+", "#"):gsub("%s+", " ")
    :gsub("^ ", ""):gsub(" $", ""))
end

local function type_in(command, folder)
  local source = core.disk.real "."
  local program = core.disk.real "/proc/self/exe"
  local pipe = io.popen(([[cd '%s' && ln -sfn '%s/recipes' recipes && vise() { '%s' "$@"; } &&
    export VISE_RUNS="$PWD/runs" XDG_DATA_HOME="$PWD/data" COLUMNS=120 LC_ALL=C.UTF-8 && { %s
    } 2>/dev/null; echo "status $?"]]):format(folder, source, program, command))
  local said, status = pipe:read "a":match "^(.*)status (%d+)\n$"
  pipe:close()
  return said, status
end

-- The commands of an example, each with the lines it is shown to print.
local function run_console(example, folder)
  local commands = {}
  for _, line in ipairs(example.lines) do
    local command = line:match "^%$ (.*)$"
    if command then commands[#commands + 1] = { command = command, lines = {} } else
      table.insert(commands[#commands].lines, line)
    end
  end
  for _, c in ipairs(commands) do
    local said, status = type_in(c.command, folder)
    assert.equal("0", status, c.command)
    local there = {}
    for line in said:gmatch "[^\n]+" do there[masked(line)] = true end
    for _, line in ipairs(c.lines) do
      if line ~= "..." and line ~= "" then
        assert.is_true(there[masked(line)] or false, ("%s: it does not print \"%s\"; it prints\n%s"):format(c.command,
          line, said))
      end
    end
  end
end

local function write_file(example, folder)
  assert(core.disk.exists(folder .. "/" .. (example.file:match "^(.*)/" or ".")) == "folder", example.file)
  assert(core.disk.write(folder .. "/" .. example.file, example.text .. "\n"))
end

for _, path in ipairs(PAGES) do
  describe(path, function()
    local out
    setup(function()
      out = os.tmpname()
      os.remove(out)
      assert(core.disk.mkdir(out))
    end)
    teardown(function() core.disk.remove_tree(out) end)

    for _, example in ipairs(examples(path)) do
      it(("runs the example of line %d"):format(example.line), function()
        if example.file then
          if SLOW then write_file(example, out) end
        elseif example.kind == "lua" and path ~= "README.md" then -- that one is readme_spec's
          run_lua(example, path, out)
        elseif example.kind == "console" then
          if not SLOW then pending "the commands of the documentation: set VISE_TEST_SLOW=1" end
          run_console(example, out)
        end
      end)
    end

    it("uses the public module only", function()
      local text = read(path):gsub('require "vise"', "")
      assert.is_nil(text:find "vise%.core")
      assert.is_nil(text:find "require%s*[%(\"']%s*[\"']?vise%.")
    end)
  end)
end

for _, path in ipairs { "docs/own-algorithm.md", "docs/own-model.md" } do
  it(path .. " shows a whole one in less than 60 lines of Lua", function()
    local longest = 0
    for _, example in ipairs(examples(path)) do
      if example.kind == "lua" then longest = math.max(longest, #example.lines) end
    end
    assert.is_true(longest < 60, tostring(longest))
  end)
end

describe("the documentation", function()
  it("names no place of this machine", function()
    local find <close> = io.popen "ls docs/*.md README.md CONTRIBUTING.md recipes/*/README.md"
    for path in find:lines() do
      local text = read(path)
      for _, place in ipairs { "/home/", "/root/", "/work/", "/tmp/" } do
        assert.is_nil(text:find(place, 1, true), path .. " names " .. place)
      end
    end
  end)

  it("links to pages that are there", function()
    local find <close> = io.popen "ls docs/*.md README.md CONTRIBUTING.md"
    for path in find:lines() do
      local folder = path:match "^(.*/)" or ""
      for target in read(path):gmatch "%]%(([^)#]+)%)" do
        if not target:find "^https?:" then
          assert.is_truthy(core.disk.exists(folder .. target), ("%s links to %s"):format(path, target))
        end
      end
    end
  end)
end)
