-- Every command and subcommand is described whole, and found by its words.

local cli = require "vise.cli"
local parse = require "vise.cli.parse"
local support = require "support"

local program = arg[-1]

describe("the description of the commands", function()
  local types = { flag = true }
  for _, name in ipairs(parse.types()) do types[name] = true end

  it("covers every file below lua/vise/cli that is a command", function()
    local listed = {}
    for _, name in ipairs(cli.paths()) do listed[name] = true end
    local find <close> = io.popen "cd lua/vise/cli && find . -name '*.lua'"
    for file in find:lines() do
      local words = file:match("^%./(.*)%.lua$"):gsub("/", " ")
      local module = require("vise.cli" .. (words == "init" and "" or "." .. words:gsub(" ", ".")))
      assert.equal(listed[words] == true, module.summary ~= nil, words)
    end
  end)

  for _, name in ipairs(cli.paths()) do
    it("is complete for " .. name, function()
      local command, seen = cli.command(name), { help = true }
      assert.is_true(#command.summary > 0 and #command.summary < 80)
      assert.is_true(#command.examples > 0)
      assert.is_truthy(command.run or command.commands)
      for _, spec in ipairs(command.arguments) do
        assert.is_true(types[spec.type], spec.name)
        assert.is_true(#spec.help > 0, spec.name)
      end
      for _, spec in ipairs(command.options) do
        assert.is_true(types[spec.type], spec.name)
        assert.is_true(#spec.help > 0, spec.name)
        for _, key in ipairs { spec.name, spec.short } do
          assert.is_nil(seen[key], key)
          seen[key] = true
        end
      end
      for _, example in ipairs(command.examples) do
        assert.matches("vise " .. name, example[1], 1, true)
        assert.is_true(#example[2] > 0)
      end
    end)
  end
end)

describe("subcommands", function()
  -- A program with a command of two commands, one of which also does something by itself.
  local script = support.file([[
    local cli = require "vise.cli"
    local function add(path, description)
      description.examples = { { "vise " .. path, "an example" } }
      package.loaded["vise.cli." .. path:gsub(" ", ".")] = description
    end
    table.insert(cli.names, "tools")
    table.insert(cli.names, "boxes")
    add("tools", { summary = "works on tools", commands = { "list", "show" } })
    add("tools list", { summary = "lists tools", options = { { name = "all", type = "flag", help = "all" } },
      run = function(ctx) print("list", ctx.options.all) return 0 end })
    add("tools show", { summary = "shows a tool",
      arguments = { { name = "tool", type = "string", help = "which" } },
      run = function(ctx) print("show", ctx.args.tool) return 0 end })
    add("boxes", { summary = "works on boxes", commands = { "open" }, run = function() print "boxes" return 0 end })
    add("boxes open", { summary = "opens a box", run = function() print "open" return 0 end })
    os.exit(cli.main({ ... }, function() return false end))
  ]], ".lua")
  teardown(function() os.remove(script) end)

  local function run(words)
    local pipe <close> = io.popen(("%s %s %s 2>&1; echo $?"):format(program, script, words))
    local out, status = pipe:read("a"):match "^(.-)(%d+)\n$"
    return tonumber(status), out
  end

  it("run by both their words", function()
    assert.same({ 0, "list\tnil\n" }, { run "tools list" })
    assert.same({ 0, "list\ttrue\n" }, { run "tools list --all" })
    assert.same({ 0, "show\tlist\n" }, { run "tools show list" })
  end)

  it("leave a command that runs by itself alone", function()
    assert.same({ 0, "boxes\n" }, { run "boxes" })
    assert.same({ 0, "open\n" }, { run "boxes open" })
  end)

  it("are listed by their command, called alone or for help", function()
    for _, words in ipairs { "tools", "tools -h", "tools --help", "help tools" } do
      local status, out = run(words)
      assert.equal(0, status)
      assert.matches("\nusage: vise tools COMMAND ...\n", out, 1, true)
      assert.matches("\n  list  lists tools\n  show  shows a tool\n", out, 1, true)
    end
    assert.matches("usage: vise boxes [COMMAND ...]", select(2, run "boxes -h"), 1, true)
  end)

  it("have help of their own", function()
    for _, words in ipairs { "tools show --help", "help tools show" } do
      local status, out = run(words)
      assert.equal(0, status)
      assert.matches("vise tools show: shows a tool\n\nusage: vise tools show TOOL\n", out, 1, true)
    end
  end)

  it("are suggested, and named whole in what is said of them", function()
    local status, out = run "tools lst"
    assert.equal(64, status)
    assert.matches("E-US-01: no command 'tools lst'; did you mean 'list'?", out, 1, true)
    assert.matches("\n  usage: vise tools --help\n", out, 1, true)
    assert.matches("'vise tools list' has no option '--al'; did you mean '--all'?",
      select(2, run "tools list --al"), 1, true)
    assert.matches("did you mean 'open'?", select(2, run "boxes opne"), 1, true)
    assert.equal(64, (run "'tools list'"))
  end)
end)
