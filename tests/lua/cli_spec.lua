local parse = require "vise.cli.parse"
local support = require "support"
local text = require "vise.text"

local function command(arguments, options)
  return { name = "test", summary = "a test", arguments = arguments or {}, options = options or {},
    examples = {} }
end

local function accepted(description, ...)
  local ctx, message = parse.words(description, { ... })
  return assert(ctx, message)
end

local function refused(description, ...)
  local ctx, message, id = parse.words(description, { ... })
  assert.is_nil(ctx)
  return id, message
end

-- The program that runs these tests.
local program = arg[-1]

-- Runs it on a pipe: its status, stdout and stderr.
local function run(arguments, input)
  local from = support.file(input or "")
  local status, out, err = require("program").run(("%s <%s"):format(arguments, from))
  os.remove(from)
  return status, out, err
end

describe("the command line's parser", function()
  local one = command({ { name = "path", type = "string", help = "x" } }, {
    { name = "rows", short = "n", type = "integer", min = 1, max = 9, default = 3, help = "x" },
    { name = "scale", type = "number", help = "x" },
    { name = "mode", type = "choice", choices = { "fast", "exact" }, help = "x" },
    { name = "param", short = "p", type = "pair", repeatable = true, help = "x" },
    { name = "dry-run", short = "d", type = "flag", help = "x" },
  })

  it("reads long and short options, with and without =", function()
    for _, words in ipairs { { "--rows", "5" }, { "--rows=5" }, { "-n", "5" }, { "-n5" } } do
      assert.equal(5, accepted(one, "x", table.unpack(words)).options.rows)
    end
    local ctx = accepted(one, "-d", "--mode=fast", "--scale", "-1.5e3", "x")
    assert.same({ rows = 3, mode = "fast", scale = -1500.0, dry_run = true, param = {} }, ctx.options)
    assert.equal("x", ctx.args.path)
  end)

  it("takes integers of 64 bits and none beyond", function()
    local any = command { { name = "n", type = "integer", help = "x" } }
    assert.equal(math.mininteger, accepted(any, "--", "-9223372036854775808").args.n)
    assert.equal("E-US-04", refused(any, "--", "-9223372036854775809"))
    assert.equal("E-US-04", refused(any, "--", "9223372036854775808"))
  end)

  it("reads numbers by one exact rule, and says what may have been meant", function()
    local any = command { { name = "n", type = "integer", help = "x" } }
    local real = command { { name = "x", type = "number", help = "x" } }
    assert.equal(0, accepted(any, "--", "-0").args.n)
    assert.equal(math.huge, 1 / accepted(real, "--", "-0.0").args.x) -- 0, not -0
    assert.equal(1000.0, accepted(real, "1e3").args.x)
    for _, case in ipairs {
      { any, "0x10", "'0x10' is not an integer: plain digits only; if 16 is meant, write 16" },
      { any, "1e3", "if 1000 is meant, write 1000" }, { any, "4.0", "if 4 is meant, write 4" },
      { any, "9223372036854775808", "beyond 64 bits" }, { any, "-0.0", "if 0 is meant, write 0" },
      { real, "0x10", "decimal only; if 16 is meant, write 16" }, { real, "1e999", "beyond what a number can be" },
      { real, "1e-999", "too small for a number" },
    } do
      local ctx, message, id = parse.words(case[1], { "--", case[2] })
      assert.is_nil(ctx)
      assert.equal("E-US-04", id)
      assert.matches(case[3], message, 1, true)
    end
  end)

  it("collects what is repeatable and splits pairs at the first =", function()
    local ctx = accepted(one, "x", "-p", "a=1", "-pb=x=y", "--param=c=")
    assert.same({ { "a", "1" }, { "b", "x=y" }, { "c", "" } }, ctx.options.param)
  end)

  it("takes everything after -- as arguments", function()
    assert.equal("--rows", accepted(one, "--", "--rows").args.path)
    assert.equal("-", accepted(one, "-").args.path)
  end)

  it("asks for help wherever it stands, but not after --", function()
    assert.equal("short", accepted(one, "--rows", "-h").help)
    assert.equal("long", accepted(one, "--help").help)
    assert.equal("--help", accepted(one, "--", "--help").args.path)
  end)

  it("refuses wrong words with their ids", function()
    for _, case in ipairs {
      { "E-US-02", "x", "--rwos", "5" }, { "E-US-02", "x", "-q" }, { "E-US-03", "x", "--rows" },
      { "E-US-03", "x", "--dry-run=yes" }, { "E-US-03", "x", "-dn" }, { "E-US-04", "x", "--rows", "1.5" },
      { "E-US-04", "x", "--rows", "10" }, { "E-US-04", "x", "--rows", "0x5" }, { "E-US-04", "x", "--rows", "" },
      { "E-US-04", "x", "--scale", "nan" }, { "E-US-04", "x", "--scale", "0x10" },
      { "E-US-04", "x", "--mode", "fats" },
      { "E-US-04", "x", "-p", "=1" }, { "E-US-04", "x", "-p", "a" }, { "E-US-05" }, { "E-US-05", "x", "y" },
      { "E-US-05", "x", "-n", "1", "-n", "2" },
    } do
      assert.equal(case[1], refused(one, table.unpack(case, 2)), table.concat(case, " "))
    end
  end)

  it("suggests the nearest name", function()
    assert.matches("did you mean '--rows'?", select(2, refused(one, "x", "--rwos", "5")), 1, true)
    assert.matches("did you mean 'fast'?", select(2, refused(one, "x", "--mode", "fats")), 1, true)
  end)

  it("checks that files and folders are there and are what they should be", function()
    local file = support.file "x"
    for kind, good in pairs { file = file, folder = "tests", path = file } do
      local description = command { { name = "it", type = kind, help = "x" } }
      assert.equal(good, accepted(description, good).args.it)
      assert.equal("E-US-06", refused(description, "tests/no such thing"))
    end
    assert.equal("E-US-04", refused(command { { name = "it", type = "file", help = "x" } }, "tests"))
    assert.equal("E-US-04", refused(command { { name = "it", type = "folder", help = "x" } }, file))
    assert.equal("tests", accepted(command { { name = "it", type = "path", help = "x" } }, "tests").args.it)
    os.remove(file)
  end)

  it("takes many where the last argument repeats, none where it is optional", function()
    local many = command { { name = "files", type = "string", repeatable = true, help = "x" } }
    assert.same({ "a", "b", "c" }, accepted(many, "a", "b", "c").args.files)
    assert.equal("E-US-05", refused(many))
    local maybe = command { { name = "file", type = "string", optional = true, help = "x" } }
    assert.is_nil(accepted(maybe).args.file)
  end)
end)

describe("vise.text", function()
  it("escapes what could move a cursor or hide text", function()
    assert.equal("a\\x1b[2Jb", text.escape "a\27[2Jb")
    assert.equal("\\x0a\\x00\\x7f", text.escape "\n\0\127")
    assert.equal("\\x9b1m", text.escape "\u{9b}1m")
    assert.equal("\\u{202e}gnp", text.escape "\u{202e}gnp")
    assert.equal("\\xff\\xc3", text.escape "\xff\xc3")
    assert.equal("größe 重", text.escape "größe 重")
  end)

  it("aligns columns, numbers to the right", function()
    assert.equal("a    10\nbbb   2\n", text.columns { { "a", 10 }, { "bbb", 2 } })
    assert.equal("type  ratio  shape\na         -  2x3\nb     10.25  1\nc      0.5x  4\n", text.columns {
      { "type", "ratio", "shape" }, { "a", "-", "2x3" }, { "b", "10.25", "1" }, { "c", "0.5x", 4 } })
    assert.equal("a  -\nb  -\n", text.columns { { "a", "-" }, { "b", "-" } })
  end)

  it("writes sizes and times for people", function()
    assert.equal("1023 B", text.bytes(1023))
    assert.equal("1.5 KiB", text.bytes(1536))
    assert.equal("0.50 s", text.seconds(0.5))
    assert.equal("1:00", text.seconds(59.6))
    assert.equal("1:01:01", text.seconds(3661))
  end)
end)

describe("the program", function()
  it("prints its version without opening the engine", function()
    local status, out = run "--version"
    assert.equal(0, status)
    assert.equal("vise " .. require "vise.version" .. "\n", out)
    assert.is_true(os.execute(("VISE_BACKEND=nonsense %s --version >/dev/null"):format(program)))
  end)

  it("says what it is and what to do first when called alone, on one screen", function()
    local status, out, err = run ""
    assert.equal(0, status)
    assert.equal("", err)
    assert.is_true(select(2, out:gsub("\n", "")) <= 22)
    for name in out:gmatch "\n  vise (%l+)" do assert.is_table(require("vise.cli").command(name)) end
    for _, name in ipairs(require("vise.cli").names) do assert.matches("[ \n]" .. name .. "[ \n]", out) end
  end)

  it("lists the commands in its help", function()
    local _, out = run "--help"
    for _, name in ipairs(require("vise.cli").names) do assert.matches("\n  " .. name .. " ", out, 1, true) end
  end)

  it("prints the help of every command, the short one on one screen", function()
    for _, name in ipairs(require("vise.cli").names) do
      local _, short = run(name .. " -h")
      local status, long = run(name .. " --help")
      assert.equal(0, status)
      assert.is_true(select(2, short:gsub("\n", "")) <= 24, name)
      assert.matches("\nexamples\n", long, 1, true)
    end
  end)

  it("leaves rare options to the long help, and says how many", function()
    local _, short = run "eval -h"
    local _, long = run "eval --help"
    local rare = 0
    for _, spec in ipairs(require("vise.cli").command("eval").options) do
      rare = rare + (spec.rare and 1 or 0)
      assert.matches("--" .. spec.name, long, 1, true)
      assert.equal(not spec.rare, short:find("--" .. spec.name .. " ", 1, true) ~= nil, spec.name)
    end
    assert.is_true(rare > 0)
    assert.matches("and " .. rare .. " more, which --help shows", short, 1, true)
  end)

  it("answers for what went wrong with an exit status and the next step", function()
    for _, case in ipairs {
      { 64, "inspetc", "E-US-01", "did you mean 'inspect'?" },
      { 64, "--jsno", "E-US-02" },
      { 64, "inspect --stast x", "E-US-02", "did you mean '--stats'?" },
      { 64, "help no-such-topic", "E-US-08" },
      { 66, "inspect no/such/file", "E-US-06" },
      { 66, "no/such/script.lua", "E-US-06" },
      { 66, "run tests", "E-RC-01" },
    } do
      local status, out, err = run(case[2])
      assert.equal(case[1], status, case[2])
      assert.equal("", out)
      assert.matches("^vise: " .. case[3]:gsub("%-", "%%-") .. ": [^\n]+\n  next: [^\n]+\n", err)
      if case[4] then assert.matches(case[4], err, 1, true) end
    end
  end)

  it("escapes hostile words in its messages", function()
    local _, _, err = run [["$(printf 'x\033[2Jy')"]]
    assert.is_nil(err:find("\27", 1, true))
    assert.matches("x\\x1b[2Jy", err, 1, true)
  end)

  it("runs a plain script as lua does", function()
    local script = support.file("print(#arg, arg[0] ~= nil, arg[1], ...)  if arg[2] then error 'boom' end", ".lua")
    local status, out = run(script .. " one")
    assert.equal(0, status)
    assert.equal("1\ttrue\tone\tone\n", out)
    local failed, _, err = run(script .. " one two")
    assert.equal(1, failed)
    assert.matches("boom\nstack traceback:", err, 1, true)
    os.remove(script)
  end)

  it("gives the exit status of the error's id to a script that lets it through", function()
    local script = support.file('require("vise.core").tensor("f32", { -1 })', ".lua")
    local status, _, err = run(script)
    assert.equal(65, status)
    assert.matches("E-TN-01", err, 1, true)
    assert.matches("next: ", err, 1, true)
    os.remove(script)
  end)

  it("refuses a script that does not compile", function()
    local script = support.file("x = = 1", ".lua")
    local status, _, err = run(script)
    assert.equal(65, status)
    assert.matches("E-US-09", err, 1, true)
    os.remove(script)
  end)

  it("refuses a backend that does not exist", function()
    local script = support.file('require "vise.core"', ".lua")
    local pipe <close> = io.popen(("VISE_BACKEND=avx9 %s %s 2>&1; echo $?"):format(program, script))
    local out = pipe:read "a"
    assert.matches("E-HW-01", out, 1, true)
    assert.matches("\n78\n$", out)
    os.remove(script)
  end)
end)

describe("vise repl on a pipe", function()
  it("prints expressions, without prompts", function()
    local status, out, err = run("repl", "1 + 1\n= 'a'\nx = 5\nx * 2\n'quiet';\n_\nnil\n")
    assert.equal(0, status)
    assert.equal('2\n"a"\n10\n"quiet"\nnil\n', out)
    assert.equal("", err)
  end)

  it("continues over lines until a statement is complete", function()
    local _, out = run("repl", "for i = 1, 2 do\n  print(i)\nend\nt = {\n1,\n2 }\n#t\n[[a\nb]]\n")
    assert.equal('1\n2\n2\n"a\\x0ab"\n', out)
  end)

  it("keeps the session after an error", function()
    local status, out, err = run("repl", "x = 1\nerror 'boom'\nx +* 1\nvise.tensor('f32', { -1 })\nx\n")
    assert.equal(1, status) -- that of the first line that failed
    assert.equal("1\n", out)
    assert.matches("boom", err, 1, true)
    assert.matches("syntax error near '+'", err, 1, true)
    assert.matches("E%-TN%-01: [^\n]*\n  next: ", err)
  end)

  it("ends an input that never ends", function()
    local status, _, err = run("repl", "1\nfor i = 1, 2 do\n")
    assert.equal(1, status)
    assert.matches("<eof>", err, 1, true)
  end)

  it("explains functions, commands and ids", function()
    local _, out, err = run("repl", 'help "tensor:rows"\nhelp "E-US-01"\nhelp "inspect"\nhelp "tensor:rwos"\n')
    assert.matches("tensor:rows(first[, last]) -> view", out, 1, true)
    assert.matches("E-US-01: unknown command", out, 1, true)
    assert.matches("usage: vise inspect PATH", out, 1, true)
    assert.matches("did you mean 'tensor:rows'", err, 1, true)
  end)

  it("shows the corner of a big tensor and what it is like", function()
    local _, out = run("repl", "vise.tensor('f32', { 100, 100 })\n")
    assert.matches("^tensor f32 100x100  39.1 KiB\n", out)
    assert.matches("min 0  mean 0  max 0  std 0  zero 100 %", out, 1, true)
    assert.is_true(select(2, out:gsub("\n", "")) < 14)
  end)

  it("runs a file first and shares its globals", function()
    local script = support.file("function twice(x) return 2 * x end", ".lua")
    local status, out = run("repl " .. script, "twice(4)\n")
    assert.equal(0, status)
    assert.equal("8\n", out)
    os.remove(script)
  end)

  it("stops a computation at Ctrl-C and goes on", function()
    -- The shell sends the signal after half a second, to the program alone.
    -- The last line computes in the engine, which must not think that it is still to stop.
    local lines = support.file "while true do end\nvise.tensor('f32', { 4 }):statistics().count\n"
    local pipe <close> = io.popen(("%s repl < %s 2>&1 & p=$!; sleep 0.4; kill -INT $p; wait $p"):format(
      program, lines))
    assert.equal("interrupted\n4\n", pipe:read "a")
    os.remove(lines)
  end)
end)
