local pattern = require "vise.pattern"

local names = { "blocks.0.attn1.to_q", "blocks.0.ff.net.0.proj", "blocks.1.attn1.to_q", "proj-out" }

local function selected(p)
  return pattern.of(p, "exclude[1]"):select(names, "exclude[1]")
end

describe("vise.pattern", function()
  it("lets * cross dots and ? stand for one character", function()
    assert.same({ names[1], names[3] }, selected "*.attn1.*")
    assert.same({ names[1] }, selected "blocks.0.attn1.to_?")
  end)

  it("matches whole names, and takes every other character as itself", function()
    assert.same({ "proj-out" }, selected "proj-out")
    assert.has_error(function() selected "proj" end)
    assert.has_error(function() selected "projXout" end)
    assert.has_error(function() selected "blocksX0*" end)
  end)

  it("takes a Lua pattern by vise.pattern", function()
    assert.same({ names[1], names[3] }, selected(pattern.pattern "^blocks%.%d+%.attn"))
  end)

  it("raises for a pattern that matches nothing, with the nearest name", function()
    local ok, message = pcall(selected, "proj-oot")
    assert.is_false(ok)
    assert.matches("E-PL-01: exclude[1]: pattern \"proj-oot\" matches 0 of 4 layers; nearest name: proj-out",
      message, 1, true)
  end)

  it("lets an optional pattern match nothing", function()
    assert.same({}, selected { "nothing*", optional = true })
  end)

  it("raises for a malformed Lua pattern and for unknown fields", function()
    assert.error_matches(function() pattern.pattern "[" end, "E%-PL%-02")
    assert.error_matches(function() selected { "a", optonal = true } end, "E%-CF%-02")
  end)

  it("has a form that is one string and means the same", function()
    for text, expected in pairs { ["*.attn1.*"] = 2, ["lua:^blocks%.%d+%.attn"] = 2, ["optional:nothing*"] = 0,
      ["optional:lua:^no"] = 0 } do
      local p = pattern.of(text, "x")
      assert.equal(text, p.plain)
      assert.equal(expected, #selected(p.plain))
    end
    assert.equal("lua:^a", pattern.pattern("^a").plain)
    assert.equal("optional:lua:^a", pattern.of({ pattern.pattern "^a", optional = true }, "x").plain)
    assert.error_matches(function() pattern.of("lua:[", "x") end, "E%-PL%-02")
  end)

  it("names the nearest end of a name for a glob", function()
    assert.error_matches(function() selected "*.to_qq" end, "nearest name: blocks.0.attn1.to_q$")
    assert.error_matches(function() selected "blocks.1.*.net.0.prj" end, "nearest name: blocks.0.ff.net.0.proj$")
    assert.error_matches(function() selected "*.something" end, "matches 0 of 4 layers$")
    assert.error_matches(function() selected "x*" end, "matches 0 of 4 layers$")
  end)

  it("raises for a Lua pattern whose fault shows up at a name only", function()
    local p = pattern.pattern "blocks%.0%.attn1%.to_q["
    assert.error_matches(function() selected(p) end, "E%-PL%-02: pattern .* malformed pattern")
  end)

  it("lets a Lua pattern be optional, and leaves the one given as it was", function()
    local p = pattern.pattern "^nothing"
    assert.same({}, selected { p, optional = true })
    assert.has_error(function() selected(p) end)
  end)

  it("takes true and false alone for optional", function()
    assert.error_matches(function() selected { "a", optional = "yes" } end,
      "E%-CF%-03: exclude%[1%]: optional must be true or false, got string")
  end)
end)
