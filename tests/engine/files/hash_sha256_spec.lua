local core = require "vise.core"
local support = require "support"

describe("SHA-256", function()
  -- FIPS 180-2, appendix B, and the published hash of nothing.
  local known = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { ("a"):rep(1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
  }

  it("of a file has its published values", function()
    for _, case in ipairs(known) do
      local path = support.file(case[1])
      assert.equal(case[2], core.disk.sha256(path))
      os.remove(path)
    end
  end)

  it("of a string has its published values", function()
    for _, case in ipairs(known) do assert.equal(case[2], core.sha256(case[1])) end
    assert.error_matches(function() core.sha256 {} end, "bad argument #1")
  end)

  it("of a file larger than a piece agrees with sha256sum", function()
    local path = support.file(("0123456789abcdef"):rep(600000) .. "x") -- 9.6 MB, pieces are 8 MiB
    local pipe <close> = assert(io.popen("sha256sum " .. path))
    assert.equal(pipe:read "a":match "^%x+", core.disk.sha256(path))
    os.remove(path)
  end)

  it("comes with a safetensors file as it is written, whatever lies in it", function()
    local path = os.tmpname()
    local wide = support.random { 700, 300 } -- larger than the buffer of a file being written
    local cases = { {}, { { "w", wide } }, { { "v", wide:columns(3, 5) }, { "none", core.tensor("i8", { 0 }) } } }
    for _, entries in ipairs(cases) do
      local hash = assert(core.safetensors_write(path, entries))
      assert.equal(core.disk.sha256(path), hash)
    end
    os.remove(path)
  end)

  it("says what it cannot read", function()
    local hash, message, id = core.disk.sha256 "nowhere.bin"
    assert.same({ nil, "E-FS-15" }, { hash, id })
    assert.matches("nowhere.bin", message, 1, true)
    assert.equal("E-HF-10", (select(3, core.disk.sha256 "tests")))
  end)

  it("leaks nothing, whichever allocation fails", function()
    local path = support.file "abc"
    assert.is_true(support.sweep(function() return core.disk.sha256(path) end) >= 1)
    os.remove(path)
  end)
end)
