local suggest = require "vise.suggest"

-- Levenshtein with neighbour swaps, by the recursive definition.
local function by_hand(a, b)
  if a == "" then return #b end
  if b == "" then return #a end
  local same = a:sub(-1) == b:sub(-1)
  local best = math.min(by_hand(a:sub(1, -2), b) + 1, by_hand(a, b:sub(1, -2)) + 1,
    by_hand(a:sub(1, -2), b:sub(1, -2)) + (same and 0 or 1))
  if #a > 1 and #b > 1 and a:sub(-1) == b:sub(-2, -2) and a:sub(-2, -2) == b:sub(-1) then
    best = math.min(best, by_hand(a:sub(1, -3), b:sub(1, -3)) + 1)
  end
  return best
end

describe("vise.suggest", function()
  it("counts edits as the definition does", function()
    local words = { "", "a", "ab", "ba", "abc", "acb", "bits", "bist", "bite", "group" }
    for _, a in ipairs(words) do
      for _, b in ipairs(words) do
        assert.equal(by_hand(a, b), suggest.distance(a, b), a .. " " .. b)
      end
    end
  end)

  -- The sets of names that messages choose from.
  local function sets_of_names()
    local cli, sets = require "vise.cli", {}
    sets[1] = cli.names
    for _, name in ipairs(cli.names) do
      local options = {}
      for i, option in ipairs(cli.command(name).options or {}) do options[i] = "--" .. option.name end
      if #options > 0 then sets[#sets + 1] = options end
    end
    sets[#sets + 1] = require("vise").names()
    sets[#sets + 1] = require("vise.quant_types").forms
    local fields, svdq = {}, {}
    local defaults = require("vise.config_fields").defaults()
    for name in pairs(defaults) do fields[#fields + 1] = name end
    for name in pairs(defaults.svdq) do svdq[#svdq + 1] = name end
    table.sort(fields)
    table.sort(svdq)
    sets[#sets + 1], sets[#sets + 2] = fields, svdq
    local model, layers = require("workflow.support_dit").open(), {}
    for i, layer in ipairs(model:layers()) do layers[i] = layer.name end
    model:close()
    sets[#sets + 1] = layers
    return sets
  end

  it("finds the right name among the first three for 95 % of 200 one-edit typos", function()
    local sets, state = sets_of_names(), 7
    local function draw(n)
      state = (state * 1664525 + 1013904223) % 2 ^ 32
      return math.floor(state / 2 ^ 32 * n) + 1
    end
    local function edited(name)
      local at, kind, letter = draw(#name), draw(4), string.char(96 + draw(26))
      if kind == 1 then return name:sub(1, at - 1) .. name:sub(at + 1) end
      if kind == 2 then return name:sub(1, at - 1) .. letter .. name:sub(at + 1) end
      if kind == 3 then return name:sub(1, at) .. letter .. name:sub(at + 1) end
      return name:sub(1, at - 1) .. name:sub(at + 1, at + 1) .. name:sub(at, at) .. name:sub(at + 2)
    end
    local right, typos, missed = 0, 0, {}
    while typos < 200 do
      local names = sets[draw(#sets)]
      local name = names[draw(#names)]
      local typo, is_name = edited(name), {}
      for _, n in ipairs(names) do is_name[n] = true end
      if not is_name[typo] then
        typos = typos + 1
        local found = {}
        for _, n in ipairs(suggest.near(typo, names)) do found[n] = true end
        if found[name] then right = right + 1 else missed[#missed + 1] = name .. " as " .. typo end
      end
    end
    print(("typos: %d of 200 (goal 190)"):format(right))
    assert.is_true(right >= 190, ("%d of 200; not %s"):format(right, table.concat(missed, ", ")))
  end)

  it("puts the nearest first, and equal ones in order", function()
    assert.same({ "bits", "bats", "bets" }, suggest.near("bits", { "bets", "bats", "zzz", "bits" }))
  end)

  it("names one, or none", function()
    assert.equal("bits", suggest.nearest("bist", { "bets", "bits" }))
    assert.is_nil(suggest.nearest("bist", { "group" }))
  end)

  it("ignores case", function()
    assert.same({ "F32" }, suggest.near("f32", { "F32" }))
  end)

  it("names those that hold the word when none is near", function()
    local names = { "int4-weight-only", "float8", "int8" }
    assert.same({ "int4-weight-only" }, suggest.near("weight-only", names))
    assert.same({ "int8" }, suggest.near("int", names)) -- one edit away
    assert.same({}, suggest.near("wei", names))         -- too short to tell anything
  end)

  it("says nothing when nothing is near", function()
    assert.equal("", suggest.hint("group", { "svdq" }))
    assert.equal("; did you mean 'group'?", suggest.hint("gruop", { "svdq", "group" }))
  end)

  it("bears names of any length", function()
    assert.same({}, suggest.near(("x"):rep(100000), { "short" }))
    assert.equal(1, #suggest.near(("x"):rep(100000), { ("x"):rep(100001) }))
  end)

  it("names each candidate once", function()
    assert.equal("; did you mean 'open'?", suggest.hint("opne", { "open", "open", "open" }))
  end)
end)
