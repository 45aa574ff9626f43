-- Help, manual, reference and completion are made from one table, and say the same.

local cli = require "vise.cli"
local disk = require("vise.core").disk
local docs = require "vise.docs"
local roff = require "vise.docs.roff"
local usage = require "vise.cli.usage"

local files = {}
for _, file in ipairs(docs.files()) do files[file[1]] = file[2] end

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

-- Running text without its line breaks.
local function unfolded(s)
  return (s:gsub("%s+", " "))
end

describe("what is made from the descriptions", function()
  for _, path in ipairs(cli.paths()) do
    it("shows everything about " .. path .. " in every form", function()
      local command = cli.command(path)
      local long = usage.command(command, true)
      local page = assert(files[("man/man1/vise-%s.1"):format(path:gsub(" ", "-"))])
      local from = assert(files["reference/commands.md"]:find(("\n## vise %s\n"):format(path), 1, true))
      local part = files["reference/commands.md"]:sub(from, (files["reference/commands.md"]:find("\n## ", from + 1)))
      local function shown(s, what)
        assert.is_truthy(unfolded(long):find(unfolded(s), 1, true), what .. " in help: " .. s)
        assert.is_truthy(unfolded(page):find(unfolded(roff.running(s)):gsub("\\ ", " "), 1, true)
          or unfolded(page):find(unfolded(roff.running(s)), 1, true), what .. " in man: " .. s)
        assert.is_truthy(unfolded(part):find((unfolded(s):gsub("|", "\\|")), 1, true), what .. " in reference: " .. s)
      end
      for _, spec in ipairs(command.arguments) do shown(spec.help, spec.name) end
      for _, spec in ipairs(command.options) do
        shown(spec.help, spec.name)
        assert.is_truthy(long:find("--" .. spec.name, 1, true))
        assert.is_truthy(page:find("\\fB\\-\\-" .. roff.plain(spec.name) .. "\\fR", 1, true), spec.name)
        assert.is_truthy(part:find("--" .. spec.name, 1, true))
      end
      for _, example in ipairs(command.examples) do
        shown(example[2], "example")
        assert.is_truthy(page:find(roff.bold(example[1]), 1, true))
        assert.is_truthy(part:find(example[1], 1, true))
      end
    end)
  end

  it("is the reference that lies in docs/reference", function()
    for path, bytes in pairs(files) do
      if path:find "^reference/" then
        assert.is_true(bytes == read("docs/" .. path), "docs/" .. path .. " is old: make reference")
      end
    end
    local find <close> = io.popen "ls docs/reference"
    for name in find:lines() do assert.is_string(files["reference/" .. name], name .. " is made by nobody") end
  end)

  it("is written with its folders, and the same twice", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert.equal(#docs.files(), docs.write(folder .. "/a/b"))
    for path, bytes in pairs(files) do assert.equal(bytes, read(folder .. "/a/b/" .. path)) end
    assert(disk.remove_tree(folder))
    local _, _, id = docs.write "/dev/null/x"
    assert.matches("^E%-FS%-", id)
  end)

  it("has every environment variable that the sources read", function()
    local known = {}
    for _, row in ipairs(require "vise.cli.environment") do
      for name in row[1]:gmatch "[%u_]+" do known[name] = true end
    end
    local find <close> = io.popen "find lua engine backends -name '*.c' -o -name '*.lua'"
    for path in find:lines() do
      for name in read(path):gmatch 'env%s*%(?%s*"([%u_]+)"' do
        assert.is_true(known[name] or name == "HOME", ("%s of %s"):format(name, path))
      end
    end
  end)
end)

describe("the manual", function()
  it("guards what roff would read as its own", function()
    local page = roff.page("a-b", 1, "x", "vise", "2026-01-01")
    page:section "TEXT"
    page:text ".so /etc/passwd 'x' \\fB `a b -c` ~ ^ \" `"
    page:item(".x", "y")
    local bytes = page:bytes()
    assert.is_nil(bytes:find "\n%.so")
    assert.is_nil(bytes:find "\n%.x")
    assert.is_truthy(bytes:find("\\&.so /etc/passwd \\(aqx\\(aq \\efB \\fBa\\ b\\ \\-c\\fR \\(ti \\(ha \\(dq \\(ga",
      1, true))
  end)

  local function lint(tool, command, name)
    if not os.execute(("command -v %s >/dev/null"):format(tool)) then
      pending("there is no " .. tool, function() end)
      return
    end
    it("is without fault to " .. name, function()
      local folder = os.tmpname()
      os.remove(folder)
      assert(docs.write(folder))
      local pipe <close> = io.popen((command:gsub("DIR", folder)))
      assert.equal("", pipe:read "a")
      assert(disk.remove_tree(folder))
    end)
  end
  lint("mandoc", "mandoc -Tlint DIR/man/*/* 2>&1", "mandoc")
  lint("groff", "groff -man -Tutf8 -K utf8 -wall -b -z DIR/man/*/* 2>&1", "groff")
end)
