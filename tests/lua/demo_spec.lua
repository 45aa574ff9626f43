-- vise demo, as somebody runs it who has just built the program.

local core = require "vise.core"

local program = core.disk.real "/proc/self/exe"

local function run(command)
  local pipe = io.popen(command .. " 2>&1; echo status $?")
  local out = pipe:read "a"
  pipe:close()
  return out:match "^(.*)status (%d+)\n$"
end

describe("vise demo", function()
  local folder
  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
  end)
  teardown(function() core.disk.remove_tree(folder) end)

  local out, status
  it("quantizes a model three ways and says what came of it", function()
    out, status = run(("cd %s && DISPLAY=:9 LC_ALL=C %s demo"):format(folder, program))
    assert.equal("0", status, out)
    for _, words in ipairs { "56 linear layers", "int8_per_row ", "int4_weight_only_g32 ", "svdq_int4_r0_dq ",
      "the layers that lose most under svdq_int4_r0_dq", "vise-demo/report.html" } do
      assert.matches(words, out, 1, true)
    end
    assert.is_nil(out:find "[\128-\255\27]") -- on a pipe, in the C locale: plain ASCII
  end)

  it("leaves a report that shows every type and what each drew", function()
    local html = assert(core.disk.read(folder .. "/vise-demo/report.html"))
    for _, words in ipairs { "<!doctype html>", "vise demo", "svdq_int4_r0_dq", "data:image/png;base64," } do
      assert.is_truthy(html:lower():find(words, 1, true), words)
    end
    local _, images = html:gsub("data:image/png;base64,", "")
    assert.equal(4, images) -- float and three types
  end)

  it("names next steps that work when they are pasted", function()
    local steps = {}
    for line in out:match("next, ready to be pasted:\n(.*)$"):gmatch "[^\n]+" do
      steps[#steps + 1] = line:match "^  vise (.*)$"
    end
    assert.equal(4, #steps)
    for _, step in ipairs(steps) do
      local more = step:find "^run" and " --dry-run" or ""
      local said, code = run(("cd %s && %s %s%s </dev/null"):format(folder, program, step, more))
      assert.equal("0", code, step .. "\n" .. said)
    end
  end)

  it("says what is wrong with a folder that cannot be written", function()
    local said, code = run(program .. " demo --out /proc/nothing")
    assert.are_not.equal("0", code)
    assert.matches("^vise: E%-%u%u%-%d%d: ", said)
    assert.matches("next: ", said, 1, true)
  end)
end)
