local core = require "vise.core"
local support = require "support"

local DTYPES = { "f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i8", "u8", "i32", "i64" }

describe("core.safetensors_write", function()
  local path = os.tmpname()
  teardown(function() os.remove(path) end)

  local function write(entries, metadata)
    assert(core.safetensors_write(path, entries, metadata))
    return assert(core.safetensors_open(path))
  end

  it("gives back what it was given: every dtype, shape and byte", function()
    local entries = {}
    for i, dtype in ipairs(DTYPES) do
      entries[#entries + 1] = { dtype .. ".matrix", support.random({ 3, i }, i):to(dtype) }
      entries[#entries + 1] = { dtype .. ".none", core.tensor(dtype, { 0, 5 }) }
      entries[#entries + 1] = { dtype .. ".scalar", core.tensor_of(dtype, {}, { 1 }) }
    end
    entries[#entries + 1] = { "deep", core.tensor("f32", { 1, 2, 1, 2, 1, 2, 1, 2 }) }
    local file = write(entries)
    for i, name in ipairs(file:names()) do
      local want, got = entries[i], file:tensor(name)
      assert.equal(want[1], name)
      assert.equal(want[2]:dtype(), got:dtype())
      assert.same({ want[2]:shape() }, { got:shape() })
      assert.equal(want[2]:tobytes(), got:tobytes())
    end
    assert.equal(core.disk.size(path), core.safetensors_size(entries))
    file:close()
  end)

  it("round trips random sets of tensors, names and metadata, with the size foretold", function()
    local state = 7
    local function draw(n)
      state = (state * 1664525 + 1013904223) & 0xffffffff
      return (state >> 16) % n
    end
    for round = 1, 60 do
      local entries, plan, metadata = {}, {}, {}
      for i = 1, draw(6) do
        local dtype, shape = DTYPES[draw(#DTYPES) + 1], {}
        for d = 1, draw(4) do shape[d] = draw(5) end
        local bytes = {}
        local count = 1
        for _, d in ipairs(shape) do count = count * d end
        for b = 1, count * core.tensor(dtype, { 1 }):bytes() do bytes[b] = string.char(draw(256)) end
        local name = ("%s%d %s"):format(("é\n\"\\\27"):sub(1, 2 + draw(4) * (draw(2))), i, dtype)
        if not utf8.len(name) then name = "t" .. i end
        entries[i] = { name, core.tensor_of(dtype, shape, table.concat(bytes)) }
        plan[i] = { name, dtype, shape }
      end
      for i = 1, draw(3) do metadata["k" .. i] = ("é\t\"\\/\1"):rep(draw(3)) end
      local file = write(entries, metadata)
      assert.equal(core.disk.size(path), core.safetensors_size(plan, metadata), round)
      assert.same(metadata, file:metadata())
      for i = 1, #entries do
        assert.equal(entries[i][2]:tobytes(), file:tensor(entries[i][1]):tobytes())
      end
      file:close()
    end
  end)

  it("makes the same bytes whatever order the metadata table has, and starts the data at 8", function()
    local t = support.random { 2, 2 }
    local a, b = {}, {}
    for i = 1, 50 do a["key" .. i] = "v" end
    for i = 50, 1, -1 do b["key" .. i] = "v" end
    write({ { "t", t } }, a):close()
    local first = core.disk.read(path)
    write({ { "t", t } }, b):close()
    assert.equal(first, core.disk.read(path))
    assert.equal(0, string.unpack("<I8", first) % 8)
    local header = first:sub(9)
    assert.is_true(header:find('"key1":"v","key10":"v","key11"', 1, true) ~= nil)
  end)

  it("writes strided views row by row", function()
    local t = support.random { 300, 700 }
    local view = t:columns(10, 650)
    local file = write { { "view", view } }
    assert.equal(view:copy():tobytes(), file:tensor("view"):tobytes())
    file:close()
  end)

  it("keeps what a reader of the old file has mapped", function()
    local file = write { { "t", core.tensor_of("f32", { 2 }, { 1, 2 }) } }
    local old = file:tensor "t"
    write({ { "t", core.tensor_of("f32", { 2 }, { 3, 4 }) } }):close()
    assert.same({ 1.0, 2.0 }, old:totable())
    file:close()
  end)

  it("refuses names and metadata that its reader would refuse", function()
    local t = core.tensor("f32", { 1 })
    local function refused(id, entries, metadata)
      assert.error_matches(function() core.safetensors_write(path, entries, metadata) end, id, 1, true)
      assert.error_matches(function() core.safetensors_size(entries, metadata) end, id, 1, true)
    end
    refused("E-ST-13", { { "a", t }, { "a", t } })
    refused("E-ST-14", { { "a\0", t } })
    refused("E-ST-07", { { "\xff", t } })
    refused("E-ST-28", { { ("a"):rep(4097), t } })
    refused("must be a string", { { 1, t } })
    refused("must be a string", { { "a", t } }, { k = 1 })
    refused("each entry is a table", { t })
    assert.error_matches(function() core.safetensors_write(path, { { "a", "f32", { 1 } } }) end,
      "not an open tensor")
    assert.error_matches(function() core.safetensors_size { { "a", "f32", { 1 << 62, 4 } } } end, "E%-ST%-19")
    assert.error_matches(function() core.safetensors_size { { "a", "u8", { -1 } } } end, "E%-ST%-19")
    t:close()
    refused("not an open tensor", { { "a", t } })
  end)

  it("leaves no file behind when an operation fails", function()
    local entries = { { "big", core.tensor("f32", { 400, 400 }) }, { "small", core.tensor("f32", { 3 }) } }
    local n = 0
    while true do
      os.remove(path)
      core.io_fault(n)
      local ok, message, id = core.safetensors_write(path, entries)
      core.io_fault(-1)
      if ok then break end
      assert.equal("E-FS-01", id)
      assert.truthy(message:find("disk full", 1, true))
      assert.is_nil(core.disk.exists(path))
      n = n + 1
    end
    assert.is_true(n >= 4) -- create, header, data, fsync
  end)

  it("says where it could not write", function()
    local ok, message, id = core.safetensors_write("/proc/nowhere/x.safetensors", {})
    assert.is_nil(ok)
    assert.equal("E-FS-15", id)
    assert.truthy(message:find("/proc/nowhere/x.safetensors", 1, true))
    assert.equal("E-FS-05", (select(3, core.safetensors_write("/tmp", {}))))
  end)

  it("leaks nothing, whichever allocation fails", function()
    local t = support.random { 4, 4 }
    local entries = { { "a", t }, { "b", t:columns(2, 3) } }
    local metadata = { k = "v" }
    assert.is_true(support.sweep(function() return core.safetensors_write(path, entries, metadata) end) >= 5)
    assert.is_true(support.sweep(function() return core.safetensors_size(entries, metadata) end) >= 4)
  end)
end)
