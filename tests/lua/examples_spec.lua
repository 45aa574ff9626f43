-- Every example of the reference runs and shows what it says.

local core = require "vise.core"
local describe_lua = require "vise.describe"

local program = arg[-1]

-- The absolute form of a path.
local function absolute(path)
  local pipe <close> = assert(io.popen(("realpath '%s'"):format(path)))
  return pipe:read "l"
end

-- What became of each example: "ok", or why it is wrong.
local function run_all()
  local folder = os.tmpname()
  os.remove(folder)
  assert(core.disk.mkdir(folder))
  local command = ([[
    mkdir %s/models && cd recipes/quickstart/models &&
    ln -s "$PWD/dit-fashion-mnist" %s/models/dit && ln -s "$PWD/stories260K" %s/models/stories &&
    cd %s && %s %s 2>&1]]):format(folder, folder, folder, folder, absolute(program), absolute "tests/examples.lua")
  local results, rest = {}, {}
  local pipe <close> = assert(io.popen(command))
  for line in pipe:lines() do
    local verdict, name, why = line:match "^(%l+) ([^ ]*[^ :]):? ?(.*)$"
    if verdict == "ok" or verdict == "bad" then
      results[name] = verdict == "ok" and "ok" or why
    else
      rest[#rest + 1] = line
    end
  end
  core.disk.remove_tree(folder)
  return results, table.concat(rest, "\n")
end

describe("the example of", function()
  local results, rest
  lazy_setup(function() results, rest = run_all() end)

  for _, ref in describe_lua.each() do
    for _, fn in ipairs(ref.functions) do
      local name = describe_lua.full_name(ref, fn)
      it(name .. " runs, and shows what it says", function() assert.equal("ok", results[name] or rest) end)
    end
  end
end)
