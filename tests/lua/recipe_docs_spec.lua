-- docs/recipes.md names every field and type, and its headers are headers.

local headers = require "vise.recipe.header"
local package_tests = require "vise.recipe.package_tests"

local f <close> = assert(io.open "docs/recipes.md")
local page = f:read "a"

describe("docs/recipes.md", function()
  it("names every field of a header, every field of a parameter and every type", function()
    for kind, rows in pairs(headers.describe()) do
      for _, row in ipairs(rows) do
        assert.is_truthy(page:find("`" .. row.name, 1, true), ("%s: %s"):format(kind, row.name))
        for _, inner in ipairs(row.fields or {}) do
          local said = inner.name == "text" or inner.name == "n" or page:find("`" .. inner.name .. "`", 1, true)
          assert.is_truthy(said, row.name .. "." .. inner.name)
        end
      end
    end
  end)

  it("has headers that are right", function()
    local count = 0
    for text in page:gmatch "```lua\n(%b{})\n```" do
      if not text:find "name *=" then
        text = text:gsub("^{", '{ name = "x", version = "1.0.0", summary = "s", license = "MIT",')
      end
      assert(headers.read(text, "docs/recipes.md"))
      count = count + 1
    end
    assert.equal(2, count)
  end)

  it("names every function of a test", function()
    for name in pairs(getmetatable(package_tests.new {}).__index) do
      if name ~= "__index" then assert.is_truthy(page:find("`t:" .. name, 1, true), name) end
    end
  end)
end)
