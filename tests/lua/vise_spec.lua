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
