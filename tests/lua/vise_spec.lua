local vise = require "vise"

describe("the public module", function()
  it("suggests the nearest name for one that it does not have", function()
    assert.error_matches(function() return vise.qantize end,
      "^E%-US%-13: vise has no 'qantize'; did you mean 'quantize'%?$")
    assert.error_matches(function() return vise.plam end, "did you mean 'plan'%?$")
    assert.error_matches(function() return vise[1] end, "^E%-US%-13: vise has no '1'")
  end)

  it("loads each of its names", function()
    for _, name in ipairs(vise.names()) do assert.is_not_nil(vise[name], name) end
  end)
end)

describe("an object of the core", function()
  it("names the nearest method when one is misspelled", function()
    local t <close> = vise.tensor("f32", { 2, 2 })
    assert.error_matches(function() return t:coyp() end, "E%-US%-15: a tensor has no 'coyp'; did you mean 'copy'")
    assert.error_matches(function() return t:matmul(t) end, "did you mean vise.linalg.matmul?", 1, true)
    assert.error_matches(function() return vise.random(1).normale end, "E%-US%-15: a random has no 'normale'")
  end)

  it("says of its own checks that an argument is wrong", function()
    local split = require("vise.fail").split
    local _, raised = pcall(vise.tensor, "f33", { 1 })
    assert.equal("E-US-14", (split(raised)))
    _, raised = pcall(vise.linalg.svd, vise.tensor("f32", { 2, 2 }), { mode = "full" })
    assert.equal("E-US-14", (split(raised)))
    assert.error_matches(function() vise.open(3) end, "E%-HF%-18: open takes the path of a model, got number")
    assert.error_matches(function() vise.open("x", { varaint = "fp16" }) end, "E%-HF%-18.*did you mean 'variant'")
    assert.error_matches(function() vise.open("x", { variant = 16 }) end, "E%-HF%-18: option 'variant'")
  end)

  it("says when an output has the shape but not the rows", function()
    local a, wide = vise.tensor("f32", { 4, 4 }), vise.tensor("f32", { 4, 8 })
    assert.error_matches(function() return a:mul(2, wide:columns(1, 4)) end, "E%-TN%-07.*gaps between its rows")
  end)
end)
