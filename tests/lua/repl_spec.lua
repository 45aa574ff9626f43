-- The parts of the prompt without a terminal, and `vise repl` on a pipe.

local chunk = require "vise.repl.chunk"
local complete = require "vise.repl.complete"
local core = require "vise.core"
local docs = require "vise.repl.docs"
local editors = require "vise.repl.editor"
local histories = require "vise.repl.history"
local keys = require "vise.repl.keys"
local lexer = require "vise.repl.lexer"
local program = require "program"
local screens = require "vise.repl.screen"
local support = require "support"
local vise = require "vise"
local width = require "vise.repl.width"

-- Keys as words: text in quotes, others by name.
local function named(events)
  local out = {}
  for i, key in ipairs(events) do out[i] = key[1] == "text" and ("%q"):format(key[2]) or key[1] end
  return table.concat(out, " ")
end

describe("keys", function()
  it("are known by the sequences of several terminals", function()
    for bytes, wanted in pairs {
      ["\27[A\27OB\27[1;5C\27[1;3D"] = "up down ctrl-right alt-left",
      ["\27[H\27[F\27[1~\27[4~\27OH\27OF\27[7~\27[8~"] = "home end home end home end home end",
      ["\27[3~\27[3;5~\27[3^"] = "delete ctrl-delete ctrl-delete",
      ["\27Oc\27\27[D\27\127\27\r"] = "ctrl-right alt-left alt-backspace alt-enter",
      ["\27[[A\27[15~\27[Z\27[200;9X"] = "shift-tab",
      ["\1\26\31\8\127\t\r\n\0"] = "ctrl-a ctrl-z ctrl-_ backspace backspace tab enter enter ctrl-space",
      ["\27b\27<\27[97;5u\27[13;2u"] = "alt-b alt-< ctrl-a enter",
      ["aé日b"] = '"a" "é" "日" "b"',
    } do
      assert.equal(wanted, named(keys.new():feed(bytes)))
    end
  end)

  it("come in pieces", function()
    local bytes = "x\27[1;5Dé日\27[200~a\27[b\27[201~\27[A"
    local decoder, events = keys.new(), {}
    for i = 1, #bytes do
      for _, key in ipairs(decoder:feed(bytes:sub(i, i))) do events[#events + 1] = key end
    end
    assert.equal('"x" ctrl-left "é" "日" paste up', named(events))
    assert.equal("a\27[b", events[5][2])
  end)

  it("are dropped where they are cut, and a paste counts as far as it came", function()
    local decoder = keys.new()
    assert.same({}, decoder:feed "\27[1;")
    assert.is_number(decoder:patience())
    assert.same({}, decoder:expire())
    assert.is_nil(decoder:patience())
    decoder:feed "\27"
    assert.equal("escape", named(decoder:expire()))
    decoder:feed "\27[200~abc"
    assert.same({ { "paste", "abc" } }, decoder:expire())
  end)

  it("survive any bytes, without keeping them", function()
    local state = 7
    for _ = 1, 300 do
      local decoder, bytes = keys.new(), {}
      for i = 1, 40 do
        state = state * 1103515245 + 12345 & 0x7fffffff
        bytes[i] = string.char(({ 27, 91, 59, 49, 126, 79, 200, 0xe2, 0x80, state >> 8 & 255 })[1 + (state >> 16) % 10])
      end
      for _, key in ipairs(decoder:feed(table.concat(bytes))) do
        assert.is_truthy(key[1] ~= "text" or utf8.len(key[2]))
      end
      decoder:expire()
      assert.equal("", decoder.buffer)
    end
  end)
end)

describe("the editor", function()
  local function typed(...)
    local editor = editors.new()
    for _, key in ipairs { ... } do
      if not editor:key { key } then editor:key { "text", key } end
    end
    return editor
  end

  it("treats marks as part of the letter they stand on", function()
    local editor = typed("e", "\204\129", "x", "left", "left", "a")
    assert.equal("ae\204\129x", editor.text)
    editor:key { "delete" }
    assert.equal("ax", editor.text)
  end)
  it("undoes runs of letters at once, other edits one by one", function()
    local editor = typed("a", "b", "c", "home", "ctrl-k", "ctrl-y", "ctrl-y")
    local seen = {}
    for i = 1, 5 do
      editor:key { "ctrl-_" }
      seen[i] = editor.text
    end
    assert.same({ "abc", "", "abc", "", "" }, seen)
  end)
  it("keeps its column over shorter lines", function()
    local editor = editors.new()
    editor:replace("abcdef\nx\nuvwxyz", 5)
    editor:key { "down" }
    assert.equal(8, editor.cursor)
    editor:key { "down" }
    assert.equal(14, editor.cursor)
    assert.is_false(editor:key { "down" })
  end)
  it("indents what is inside a block", function()
    local editor = typed("if x then", "alt-enter", "f({", "alt-enter", "1", "alt-enter", "})", "alt-enter", "else",
      "alt-enter", "y()", "alt-enter", "e", "n", "d")
    assert.equal("if x then\n  f({\n    1\n  })\nelse\n  y()\nend", editor.text)
  end)
  it("does not indent inside a long string", function()
    local editor = typed("if x then s = [[", "alt-enter", "a")
    assert.equal("if x then s = [[\na", editor.text)
  end)
  it("takes a letter into a line of a megabyte at once", function()
    local editor, start = editors.new(), core.clock()
    editor:key { "paste", ("x"):rep(1 << 20) }
    for _ = 1, 10 do editor:key { "text", "y" } end
    assert.equal((1 << 20) + 10, #editor.text)
    assert.is_true(core.clock() - start < 2) -- hours where the time is quadratic
  end)
  it("changes the case of words", function()
    local editor = typed("one TWO three", "home", "alt-u", "alt-l", "alt-c")
    assert.equal("ONE two Three", editor.text)
  end)
end)

describe("the screen", function()
  local function screen(columns, rows)
    local out = {}
    local s = screens.new(function(bytes) out[#out + 1] = bytes end, {}, true)
    s:resize(columns, rows)
    return s, function()
      local bytes = table.concat(out)
      out = {}
      return bytes
    end
  end
  local function frame(text, cursor)
    return { prompt = "> ", continued = ">> ", text = text, cursor = cursor or #text }
  end

  it("puts the cursor where its letter is, at the end of a row too", function()
    local s = screen(10, 24)
    for cursor, place in pairs { [0] = { 1, 2 }, [7] = { 1, 9 }, [8] = { 2, 0 }, [9] = { 2, 1 }, [18] = { 3, 0 } } do
      s:draw(frame(("x"):rep(18), cursor))
      assert.same(place, { s.row, s.column })
    end
    s:draw(frame("日本語日本語", 9)) -- four of them fit beside the prompt
    assert.same({ 1, 8 }, { s.row, s.column })
    s:draw(frame("日本語日本語", 12))
    assert.same({ 2, 0 }, { s.row, s.column })
  end)
  it("writes no more than what changed", function()
    local s, written = screen(80, 24)
    written()
    s:draw(frame "abc")
    assert.equal("> abc", written())
    s:draw(frame "abcd")
    assert.equal("d", written())
    s:draw(frame "abcd")
    assert.equal("", written())
    s:draw(frame("abcd", 3))
    assert.equal("\b", written())
    s:draw(frame "abc")
    assert.equal("\r> abc\27[K", written())
  end)
end)

describe("widths", function()
  it("are those of East Asian letters, marks and emoji", function()
    for text, columns in pairs { ["abc"] = 3, ["日本"] = 4, ["e\204\129"] = 1, ["한"] = 2, ["😀"] = 2, ["é"] = 1 } do
      assert.equal(columns, width.text(text))
    end
    assert.equal(3, width.last_of("e\204\129x", 1))
    assert.equal(1, width.first_before("e\204\129x", 4))
  end)
end)

describe("tokens", function()
  it("are the whole text, also where it is not finished", function()
    for _, text in ipairs { "x = 'a", "--[[ a\nb", "[==[ ]] ]==] 0x1p-4 1e+5 ...", "a\1b\255", "'\\", "" } do
      local parts = {}
      for i, token in ipairs(lexer.tokens(text)) do parts[i] = token.text end
      assert.equal(text, table.concat(parts))
    end
  end)
end)

describe("an input", function()
  it("is unfinished when more lines could complete it", function()
    for text, more in pairs {
      ["f("] = true, ["for i = 1, 2 do"] = true, ["1 +"] = true, ["x = [["] = true, ["x = {"] = true,
      ["--[["] = true, ["x = 'a"] = false, ["x = )"] = false, ["end"] = false,
    } do
      local _, _, unfinished = chunk.compile(text, "=t", {})
      assert.equal(more, unfinished, text)
    end
  end)
  it("gives the values of an expression and of what it assigns", function()
    for text, kind in pairs { ["1, 2"] = "expression", ["= 1"] = "expression", ["x = 1, 2"] = "assignment",
      ["t.a['b'] = f()"] = "assignment", ["x, y = 1, 2"] = "statement", ["local x = 1"] = "statement",
      ["x = 1 y = 2"] = "statement", ["f(a == b)"] = "expression" } do
      assert.equal(kind, chunk.compile(text, "=t", {}).kind, text)
    end
    local env = {}
    assert.same({ 1, 2 }, { chunk.compile("x = 1, 2", "=t", env).run() })
    assert.equal(1, env.x)
    assert.is_true(chunk.compile("x; -- why", "=t", {}).silent)
  end)
  it("gives the value of an expression behind statements", function()
    for _, text in ipairs { "y = 2; y + 1", "y = 2\ny + 1 -- three", "local y = 2 ; y + 1" } do
      local compiled = chunk.compile(text, "=t", {})
      assert.equal(3, compiled.run())
      assert.equal(2, #compiled.parts)
    end
  end)
end)

describe("completion", function()
  local function texts(text, env)
    local found, list = complete.at(text, #text, env), {}
    for i, candidate in ipairs(found.list) do list[i] = candidate.text end
    return list
  end

  it("runs nothing of a stranger's", function()
    local ran = false
    local function trap() ran = true return {} end
    local meta = { __index = trap, __pairs = trap, __len = trap, __tostring = trap, __call = trap, __eq = trap }
    local env = { a = setmetatable({ own = setmetatable({ deep = 1 }, meta) }, meta), vise = vise, f = trap }
    for _, text in ipairs { "a.", "a.own.", "a.own.d", "a['x'].", "a[\"", "a.x.y.", "f().", "a:", "f(a.", "a{" } do
      texts(text, env)
    end
    docs.hint_at("a.own.deep(", env)
    docs.hint_at("f(", env)
    assert.is_false(ran)
    assert.same({ "own" }, texts("a.", env))
  end)

  it("knows what the descriptions say of options, choices and methods", function()
    local env = { vise = vise, t = vise.tensor("f32", { 2, 2 }) }
    for text, wanted in pairs {
      ["vise.linalg.svd(t, { meth"] = "method", ['vise.linalg.svd(t, { method = "ran'] = "randomized",
      ["vise.config { svdq = { alp"] = "alpha", ['vise.tensor("bf'] = "bf16", ['t:to("i6'] = "i64",
      ["vise.config({ exclu"] = "exclude", ["t:stat"] = "statistics", ["('x'):rev"] = "reverse",
    } do
      assert.same({ wanted }, texts(text, env), text)
    end
    assert.equal("t:rows(first[, last])  A view of rows along the first dimension.", docs.hint_at("t:rows(", env))
  end)

  it("never raises", function()
    local env = { vise = vise }
    local pieces = { "vise", ".", ":", "[", '"', "(", "{", "=", "x", "'", ",", "help ", "?", "$ ", "[[", "\\", "--",
      "1", "]" }
    local state = 3
    for _ = 1, 2000 do
      local words = {}
      for i = 1, 6 do
        state = state * 1103515245 + 12345 & 0x7fffffff
        words[i] = pieces[1 + (state >> 12) % #pieces]
      end
      local text = table.concat(words)
      assert.has_no.errors(function()
        local from, list = complete.candidates(text, env)
        assert(from >= 0 and from <= #text and type(list) == "table")
        docs.hint_at(text, env)
        for i = 1, math.min(#list, 3) do
          if list[i].doc then list[i].doc() end
        end
      end)
    end
  end)

  it("finds a tensor among 100,000 within 50 ms", function()
    local path, entries = os.tmpname(), {}
    local t = core.tensor("f32", { 1, 1 })
    for i = 1, 100000 do
      entries[i] = { ("model.layers.%d.experts.%d.down_proj.weight"):format(i // 1000, i % 1000), t }
    end
    assert(core.safetensors_write(path, entries))
    local env = { c = assert(vise.checkpoint.open(path)), m = assert(vise.open(path)) }
    for _, text in ipairs { 'c["model.lay', 'c["model.layers.5', 'm["', 'm:layer "model.layers.77.experts.12' } do
      local best = math.huge -- seconds of this process: others may want the machine as well
      for _ = 1, 5 do
        local start = os.clock()
        local found = complete.at(text, #text, env)
        best = math.min(best, os.clock() - start)
        assert.is_true(#found.list >= 1)
      end
      assert.is_true(best <= 0.05, ("%s: %.0f ms"):format(text, 1000 * best))
    end
    env.c:close()
    env.m:close()
    os.remove(path)
  end)
end)

describe("the history", function()
  local function place()
    local path = os.tmpname()
    os.remove(path)
    return path .. "/state/history"
  end

  it("keeps inputs of several lines, each text once, and nothing that begins with a space", function()
    local path = place()
    local h = histories.open(path)
    for _, line in ipairs { "a", "b\\n\nc", "a", " secret", "", "a" } do assert(h:add(line)) end
    assert.same({ "b\\n\nc", "a" }, h.entries)
    assert.same({ "b\\n\nc", "a" }, histories.open(path).entries)
  end)

  it("loses nothing of several sessions", function()
    local path = place()
    local a, b = histories.open(path), histories.open(path)
    for i = 1, 3 do
      a:add("a" .. i)
      b:add("b" .. i)
    end
    assert.same({ "a1", "b1", "a2", "b2", "a3", "b3" }, histories.open(path).entries)
  end)

  it("keeps its last 10,000 lines, and half of a file that is twice as long", function()
    local path, lines = place(), {}
    for i = 1, 19999 do lines[i] = ("line %d\n"):format(i) end
    histories.open(path):add "first"
    assert(core.disk.append(path, table.concat(lines), 10000))
    assert.equal("line 10000", histories.open(path).entries[1])
    assert.equal(#"first\n" + #table.concat(lines), core.disk.size(path))
    assert(core.disk.append(path, table.concat(lines), 10000)) -- 39,999 lines now
    local f <close> = assert(io.open(path))
    assert.equal("line 10000\n", f:read "L")
    assert.equal(10000, #histories.open(path).entries)
  end)

  it("leaves what is no file as it is, a link to /dev/null too", function()
    local path = os.tmpname()
    os.remove(path)
    assert(os.execute("mkfifo -m 644 " .. path))
    assert(core.disk.append(path, "x\n", 10))
    local pipe <close> = assert(io.popen("stat -c %a " .. path))
    assert.equal("644", pipe:read "l")
    os.remove(path)
  end)

  it("says that it cannot be written", function()
    local h = histories.open "/proc/no/history"
    local ok, message, id = h:add "x"
    assert.is_nil(ok)
    assert.matches("/proc/no/history", message, 1, true)
    assert.matches("^E%-FS%-", id)
  end)
end)

describe("vise repl on a pipe", function()
  local function run(lines, arguments)
    local path = support.file(lines)
    local status, out, err = program.run(("repl %s <%s"):format(arguments or "", path))
    os.remove(path)
    return status, out, err
  end

  it("prints values, without prompts or escapes", function()
    local status, out, err = run "1 + 1\nx = { 1, a = 'b' };\nx\nfor i = 1, 2 do\n  print(i)\nend\n"
    assert.equal(0, status)
    assert.equal('2\n{\n  1,\n  a = "b"\n}\n1\n2\n', out)
    assert.equal("", err)
  end)
  it("goes on after an error and ends with its status", function()
    local status, out, err = run "error 'boo'\n1\n"
    assert.equal(1, status)
    assert.equal("1\n", out)
    assert.equal("in1:1: boo\n  error 'boo'\n", err)
    assert.equal(66, (run "vise.open 'typo'\n"))
    assert.equal(66, (run "m = vise.open 'typo'\n"))
    assert.equal(64, (run "vise.config { quant_typ = 1 }\n"))
    assert.equal(1, (run "x = = 1\n"))
    assert.equal(1, (run "f(\n"))
    assert.equal(0, (run "x = io.open 'typo'\n"))
  end)
  it("shows pictures as pictures, and no other text", function()
    local _, out = run "vise.plot.spark({ 0, 1 }, { unicode = false })\np = vise.plot;\np.spark{ 0, 0 }\n"
    assert.matches("^_#\n", out)
    _, out = run "vise.plot.spark({ 0, 1 }, { unicode = false }) .. tostring('\\27[2J')\n"
    assert.equal('"_#\\x1b[2J"\n', out)
  end)
  it("refuses the shell", function()
    local status, out, err = run "$ echo hello\n"
    assert.equal(64, status)
    assert.equal("", out)
    assert.matches("E-US-31", err, 1, true)
  end)
  it("runs a file first, and code instead of lines", function()
    local path = support.file("shared = 41", ".lua")
    local status, out = run("shared + 1\n", path)
    assert.equal(0, status)
    assert.equal("42\n", out)
    assert.equal(1, (run("this is not read", ("%s -e 'shared; shared + 2'"):format(path)))) -- not one input
    status, out = run("this is not read", ("%s -e 'shared + 2'"):format(path))
    assert.equal(0, status)
    assert.equal("43\n", out)
    assert.equal(65, (run("", support.file("x = = 1", ".lua"))))
    assert.equal(1, (run("", support.file("error 'x'", ".lua"))))
  end)
  it("saves a session as a recipe that runs", function()
    local place = os.tmpname()
    os.remove(place)
    assert(core.disk.mkdir(place))
    local status = run(("t = vise.tensor_of('f32', { 2 }, { 3, 4 })\nt:sum()\n_ + 1\nwho()\nnil + 1\ns = [[\na]]\n"
      .. ".save %s/from-prompt\n"):format(place))
    assert.equal(1, status) -- nil + 1
    local text = assert(core.disk.read(place .. "/from-prompt/recipe.lua"))
    assert.is_nil(text:find("who", 1, true))
    assert.is_nil(text:find("nil + 1", 1, true))
    assert.matches("\n  s = [[\na]]\n", text, 1, true)
    local out, err
    status, out, err = program.run(("run %s/from-prompt"):format(place), "VISE_RUNS=" .. place)
    assert.equal(0, status, out .. err)
    assert.equal(64, (run("1\n.save " .. place .. "/No_Name\n")))
    core.disk.remove_tree(place)
  end)
  it("explains topics, commands and itself", function()
    local _, out = run 'help "repl"\n?tensor:rows\nvise.xxh3?\n.help\n'
    assert.matches("usage: vise repl", out, 1, true)
    assert.matches("tensor:rows(first", out, 1, true)
    assert.matches("vise.xxh3(data)", out, 1, true)
    assert.matches("Ctrl-R", out, 1, true)
  end)
end)
