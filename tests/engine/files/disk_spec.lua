local core = require "vise.core"
local support = require "support"

local disk = core.disk

--- A new empty folder.
local function folder()
  local path = os.tmpname()
  os.remove(path)
  assert(disk.mkdir(path))
  return path
end

--- This program, for the tests that must see a process die.
local function program()
  local pipe = assert(io.popen "readlink /proc/$PPID/exe")
  local path = pipe:read "l"
  pipe:close()
  return path
end

describe("core.disk", function()
  local dir
  before_each(function() dir = folder() end)
  after_each(function() disk.remove_tree(dir) end)

  it("writes and reads whole files", function()
    for _, text in ipairs { "", "a", ("x\0y\n"):rep(100000) } do
      assert.is_true(disk.write(dir .. "/f", text))
      assert.equal(text, disk.read(dir .. "/f"))
      assert.equal(#text, disk.size(dir .. "/f"))
    end
    local text, message, id = disk.read(dir .. "/f", 10)
    assert.is_nil(text)
    assert.equal("E-FS-18", id)
    assert.truthy(message:find("400,000 bytes, expected 10 at most", 1, true))
  end)

  it("lists names in byte order", function()
    for _, name in ipairs { "b", "a", "Z", "é", "10", "9" } do disk.write(dir .. "/" .. name, "") end
    assert.same({ "10", "9", "Z", "a", "b", "é" }, disk.list(dir))
    assert(disk.mkdir(dir .. "/empty"))
    assert.same({}, disk.list(dir .. "/empty"))
  end)

  it("follows every link to the real name", function()
    disk.write(dir .. "/f", "x")
    assert(os.execute(("ln -s f %s/link && ln -s . %s/loop"):format(dir, dir)))
    local real = disk.real(dir)
    assert.equal(real .. "/f", disk.real(dir .. "/loop/loop/link"))
    assert.equal("/", disk.real "/")
    assert.equal("E-FS-15", (select(3, disk.real(dir .. "/nothing"))))
    assert.is_true(support.sweep(function() return disk.real(dir) end) >= 1)
  end)

  it("renames, links, exchanges and removes", function()
    local a, b, c = dir .. "/a", dir .. "/b", dir .. "/c"
    disk.write(a, "1")
    assert.is_true(disk.link(a, b))
    assert.is_true(disk.rename(b, c))
    disk.write(b, "2")
    assert.is_true(disk.exchange(a, b))
    assert.equal("2", disk.read(a))
    assert.equal("1", disk.read(b))
    assert.is_true(disk.remove(a))
    assert.is_nil(disk.exists(a))
    assert.is_true(disk.sync(dir))
    assert.is_true(disk.sync(c))
    assert.is_true(disk.free(dir) > 0)
  end)

  it("exchanges folders in one step", function()
    disk.mkdir(dir .. "/old")
    disk.mkdir(dir .. "/new")
    disk.write(dir .. "/new/f", "new")
    assert.is_true(disk.exchange(dir .. "/new", dir .. "/old"))
    assert.equal("new", disk.read(dir .. "/old/f"))
    local ok, _, id = disk.exchange(dir .. "/new", dir .. "/nothing")
    assert.is_nil(ok)
    assert.equal("E-FS-15", id)
  end)

  it("knows files, folders and other things apart", function()
    disk.write(dir .. "/f", "")
    assert.equal("file", disk.exists(dir .. "/f"))
    assert.equal("folder", disk.exists(dir))
    assert.equal("other", disk.exists "/dev/zero")
    assert.is_nil(disk.exists(dir .. "/nothing"))
  end)

  it("removes a tree and never follows a link out of it", function()
    local outside = folder()
    disk.write(outside .. "/keep", "x")
    disk.mkdir(dir .. "/t")
    disk.mkdir(dir .. "/t/deep")
    disk.write(dir .. "/t/deep/f", "x")
    os.execute(("ln -s %s %s/t/link && ln -s nowhere %s/t/dangling"):format(outside, dir, dir))
    assert.is_true(disk.remove_tree(dir .. "/t"))
    assert.is_nil(disk.exists(dir .. "/t"))
    assert.equal("x", disk.read(outside .. "/keep"))
    disk.remove_tree(outside)
  end)

  it("E-HF-10: reads regular files only, without waiting for a pipe", function()
    os.execute("mkfifo " .. dir .. "/pipe")
    local start = os.clock()
    for _, case in ipairs {
      { dir .. "/pipe", "a pipe" }, { dir, "a folder" }, { "/dev/zero", "a device" },
      { "/dev/null", "a device" },
    } do
      for _, open in ipairs { disk.read, core.safetensors_open } do
        local text, message, id = open(case[1])
        assert.is_nil(text)
        assert.equal("E-HF-10", id)
        assert.truthy(message:find(case[2] .. ", expected a regular file", 1, true))
      end
    end
    assert.is_true(os.clock() - start < 1)
  end)

  it("E-HF-11: names a link that leads nowhere or in a circle", function()
    os.execute(("ln -s nothing %s/dangling && ln -s loop %s/loop"):format(dir, dir))
    for name, why in pairs { dangling = "leads to nothing", loop = "leads back to itself" } do
      local text, message, id = disk.read(dir .. "/" .. name)
      assert.is_nil(text)
      assert.equal("E-HF-11", id)
      assert.truthy(message:find(why, 1, true))
    end
  end)

  it("names the path and the reason of a refusal", function()
    disk.write(dir .. "/f", "")
    for _, case in ipairs {
      { "E-FS-15", disk.read, dir .. "/nothing" }, { "E-FS-15", disk.list, dir .. "/nothing" },
      { "E-FS-15", disk.remove, dir .. "/nothing" }, { "E-FS-15", disk.sync, dir .. "/nothing" },
      { "E-FS-15", disk.size, dir .. "/nothing" }, { "E-FS-15", disk.free, dir .. "/nothing" },
      { "E-FS-15", disk.remove_tree, dir .. "/nothing" }, { "E-FS-15", disk.mkdir, dir .. "/f/sub" },
      { "E-FS-05", disk.mkdir, dir, nil, "it exists already" },
      { "E-FS-05", disk.write, dir, "x", "it is a folder" },
      { "E-FS-05", disk.remove, dir, nil, "the folder is not empty" },
      { "E-FS-15", disk.rename, dir .. "/nothing", dir .. "/g" },
      { "E-FS-05", disk.link, dir .. "/f", dir .. "/f" },
    } do
      local ok, message, id = case[2](case[3], case[4])
      assert.is_nil(ok)
      assert.equal(case[1], id, message)
      assert.truthy(message:find(dir, 1, true), message)
      assert.truthy(message:find(case[5] or "", 1, true), message)
    end
    for _, f in ipairs { disk.read, disk.exists, core.safetensors_open } do
      assert.error_matches(function() f "a\0b" end, "no NUL")
    end
    assert.error_matches(function() disk.read "" end, "not empty")
  end)

  it("E-FS-03: says when it may not write", function()
    if disk.exists "/sys/kernel" ~= "folder" then
      pending "no /sys here: the one folder in which even root may make nothing"
      return
    end
    local ok, message, id = disk.mkdir "/sys/vise"
    assert.is_nil(ok)
    assert.equal("E-FS-03", id)
    assert.truthy(message:find("cannot make /sys/vise: ", 1, true))
  end)

  it("E-FS-02: a file size limit is an error, and leaves no file", function()
    local script = support.file(([[
      local core = require "vise.core"
      local ok, message, id = core.disk.write(%q, ("x"):rep(4 << 20))
      print(ok, id, message)
    ]]):format(dir .. "/big"))
    local pipe = assert(io.popen(("ulimit -f 1024; %s %s"):format(program(), script)))
    local text = pipe:read "a"
    pipe:close()
    os.remove(script)
    local want = "nil\tE-FS-02\tcannot write to " .. dir .. "/big: file size limit reached"
    assert.truthy(text:find(want, 1, true), text)
    assert.is_nil(disk.exists(dir .. "/big"))
  end)

  it("can fail every operation of a save, and each leaves the old or the new", function()
    disk.write(dir .. "/f", "old")
    local n, old, new = 0, 0, 0
    while true do
      disk.remove(dir .. "/f.tmp")
      core.io_fault(n)
      local ok, message, id = disk.write(dir .. "/f.tmp", ("new"):rep(1000))
      if ok then ok, message, id = disk.rename(dir .. "/f.tmp", dir .. "/f") end
      if ok then ok, message, id = disk.sync(dir) end
      core.io_fault(-1)
      local now = disk.read(dir .. "/f")
      assert.is_true(now == "old" or now == ("new"):rep(1000))
      if now == "old" then old = old + 1 else new = new + 1 end
      if ok then break end
      assert.equal("E-FS-01", id)
      assert.truthy(message:find("disk full", 1, true))
      n = n + 1
    end
    assert.equal(5, n) -- create, write, fsync, rename, fsync of the folder
    assert.same({ 4, 2 }, { old, new })
  end)

  it("can fail each single operation, and counts it", function()
    for name, f in pairs {
      mkdir = function() return disk.mkdir(dir .. "/m") end,
      link = function() return disk.link(dir .. "/f", dir .. "/l") end,
      exchange = function() return disk.exchange(dir .. "/f", dir .. "/g") end,
      remove = function() return disk.remove(dir .. "/g") end,
      remove_tree = function() return disk.remove_tree(dir .. "/sub") end,
      sync = function() return disk.sync(dir) end,
    } do
      disk.write(dir .. "/f", "")
      disk.write(dir .. "/g", "")
      disk.mkdir(dir .. "/sub")
      local before = core.io_count()
      core.io_fault(0)
      local ok, _, id = f()
      core.io_fault(-1)
      assert.is_nil(ok, name)
      assert.equal("E-FS-01", id)
      assert.equal(before + 1, core.io_count())
      assert.truthy(f(), name)
    end
  end)

  it("can be killed at every operation of a save: old or new, never torn", function()
    disk.mkdir(dir .. "/out")
    disk.write(dir .. "/out/a", "old")
    disk.write(dir .. "/out/b", "old")
    local script = support.file(([[
      local core, dir, n = require "vise.core", %q, tonumber(arg[1])
      local disk = core.disk
      disk.remove_tree(dir .. "/tmp")
      core.io_fault(n, "kill")
      assert(disk.mkdir(dir .. "/tmp"))
      assert(disk.write(dir .. "/tmp/a", ("new"):rep(200000)))
      assert(disk.write(dir .. "/tmp/b", ("new"):rep(200000)))
      assert(disk.sync(dir .. "/tmp"))
      assert(disk.exchange(dir .. "/tmp", dir .. "/out"))
      assert(disk.sync(dir))
    ]]):format(dir))
    local n, killed = 0, true
    while killed do
      killed = not os.execute(("%s %s %d 2>/dev/null"):format(program(), script, n))
      local a, b = disk.read(dir .. "/out/a"), disk.read(dir .. "/out/b")
      assert.equal(a, b)
      assert.is_true(a == "old" or a == ("new"):rep(200000))
      -- What a kill leaves of the new version is beside the old, and may be torn.
      if a ~= "old" and disk.exists(dir .. "/tmp/a") then
        assert.is_true(disk.exchange(dir .. "/tmp", dir .. "/out"))
      end
      n = n + 1
    end
    assert.is_true(n > 9)
    os.remove(script)
  end)

  it("leaks nothing, whichever allocation fails", function()
    for i = 1, 40 do disk.write(("%s/a long name of a file, number %d"):format(dir, i), "") end
    assert.is_true(support.sweep(function() return disk.list(dir) end) >= 3)
    assert.is_true(support.sweep(function() return disk.write(dir .. "/f", "x") end) >= 1)
    assert.is_true(support.sweep(function() return disk.read(dir .. "/f") end) >= 1)
  end)
end)
