local core = require "vise.core"
local paths = require "vise.paths"
local recipes = require "vise.recipe"

local environment = {}
local getenv = os.getenv

local HEADER = [[{ name = "%s", version = "1.0.0", summary = "s", license = "MIT" }]]

local function put(path, text)
  local folder = path:match "^(.*)/"
  if not core.disk.exists(folder) then assert(core.disk.mkdir(folder)) end
  assert(core.disk.write(path, text))
end

local function recipe(place, name)
  if not core.disk.exists(place) then assert(core.disk.mkdir(place)) end
  put(place .. "/" .. name .. "/header.lua", HEADER:format(name))
  put(place .. "/" .. name .. "/recipe.lua", "return function() end")
end

describe("vise.paths", function()
  before_each(function()
    os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
  end)
  after_each(function()
    os.getenv = getenv -- luacheck: ignore 122
    environment = {}
  end)

  it("follows the XDG variables, and falls back to the home", function()
    environment = { HOME = "/home/a", XDG_DATA_HOME = "/data/", XDG_CACHE_HOME = "relative", XDG_STATE_HOME = "" }
    assert.equal("/data/vise", paths.data())
    assert.equal("/home/a/.config/vise", paths.config())
    assert.equal("/home/a/.local/state/vise", paths.state())
    assert.equal("/home/a/.cache/vise", paths.cache())
    environment = {}
    assert.is_nil(paths.data())
  end)

  it("finds what came with the program", function()
    assert.equal("folder", core.disk.exists(paths.share() .. "/recipes/int8"))
  end)
end)

describe("vise.recipe.search", function()
  local folder
  before_each(function()
    os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
    folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
    environment = { XDG_DATA_HOME = folder, VISE_RECIPES = folder .. "/a::" .. folder .. "/b" }
  end)
  after_each(function()
    os.getenv = getenv -- luacheck: ignore 122
    core.disk.remove_tree(folder)
  end)

  it("looks in $VISE_RECIPES, the user's store and what ships, in this order", function()
    assert.equal(paths.share() .. "/recipes/int8", recipes.search.find "int8")
    assert(core.disk.mkdir(folder .. "/vise"))
    recipe(folder .. "/vise/recipes", "int8")
    assert.equal(folder .. "/vise/recipes/int8", recipes.search.find "int8")
    recipe(folder .. "/b", "int8")
    assert.equal(folder .. "/b/int8", recipes.search.find "int8")
    recipe(folder .. "/a", "int8")
    assert.equal(folder .. "/a/int8", recipes.search.find "int8/")
    assert.equal("int8", assert(recipes.open "int8").header.name)
  end)

  it("lists each name once, with where it is from", function()
    recipe(folder .. "/a", "own")
    recipe(folder .. "/b", "int8")
    assert(core.disk.mkdir(folder .. "/b/no-recipe"))
    local origins = {}
    for _, found in ipairs(recipes.search.list()) do
      assert.is_nil(origins[found.name])
      origins[found.name] = found.origin
    end
    assert.equal("path", origins.own)
    assert.equal("path", origins.int8)
    assert.equal("shipped", origins.float8)
    assert.is_nil(origins["no-recipe"])
  end)

  it("takes a path as it is, and names the nearest recipe", function()
    assert.equal("recipes/int8", recipes.search.find "recipes/int8/")
    assert.equal("./nowhere", recipes.search.find "./nowhere")
    local found, message, id = recipes.search.find "int88"
    assert.is_nil(found)
    assert.equal("E-RC-11", id)
    assert.matches("did you mean 'int8'?", message, 1, true)
  end)
end)
