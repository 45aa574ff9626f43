local core = require "vise.core"
local program = require "program"
local survey = require "vise.inspect.survey"
local support = require "support"
local tree = require "vise.inspect.tree"

-- What the tree says of names and shapes.
local function tree_of(entries)
  local i = 0
  return tree.text(tree.fold(function()
    i = i + 1
    local e = entries[i]
    if e then return e[1], { dtype = "f32", shape = e[2], bytes = 1024 } end
  end))
end

describe("the tree of tensors", function()
  it("folds blocks that repeat and joins what has one child", function()
    local entries = { { "embed.weight", { 8, 4 } } }
    for layer = 0, 11 do
      entries[#entries + 1] = { ("model.layers.%d.attn.q.weight"):format(layer), { 4, 4 } }
      entries[#entries + 1] = { ("model.layers.%d.attn.k.weight"):format(layer), { layer == 3 and 2 or 4, 4 } }
    end
    assert.equal(table.concat({
      "embed.weight              f32  8x4       1.0 KiB",
      "model.layers.[0-11].attn                 24.0 KiB",
      "  q.weight                f32  4x4  x12  12.0 KiB",
      "  k.weight                f32  4x4  x11  11.0 KiB",
      "  k.weight                f32  2x4       1.0 KiB",
      "",
    }, "\n"), tree_of(entries))
  end)

  it("keeps numbers apart that hold different parts", function()
    local entries = {}
    for block = 0, 5 do
      entries[#entries + 1] = { ("blocks.%d.net.0.proj.weight"):format(block), { 8, 4 } }
      entries[#entries + 1] = { ("blocks.%d.net.2.weight"):format(block), { 4, 8 } }
    end
    assert.equal(table.concat({
      "blocks.[0-5].net                12.0 KiB",
      "  0.proj.weight   f32  8x4  x6  6.0 KiB",
      "  2.weight        f32  4x8  x6  6.0 KiB",
      "",
    }, "\n"), tree_of(entries))
  end)

  it("bears any name", function()
    for _, name in ipairs { "", ".", "1", "1.2.3", "..a..", "*", "99999999999999999999999.w", "a.\27[2J" } do
      local shown = tree_of { { name, {} }, { "other", { 1 } } }
      assert.is_nil(shown:find "\27")
      assert.matches("other", shown)
    end
  end)

  it("ends after some hundred lines", function()
    local entries = {}
    for i = 1, 1000 do entries[i] = { ("%s%d"):format("x", i), { 1 } } end
    assert.matches("%.%.%. 700 more lines; %-%-list prints every tensor\n$", tree_of(entries))
  end)
end)

describe("the hint for a tensor's name", function()
  it("finds it among a hundred thousand in no time", function()
    local names = {}
    for layer = 0, 24999 do
      for _, part in ipairs { "q_proj", "k_proj", "v_proj", "o_proj" } do
        names[#names + 1] = ("model.layers.%d.self_attn.%s.weight"):format(layer, part)
      end
    end
    local start = core.clock()
    assert.equal("; did you mean 'model.layers.123.self_attn.q_proj.weight'?",
      survey.hint("model.layers.123.self_attn.q_prj.weight", names))
    assert.equal("; did you mean 'model.layers.12.self_attn.k_proj.weight'?",
      survey.hint("model.layers.12.self_attn.k_porj.weight", names))
    assert.is_true(core.clock() - start < 5)
  end)

  it("finds a number that is not there near one that is", function()
    assert.equal("; did you mean 'a.1.w' or 'a.0.w'?", survey.hint("a.11.w", { "a.0.w", "a.1.w", "b" }))
    assert.equal("", survey.hint("nothing like it", { "a.0.w" }))
  end)
end)

describe("vise inspect", function()
  local path

  setup(function()
    path = os.tmpname()
    local entries = {}
    for layer = 0, 19 do
      for _, part in ipairs { "q", "k", "v" } do
        entries[#entries + 1] = { ("layers.%d.%s.weight"):format(layer, part), core.tensor("f16", { 2, layer + 3 }) }
      end
    end
    entries[#entries + 1] = { "wide", support.random { 64, 256 } }
    assert(core.safetensors_write(path, entries))
  end)
  teardown(function() os.remove(path) end)

  local function inspect(arguments, before)
    local status, out, err = program.run(("inspect '%s' %s"):format(path, arguments), before)
    return status, out, err
  end

  it("shows many tensors as a tree, a line for each with --list", function()
    local status, out = inspect ""
    assert.equal(0, status)
    assert.matches("^layers%.%[0%-19%] ", out)
    assert.matches("\n61 tensors (60 f16, 1 f32), ", out, 1, true)
    assert.equal(63, select(2, select(2, inspect "--list"):gsub("\n", "")))
  end)

  it("keeps to names and to an order", function()
    local _, out = inspect "--match '*.q.weight' --match wide --sort size"
    assert.matches("^tensor +dtype +shape +bytes\nwide .-\nlayers%.19%.q", out)
    assert.matches("\n21 tensors", out, 1, true)
    local status, _, err = inspect "--match 'layers.1.qq.weight'"
    assert.equal(64, status)
    assert.matches("E-US-11: no tensor matches 'layers.1.qq.weight'; did you mean 'layers.1.q.weight'", err, 1, true)
  end)

  it("gives statistics in two lines a tensor", function()
    local _, out = inspect "--stats --match layers.0.q.weight"
    assert.equal("layers.0.q.weight  f16 2x3  12 B\n  min 0  mean 0  max 0  std 0  zero 100 %\n"
      .. "1 tensors (1 f16), 12 B\n", out)
  end)

  it("draws a heat map, and gives it as data", function()
    local status, out = inspect("--heatmap wide", "LC_ALL=C COLUMNS=80")
    assert.equal(0, status)
    assert.matches("^wide  f32 64x256\n +1 %+", out)
    assert.matches("\n64 x 256  each cell: absmax\n$", out)
    local object = assert(core.json_decode((select(2, inspect "--heatmap wide --json"))))
    assert.same({ 32, 64, 32 * 64, "absmax" }, { object.rows, object.columns, #object.values, object.what })
  end)

  it("never elides a name that goes to a program", function()
    local long = os.tmpname()
    local name = ("x"):rep(200)
    assert(core.safetensors_write(long, { { name, core.tensor("f32", { 1 }) } }))
    local _, out = program.run("inspect " .. long, "env -u COLUMNS")
    assert.matches(name, out, 1, true)
    _, out = program.run("inspect " .. long, "COLUMNS=80")
    for line in out:gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
    os.remove(long)
  end)

  it("says what a recipe is without running it", function()
    local status, out = program.run "inspect recipes/quickstart"
    assert.equal(0, status)
    assert.matches("^recipe +quickstart %d", out)
    assert.matches("next +vise recipes show recipes/quickstart\n", out)
    local object = assert(core.json_decode((select(2, program.run "inspect recipes/quickstart --json"))))
    assert.equal("quickstart", object.recipe.name)
  end)
end)
