-- What people read fits 80 columns and needs no letter beyond ASCII and no colour, if the environment
-- says so.

local cli = require "vise.cli"
local core = require "vise.core"
local program = require "program"
local support = require "support"

local PLAIN = "LC_ALL=C NO_COLOR=1 COLUMNS=80"

-- Fails for a line that is too wide or holds more than printable ASCII.
local function check(arguments)
  local status, out, err = program.run(arguments, PLAIN)
  assert.equal(0, status, arguments .. ": " .. err)
  for line in out:gmatch "[^\n]+" do
    assert.is_true(#line <= 80, ("%s: %d columns: %s"):format(arguments, #line, line))
    assert.is_nil(line:find "[^\x20-\x7e]", ("%s: %q"):format(arguments, line))
  end
end

describe("with 80 columns, without colours and Unicode", function()
  for _, path in ipairs(cli.paths()) do
    it("fits the help of vise " .. path, function()
      check(path .. " -h")
      check(path .. " --help")
    end)
  end

  it("fits what the program says of itself", function()
    for _, arguments in ipairs { "help", "doctor", "help tensor", "help plot", "explain svdquant" } do
      check(arguments)
    end
  end)

  describe("of a model with long names", function()
    local folder, a, b

    setup(function()
      folder = os.tmpname()
      os.remove(folder)
      assert(core.disk.mkdir(folder))
      a, b = folder .. "/a.safetensors", folder .. "/b.safetensors"
      local first, second = {}, {}
      for i = 1, 3 do
        local name = ("model.transformer_blocks.%d.a_very_long_name_é_of_a_part.attention.to_q.weight"):format(i)
        first[i], second[i] = { name, support.random({ 64, 64 }, i) }, { name, support.random({ 64, 64 }, i + 1) }
      end
      assert(core.safetensors_write(a, first))
      assert(core.safetensors_write(b, second))
    end)
    teardown(function() core.disk.remove_tree(folder) end)

    it("fits inspect and its pictures", function()
      check("inspect " .. a)
      check("inspect --list " .. a)
      check(("inspect '%s' --match '*.1.*' -H '%s'"):format(a,
        "model.transformer_blocks.1.a_very_long_name_é_of_a_part.attention.to_q.weight"))
      check(("inspect '%s' --heatmap '%s'"):format(a,
        "model.transformer_blocks.1.a_very_long_name_é_of_a_part.attention.to_q.weight"))
    end)

    it("fits comparisons", function()
      check(("eval '%s' --base '%s'"):format(a, b))
      check(("compare '%s' '%s'"):format(a, a))
    end)

    it("fits a run, its plan and what is verified", function()
      local run = ("run recipes/int8 --model '%s' -p regions=all --out '%s/out'"):format(a, folder)
      check(run .. " --dry-run")
      check(run)
      check(("verify '%s/out/artefact'"):format(folder))
      check(("inspect '%s/out/artefact'"):format(folder))
    end)
  end)
end)
