-- The examples of the documentation, run as they stand.

local core = require "vise.core"

local function read(path)
  local f <close> = assert(io.open(path))
  return f:read "a"
end

-- The ```lua examples of a page, each with the line it begins on.
local function examples(path)
  local list, code, first, number = {}, nil, nil, 0
  for line in (read(path) .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if code and line:find "^```" then
      list[#list + 1] = { code = table.concat(code, "\n"), line = first }
      code = nil
    elseif code then
      code[#code + 1] = line
    elseif line == "```lua" then
      code, first = {}, number + 1
    end
  end
  assert(not code, path .. ": an example does not end")
  return list
end

-- What an example sees: Lua, vise and a folder for what it writes; its prints go nowhere.
local function run(example, path, out)
  local env = setmetatable({ OUT = out, print = function() end, vise = require "vise" }, { __index = _G })
  -- Lines keep their numbers, so that a failure names the page's own.
  local chunk = assert(load(("\n"):rep(example.line - 1) .. example.code, "@" .. path, "t", env))
  chunk()
end

describe("docs/guide.md", function()
  local path, out = "docs/guide.md", nil
  before_each(function()
    out = os.tmpname()
    os.remove(out)
    assert(core.disk.mkdir(out))
  end)
  after_each(function() core.disk.remove_tree(out) end)

  for _, example in ipairs(examples(path)) do
    it(("runs the example of line %d"):format(example.line), function() run(example, path, out) end)
  end

  it("uses the public module only", function()
    local text = read(path)
    assert.is_nil(text:find "vise%.core")
    assert.is_nil(text:find "require%s*[%(\"']%s*[\"']?vise%.")
  end)
end)

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
