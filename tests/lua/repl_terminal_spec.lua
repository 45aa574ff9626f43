-- The prompt as a person meets it: the real program on a terminal of its own.

local core = require "vise.core"
local terminal = require "terminal"

local program = arg[-1]
local UP, DOWN, LEFT, RIGHT, HOME, END = "\27[A", "\27[B", "\27[D", "\27[C", "\27[H", "\27[F"
local MODEL = "recipes/quickstart/models/stories260K"

local function folder()
  local path = os.tmpname()
  os.remove(path)
  assert(core.disk.mkdir(path))
  return path
end

local function start(options)
  options = options or {}
  options.env = options.env or {}
  options.env.XDG_STATE_HOME = options.state or folder()
  options.env.NO_COLOR = not options.colour and "1" or nil
  local t = terminal.start(options.argv or { program, "repl" }, options)
  t:expect(options.ready or "\n>")
  return t
end

describe("the prompt on a terminal", function()
  local t, state

  setup(function()
    state = folder()
    t = start { state = state }
  end)
  teardown(function() t:close() end)
  before_each(function() t:clear() end)

  it("is in raw mode, and asks for bracketed pastes", function()
    assert.equal("raw", t:mode())
    assert.is_true(t.screen.pastes)
  end)
  it("prints values without = or return", function()
    t:enter "1 + 1"
    t:shows { "> 1 + 1", "2", ">" }
  end)
  it("accepts =", function()
    t:enter "= 'a' .. 'b'"
    t:shows { "> = 'a' .. 'b'", '"ab"', ">" }
  end)
  it("keeps the last values", function()
    t:enter "7 * 6"
    t:enter "_ + 1, _1"
    t:shows { "> _ + 1, _1", "43", "42", ">" }
    t:enter "_2"
    t:shows { "> _2", "42", ">" }
  end)
  it("is silent with ;", function()
    t:enter "a = 5;"
    t:enter "a + 1;"
    t:enter "_"
    t:shows { "> a = 5;", "> a + 1;", "> _", "6", ">" }
  end)
  it("continues an unfinished input, indented, and takes closing words back", function()
    t:type "for i = 1, 2 do\rif true then\rprint(i)\rend\rend"
    t:shows { "> for i = 1, 2 do", ">>   if true then", ">>     print(i)", ">>   end", ">> end" }
    t:type "\r"
    t:shows { "1", "2", ">" }
  end)
  it("puts a line below with Alt-Enter", function()
    t:type "1 +\27\r2\r"
    t:shows { "> 1 +", ">> 2", "3", ">" }
  end)
  it("says at once that a string does not end", function()
    t:enter "x = 'abc"
    t:shows { "unfinished string near <eof>", "  x = 'abc", ">" }
  end)
  it("marks the place of a syntax error", function()
    t:enter "x = = 2"
    t:shows { "unexpected symbol near '='", "  x = = 2", "    ^", ">" }
  end)
  it("marks the name that is nil and suggests the one that is there", function()
    t:enter "model = {}"
    t:enter "modle.x = 1"
    t:expect "attempt to index a nil value (global 'modle')"
    t:expect "  modle.x = 1\n  ^~~~~\n  no global 'modle'; did you mean 'model'?"
  end)
  it("suggests the field or method that is there", function()
    t:enter "string.revrse('a')"
    t:expect "no 'revrse' there; did you mean 'reverse'?"
    t:enter "x = vise.tensor('f32', {1})"
    t:enter "x:statistic()"
    t:expect "did you mean 'statistics'?"
  end)
  it("tells of a global that is not there", function()
    t:enter "tensro"
    t:expect "nil\n  no global 'tensro'"
  end)
  it("shows the user's lines and locals after an error", function()
    t:enter "function f(a) local b = a * 2 error 'boo' end"
    t:enter "f(4)"
    t:expect ": boo"
    t:enter "bt"
    t:expect "in f\n    function f(a) local b = a * 2 error 'boo' end\n      a = 4\n      b = 8"
  end)
  it("tells a failure that an assignment would swallow", function()
    t:enter "m = vise.open 'typo'"
    t:expect "vise: E-FS-15: cannot open typo: no such file or folder\n  next: "
  end)
  it("tells a Lua failure that an assignment would swallow", function()
    t:enter "h = io.open 'typo'"
    t:expect "  nil: typo: No such file or directory"
  end)
  it("tells a returned failure once", function()
    t:enter "vise.open 'typo'"
    assert.is_nil(t.screen:text():find "nil")
  end)
  it("remarks once that locals do not stay", function()
    t:enter "local z = 1"
    t:expect "without `local` the name stays"
  end)
  it("explains with ?name and name?", function()
    t:enter "?vise.quant_types.parse"
    t:expect "vise.quant_types.parse("
    t:clear()
    t:enter "vise.tensor?"
    t:expect "vise.tensor(dtype, shape)"
  end)
  it("explains a value by its class", function()
    t:enter "x = vise.tensor_of('f32', {2}, {1, 2})"
    t:enter "?x"
    t:expect 'help "tensor" lists its functions'
  end)
  it("shows source with ??name", function()
    t:enter "-- doubles\rdouble = function(x) return 2 * x end"
    t:enter "??double"
    t:expect "> ??double\ndouble = function(x) return 2 * x end"
    t:enter "??vise.plan"
    t:expect "function M.plan(model, fields)"
  end)
  it("explains topics", function()
    t:enter 'help "E-US-04"'
    t:expect "E-US-04: "
    t:enter 'help "tensr"'
    t:expect "did you mean 'tensor'"
  end)
  it("describes itself", function()
    t:enter ".help"
    t:expect "Ctrl-R"
    t:expect ".save"
  end)
  it("lists what was defined", function()
    t:enter "a = 5"
    t:enter "who()"
    t:expect "  a "
    assert.is_nil(t.screen:text():find "timeit")
  end)
  it("times", function()
    t:enter "timeit(function() end)"
    t:expect "runs: median "
  end)
  it("tells how long slow lines take", function()
    t:enter "local c = os.clock() while os.clock() < c + 0.25 do end"
    assert.matches("\n  %d%.%d%d s\n>", t.screen:text())
  end)
  it("runs shell commands for a person", function()
    t:enter "$ echo from-the-shell"
    t:expect "\nfrom-the-shell\n"
    t:enter "$ exit 3"
    t:expect "  exit status 3"
  end)
  it("refuses commands it does not know", function()
    t:enter ".sav x"
    t:expect "E-US-32: no command '.sav'; did you mean 'save'?"
  end)
  it("limits what it prints, and .full does not", function()
    t:enter "l = {} for i = 1, 15 do l[i] = i end"
    t:enter "l"
    t:expect "  10,\n  ... 5 more\n}"
    t:enter ".full"
    t:expect "  15\n}"
  end)
  it("shows a tensor: type, size, statistics, first values", function()
    t:enter "w = vise.tensor_of('f32', {2, 3}, {1, 2, 0, -4, 0/0, 6})"
    t:enter "w"
    t:expect("w: tensor f32 2x3  24 B\n  min -4  mean 1  max 6  std 3.225  zero 16.67 %  NaN 16.67 %\n  █▁▁▁")
    t:expect "   1  2    0\n  -4  NaN  6"
  end)

  it("moves by characters and words", function()
    t:type("bcd" .. HOME .. "a" .. END .. "e" .. LEFT .. LEFT .. "X" .. RIGHT .. "Y")
    t:last "> abcXdYe"
    t:type "\1one two \5 three\27b\27bZ\27fW"
    t:last "> one two ZabcXdYeW three"
  end)
  it("kills and yanks", function()
    t:type "one two three\23"
    t:last "> one two"
    t:type "\23X\25"
    t:last "> one Xtwo three"
    t:type "\1\11"
    t:last ">"
    t:type "\25\25"
    t:last "> one Xtwo threeone Xtwo three"
    t:type "\21\25\27y"
    t:last "> one Xtwo three"
  end)
  it("undoes and transposes", function()
    t:type "ab\20"
    t:last "> ba"
    t:type "\31"
    t:last "> ab"
    t:type " cd\11\31\31"
    t:last "> ab"
  end)
  it("deletes at both sides", function()
    t:type("abc" .. LEFT .. "\127\27[3~")
    t:last "> a"
  end)
  it("recalls lines, and the one begun", function()
    t:enter "11"
    t:enter "22"
    t:type("33" .. UP)
    t:last "> 22"
    t:type(UP)
    t:last "> 11"
    t:type(DOWN .. DOWN)
    t:last "> 33"
  end)
  it("moves inside an input of several lines before it recalls", function()
    t:enter "function f(a) end"
    t:type("f(\r234" .. UP .. "X")
    t:shows { "> f(X", ">>   234", "f(a)" } -- where the shorter line ends
  end)
  it("searches the history", function()
    t:enter "needle = 1"
    t:enter "other = 2"
    t:type "\18need"
    t:last "(search `need') needle = 1"
    t:type "\r"
    t:last ">"
    t:type "\18nothing-like-it"
    t:expect "(no search `nothing-like-it')"
    t:type "\7"
    t:last ">"
  end)
  it("goes on from what a search found, to the line begun", function()
    t:enter "needle = 1"
    t:enter "other = 2"
    t:type("begun\18need" .. DOWN)
    t:last "> other = 2"
    t:type(DOWN)
    t:last "> begun"
  end)
  it("clears the line with Ctrl-C and the screen with Ctrl-L", function()
    t:type "abc\3"
    t:shows { "> abc", ">" }
    t:type "def\12"
    t:last "> def"
    assert.equal("> def", t.screen:line(1))
  end)

  it("completes globals and fields", function()
    t:type "vise.linalg.sv\t"
    t:expect "> vise.linalg.svd\nvise.linalg.svd(a[, options])"
  end)
  it("lists what is possible, with a word about each", function()
    t:type "vise.linalg.\t"
    t:expect "  matmul          The product of two matrices"
    t:expect "  svd             The first singular triplets"
    t:type "s"
    t:last "> vise.linalg.s"
  end)
  it("completes methods", function()
    t:enter "x = vise.tensor('f32', {1})"
    t:type "x:stat\t"
    t:expect "> x:statistics("
  end)
  it("completes options and their values", function()
    t:type "vise.config { quant_t\t"
    t:expect "> vise.config { quant_type ="
    t:type "'nvfp4_w\t"
    t:expect "> vise.config { quant_type = 'nvfp4_weight_only'"
  end)
  it("completes file names in strings", function()
    t:type "x = 'recipes/quicks\t"
    t:expect "> x = 'recipes/quickstart/"
  end)
  it("completes names of tensors and layers", function()
    t:enter(("m = vise.open '%s'"):format(MODEL))
    t:type 'm["model.lay\t3.mlp.g\t'
    t:expect '> m["model.layers.3.mlp.gate_proj'
    t:type '\21m:layer "model.layers.1.self_attn.q\t'
    t:expect '> m:layer "model.layers.1.self_attn.q_proj"'
  end)
  it("completes topics", function()
    t:type "?vise.quantiz\t"
    t:expect "> ?vise.quantize"
    t:type '\21help "tensor:histo\t'
    t:expect '> help "tensor:histogram"'
  end)
  it("completes nothing where nothing fits", function()
    t:type "zzzz\t"
    t:last "> zzzz"
  end)
  it("does not run what it completes", function()
    t:enter "trap = setmetatable({}, { __index = function() ran = true return {} end })"
    t:type "trap.a.b\t\3"
    t:enter "ran"
    t:expect "> ran\nnil"
  end)
  it("tells how the function at the cursor is called", function()
    t:type "vise.linalg.svd("
    t:expect "> vise.linalg.svd(\nvise.linalg.svd(a[, options])"
    t:type "\3"
    t:enter "function mine(alpha, beta) end"
    t:type "mine(1, "
    t:expect "> mine(1,\nmine(alpha, beta)"
  end)

  it("opens models and shows them", function()
    t:enter "m"
    t:expect "llama model recipes/quickstart/models/stories260K\n  35 linear layers, 226560 weights"
    t:enter 'm["model.layers.0.mlp.up_proj"]'
    t:expect "Linear model.layers.0.mlp.up_proj: 64 inputs, 172 outputs, f32"
  end)

  it("takes a paste as it is, also several lines", function()
    t:type "\27[200~for i = 1, 2 do\r\nprint(i)\r\nend\27[201~"
    t:shows { "> for i = 1, 2 do", ">> print(i)", ">> end" }
    t:type "\r"
    t:shows { "1", "2", ">" }
  end)
  it("shows control characters of a paste, and writes none", function()
    t:type "\27[200~'a\27]0;b\7\1\194\155c'\27[201~"
    t:last [[> 'a\x1b]0;b\x07\x01\x9bc']]
  end)
  it("understands sequences that come in pieces, and drops cut ones", function()
    t:type "ab"
    t:type "\27"
    t:read(0.1)
    t:type "["
    t:read(0.1)
    t:type "Dc"
    t:last "> acb"
    t:type "\27[1;"
    t:read(0.1)
    t:type "5Dd"
    t:last "> dacb"
  end)
  it("shows wide and combining characters where they belong", function()
    t:type "'日本e\204\129x'\27[D\27[D\127Y"
    t:last "> '日本Yx'"
    t:enter ""
    t:expect '"日本Yx"'
  end)
  it("drops bytes that are no UTF-8", function()
    t:type "a\255\192b"
    t:last "> ab"
  end)
  it("wraps lines longer than the screen", function()
    t:type(("x"):rep(200))
    t:shows { "> " .. ("x"):rep(78), ("x"):rep(80), ("x"):rep(42) }
    t:type(HOME .. "y")
    t:shows { "> y" .. ("x"):rep(77), ("x"):rep(80), ("x"):rep(43) }
  end)
  it("follows a new size", function()
    t:type(("z"):rep(50))
    t:last("> " .. ("z"):rep(50))
    t:resize(20, 10)
    t:shows { "> " .. ("z"):rep(18), ("z"):rep(20), ("z"):rep(12) }
    t:type "\3"
    t:enter "1"
    t:type "vise.config {\t"
    t:read(0.2)
    t:type "\3"
    t:last ">"
    t:resize(80, 24)
    t:type "abc"
    t:last "> abc"
  end)
  it("shows an input higher than the screen around the cursor", function()
    local lines = {}
    for i = 1, 40 do lines[i] = "-- line " .. i end
    t:type("\27[200~" .. table.concat(lines, "\n") .. "\27[201~")
    t:last ">> -- line 40"
    t:type "\27[1;5H"
    t:until_true(function() return t.screen:line(1) == "> -- line 1" end)
  end)

  it("stops a loop with Ctrl-C and keeps the session", function()
    t:enter "kept = 9"
    t:type "while true do end\r"
    t:read(0.1)
    t:type "\3"
    assert.is_true(t:expect("interrupted", 5) < 1)
    t:enter "kept"
    t:expect "> kept\n9"
  end)
  it("leaves the line discipline to what it runs", function()
    t:type "x = io.read()\r"
    while t:mode() == "raw" do t:read(0.05) end
    t:type "typed text\r"
    t:last ">"
    t:enter "x"
    t:expect '"typed text"'
  end)
  it("saves the lines that succeeded as a script and as a recipe that runs", function()
    local place = folder()
    t:enter(".save " .. place .. "/s.lua")
    t:expect(" lines in ")
    t:enter(".save " .. place .. "/s.lua")
    t:expect "it exists already"
    t:clear()
    t:enter(".load " .. place .. "/s.lua")
    assert.matches("%f[%w]kept = 9\n", assert(core.disk.read(place .. "/s.lua")))
    assert.is_nil(assert(core.disk.read(place .. "/s.lua")):find("while true", 1, true))
  end)
  it("keeps the history private, and other sessions add to it", function()
    t:enter "mine_first = 1"
    local other <close> = start { state = state }
    other:enter "theirs = 2"
    t:enter "mine_last = 3"
    t:enter " secret = 4"
    local text = assert(core.disk.read(state .. "/vise/history"))
    assert.matches("mine_first = 1\n.*theirs = 2\n.*mine_last = 3\n", text)
    assert.is_nil(text:find("secret", 1, true))
    local mode <close> = io.popen("stat -c %a " .. state .. "/vise/history")
    assert.equal("600", mode:read "l")
    other:type(UP .. UP)
    other:last "> mine_first = 1"
  end)
  it("gives the terminal back at the end", function()
    t:type "\4"
    assert.equal(0, t:finish())
    assert.equal("cooked", t:mode())
    assert.is_false(t.screen.pastes)
  end)
end)

describe("the prompt", function()
  local raw = {}

  -- A session of its own, the lines that it gets, and what it wrote to the terminal.
  local function session(options, body)
    local t <close> = start(options)
    body(t)
    raw = t.raw
  end

  it("uses colours where the terminal has them, and only then", function()
    session({ colour = true }, function(t)
      t:enter "local x = 'text'"
      assert.is_true(t.screen.coloured)
      t:type "(1)"
      t:last "> (1)"
      t:read(0.2)
    end)
    assert.matches("\27[35mlocal", raw, 1, true)
    assert.matches("\27[1;4m(", raw, 1, true) -- the bracket that belongs to the one at the cursor
    session({}, function(t)
      t:enter "local x = 'text'"
      t:enter "x ="
      assert.is_nil(t.screen.coloured)
    end)
  end)

  it("is usable with 20 columns and with 40 by 5", function()
    session({ columns = 20, rows = 8, ready = ">" }, function(t)
      t:clear()
      t:enter "a = {1, 2, 3, 4, 5, 6}"
      t:enter "#a"
      t:shows { "> #a", "6", ">" }
      t:type "vise.\t"
      t:expect "  ... "
      t:type "linalg.sv\t"
      t:expect "> vise.linalg.svd"
    end)
    session({ columns = 40, rows = 5, ready = ">" }, function(t)
      t:type "vise.\t"
      t:expect "more, Tab shows"
      t:type "\3"
      t:clear()
      t:enter "1"
      t:shows { "> 1", "1", ">" }
    end)
  end)

  it("writes ASCII only in the C locale", function()
    session({ env = { LC_ALL = "C" } }, function(t)
      t:type "x = 'é日'"
      t:last [[> x = '\u{e9}\u{65e5}']]
      t:type "\r"
      t:enter "vise.tensor_of('f32', {3}, {1, 2, 9})"
      t:type "vise.\t\t"
      t:expect "... "
    end)
    assert.is_nil(raw:find "[\x80-\xff]")
  end)

  it("reads plain lines on a terminal that can do nothing", function()
    session({ env = { TERM = "dumb" } }, function(t)
      assert.equal("cooked", t:mode())
      t:type "1 + 1\r"
      t:expect "> 1 + 1\n2\n>"
      t:type "for i = 1, 2 do\r"
      t:expect "\n>>"
      t:type "print(i) end\r"
      t:expect ">> print(i) end\n1\n2\n>"
      t:type "while true do end\r"
      t:read(0.2)
      t:type "\3"
      t:expect "interrupted"
      t:type "\4"
      assert.equal(0, t:finish())
    end)
    assert.is_nil(raw:find("\27", 1, true))
  end)

  it("gives the terminal back however it ends", function()
    -- HUP, QUIT, ABRT, SEGV, TERM
    local file = os.tmpname() -- other specs run prompts of their own
    for _, signal in ipairs { 1, 3, 6, 11, 15 } do
      local own = ("echo $$ >%s; exec %s repl"):format(file, program)
      session({ argv = { "sh", "-c", ('sh -c "%s"; stty -a'):format(own:gsub("%$", "\\$")) } }, function(t)
        t:type "abc"
        t:last "> abc"
        assert(os.execute(("kill -%d $(cat %s)"):format(signal, file)))
        t:finish()
        assert.is_false(t.screen.pastes)
        assert.matches("[^-]icanon.*[^-]echo ", t.screen:text())
      end)
    end
    session({ argv = { "sh", "-c", "'" .. program .. "' repl; echo status $?; stty -a" } }, function(t)
      t:type "os.exit(3)\r"
      t:expect "status 3"
      t:finish()
      assert.matches("[^-]icanon.*[^-]echo ", t.screen:text())
    end)
  end)

  it("stops and goes on as the shell asks", function()
    session({ argv = { "sh", "-i" }, env = { PS1 = "$" }, ready = "$" }, function(t)
      t:type(program .. " repl\r")
      t:expect "\n>"
      t:type "abc\26"
      t:until_true(function() return t:mode() == "cooked" or not t:read(0.1) end)
      t:type "fg\r"
      t:last "> abc"
      t:type("\21" .. "6 * 7\r") -- Ctrl-U
      t:expect "\n42\n>"
      t:type "\4"
      t:last "$"
      t:type "exit\r"
      t:finish()
    end)
  end)

  it("never writes a hostile name raw", function()
    local place = folder()
    local name = "evil\27[2J\194\155.\226\128\174weight"
    assert(core.safetensors_write(place .. "/x\27]0;y.safetensors", {
      { name, core.tensor_of("f32", { 2, 2 }, { 1, 2, 3, 4 }) },
    }))
    session({}, function(t)
      t:type("c = vise.checkpoint.open('" .. place .. "/\t")
      t:expect [[/x\027]0;y.safetensors']]
      t:type ")\r"
      t:clear()
      t:type 'c["evil\t'
      t:expect [[c["evil\027[2J\194\155.]]
      t:type "\t"
      t:expect [[\226\128\174weight"]]
      t:type "\r"
      t:expect "tensor f32 2x2"
      t:enter "c"
      t:expect [[evil\x1b[2J\x9b.\u{202e}weight]]
      t:enter "error('bad\\27[2J')"
      t:expect [[bad\x1b[2J]]
      t:enter "setmetatable({}, { __tostring = function() return '\\27[2J' end })"
      t:expect [[\x1b[2J]]
    end)
  end)

  it("answers Ctrl-C inside a kernel within 0.2 s", function()
    session({}, function(t)
      t:enter "g = vise.random(1)"
      t:enter "a, q, b = g:normal { 1500, 1500 }, g:normal { 1, 8192, 256 }, g:normal { 900, 900 }"
      t:enter "s = vise.scheme { bits = 4, granularity = 'group', group = 60, convention = 'amax' }"
      for _, work in ipairs {
        "vise.linalg.matmul(a, a)", "vise.linalg.svd(a, { rank = 500, method = 'randomized' })",
        "vise.coded.encode(s, a)", "vise.ops.attention(q, q, q, { heads = 4 })",
        "vise.quantize(vise.open('" .. MODEL .. "'), { quant_type = 'svdq_int4_r32_dq' })", "vise.linalg.svd(b)",
      } do
        local best = math.huge
        for _ = 1, 3 do -- others may want the machine as well
          t:clear()
          t:type("while true do " .. work .. " end\r")
          t:read(0.15)
          t:type "\3"
          best = math.min(best, t:expect "interrupted")
          if best <= 0.2 then break end
        end
        assert.is_true(best <= 0.2, ("%s: %.2f s"):format(work, best))
      end
    end)
  end)
end)
