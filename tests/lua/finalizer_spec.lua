--- A finalizer may run whenever a binding makes something, and may close or change what that
--- binding was given.  That must be an error or of no matter, never a crash.

local core = require "vise.core"
local support = require "support"

describe("a finalizer that runs in the middle of", function()
  it("a list of names, a description or the metadata of a file it closes", function()
    local path, entries, metadata = os.tmpname(), {}, {}
    for i = 1, 200 do
      entries[i] = { ("layer.%d."):format(i):rep(40), core.tensor("f32", { 2 }) }
      metadata["key" .. i] = ("value"):rep(300)
    end
    assert(core.safetensors_write(path, entries, metadata))
    for _, name in ipairs { "names", "info", "metadata" } do
      local file = assert(core.safetensors_open(path))
      local ok, result = support.during(function() file:close() end, file[name], file, entries[7][1])
      assert.is_true(ok and name ~= "names" or tostring(result):find("file is closed", 1, true) ~= nil)
      if name == "info" then assert.equal(8, result.bytes) end
      assert.error_matches(function() file:names() end, "file is closed")
    end
    os.remove(path)
  end)

  it("a write whose tensor it closes", function()
    local path, t = os.tmpname(), core.tensor("f32", { 2 })
    local ok, message = support.during(function() t:close() end, core.safetensors_write, path,
      { { "t", t } }, { a = "b" })
    assert.is_false(ok)
    assert.matches("not an open tensor", message, 1, true)
    os.remove(path)
  end)

  it("a write whose metadata it adds to", function()
    local path, metadata = os.tmpname(), { a = "b" }
    local ok = support.during(function()
      for i = 1, 1000 do metadata["k" .. i] = "v" end
    end, core.safetensors_write, path, {}, metadata)
    if ok then assert.is_table(core.safetensors_open(path):metadata()) end
    os.remove(path)
  end)

  it("the writing of JSON whose table it adds to", function()
    local t = { a = 1 }
    local ok, text = support.during(function()
      for i = 1, 1000 do t["k" .. i] = i end
    end, core.json_encode, t)
    if ok then assert.is_table(core.json_decode(text)) end
  end)

  it("the parts of a coded tensor it closes", function()
    local scheme = core.scheme { bits = 8, granularity = "row", convention = "amax" }
    for _, name in ipairs { "tensors", "scheme" } do
      local coded = core.encode(scheme, core.tensor("f32", { 2, 4 }))
      local ok, result = support.during(function() coded:close() end, coded[name], coded)
      assert.is_true(ok and name == "scheme" or tostring(result):find("closed", 1, true) ~= nil)
      if name == "scheme" then assert.equal(tostring(scheme), tostring(result)) end
    end
  end)

  it("a product, and changes the number of threads", function()
    local threads = core.threads()
    local a = support.random({ 20, 30 }, 1)
    local want = core.matmul(a, a, { trans_b = true }):tobytes()
    local ok, out = support.during(function() core.threads(threads % 2 + 1) end, core.matmul, a, a,
      { trans_b = true })
    core.threads(threads)
    assert.is_true(ok)
    assert.equal(want, out:tobytes())
  end)
end)

describe("an argument that is missing", function()
  it("is not taken from the result", function()
    local a = core.tensor("f32", { 1, 1 })
    for _, f in ipairs { core.matmul, core.linear, a.add, core.embedding, core.gated_add } do
      assert.error_matches(function() f(a) end, "vise.tensor expected, got nil")
    end
    assert.error_matches(function() core.tensor("f32", { "2" }) end, "table of integers")
  end)
end)
