-- The README's Lua is what a newcomer copies: it runs as it stands, in a folder of its own.

local core = require "vise.core"

local function lua_of(path)
  local f <close> = assert(io.open(path))
  return f:read "a":match "\n```lua\n(.-)\n```\n"
end

describe("the README", function()
  it("shows a program that runs", function()
    local code = assert(lua_of "README.md", "no Lua in README.md")
    local folder = os.tmpname()
    os.remove(folder)
    local count
    code, count = code:gsub('"out/dit"', ("%q"):format(folder))
    assert.equal(2, count)
    local printed
    local env = setmetatable({ print = function(...) printed = { ... } end }, { __index = _G })
    assert(load(code, "=README.md", "t", env))()
    assert.equal(30, printed[1]) -- 36 layers, less the 6 excluded
    assert.is_true(printed[2] > 8 and printed[2] < 11)
    assert.same({ "quant_config.json", "svdq_int4_r32.safetensors" }, core.disk.list(folder))
    core.disk.remove_tree(folder)
  end)
end)

describe("the documents", function()
  for _, path in ipairs { "README.md", "docs/architecture.md", "docs/artefact.md", "docs/command-line.md",
    "docs/recipes.md", "docs/dependencies.md" } do
    it("link to files that are there in " .. path, function()
      local f <close> = assert(io.open(path))
      local folder = path:match "^(.*/)" or ""
      for link in f:read "a":gmatch "%]%(([^)#]+)[^)]*%)" do
        if not link:find "^%w+:" then assert.is_string(core.disk.exists(folder .. link), link) end
      end
    end)
  end
end)
