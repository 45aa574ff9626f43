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

  it("finds the right name among the first three for one-edit typos", function()
    local names = {
      "quant_type", "exclude", "plan", "calibrate", "save_to", "svdq", "calibrate_precision", "refine_iters",
      "int8_per_row", "int8_weight_only", "int4_weight_only", "svdq_int4_r8", "svdq_int4_r32",
    }
    local right, typos, state = 0, 0, 7
    local function draw(n)
      state = (state * 1664525 + 1013904223) % 2 ^ 32
      return math.floor(state / 2 ^ 32 * n) + 1
    end
    for _ = 1, 20 do
      for _, name in ipairs(names) do
        local at, kind = draw(#name), draw(3)
        local letter = string.char(96 + draw(26))
        local typo = kind == 1 and name:sub(1, at - 1) .. name:sub(at + 1)
          or kind == 2 and name:sub(1, at - 1) .. letter .. name:sub(at + 1)
          or name:sub(1, at) .. letter .. name:sub(at + 1)
        typos = typos + 1
        for _, found in ipairs(suggest.near(typo, names)) do
          if found == name then right = right + 1 end
        end
      end
    end
    assert.is_true(right >= 0.95 * typos, ("%d of %d"):format(right, typos))
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
