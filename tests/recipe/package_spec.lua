-- E22: what a package is, that its hash and its archive depend on names and contents alone, and that hostile
-- folders and archives are refused by name.

local core = require "vise.core"
local fixture = require "runs.support_runs"
local packages = require "vise.recipe.package"
local tar = require "vise.recipe.tar"

local disk = core.disk

local FILES = { ["recipe.lua"] = "return function() end\n", ["README.md"] = "words\n", ["lib/a.lua"] = "return 1\n",
  LICENSE = "MIT\n" }

describe("a package", function()
  local place, remove
  before_each(function() place, remove = fixture.folder() end)
  after_each(function() remove() end)

  local function refused(change, header)
    local files = {}
    for name, bytes in pairs(FILES) do files[name] = bytes end
    files["header.lua"] = header
    disk.remove_tree(place .. "/p")
    fixture.package(place .. "/p", files)
    change(place .. "/p")
    local package, message, id = packages.read(place .. "/p")
    assert.is_nil(package)
    return message, id
  end

  it("has one hash and one archive wherever it lies and whatever its times and modes", function()
    local first = assert(packages.read(fixture.package(place .. "/p", FILES)))
    os.execute(("cp -r %s/p %s/q; cd %s/q; touch -d 2001-01-01 *; chmod 755 recipe.lua; chmod 600 LICENSE"):format(
      place, place, place))
    disk.write(place .. "/q/.hidden", "not part of it")
    local second = assert(packages.read(place .. "/q"))
    assert.equal(first.hash, second.hash)
    assert.equal(tar.write("small", packages.contents(first)), tar.write("small", packages.contents(second)))
    -- The hash is the documented one, computed here by other means.
    local pipe <close> = io.popen(("cd %s/p; for f in $(find . -type f | sed 's|^./||' | LC_ALL=C sort); do "
      .. "echo \"$(sha256sum <$f | cut -d' ' -f1) $(stat -c %%s $f) $f\"; done | sha256sum"):format(place))
    assert.equal(first.hash, pipe:read "a":match "^%x+")
    disk.write(place .. "/q/lib/a.lua", "return 2\n")
    assert.not_equal(first.hash, assert(packages.read(place .. "/q")).hash)
  end)

  it("keeps its hash when it is locked, and without its assets", function()
    local header = fixture.header:gsub("params =", "assets = { 'models' }, params =")
    local files = { ["header.lua"] = header, ["models/big"] = ("x"):rep(100) }
    for name, bytes in pairs(FILES) do files[name] = bytes end
    local whole = assert(packages.read(fixture.package(place .. "/p", files)))
    assert.same({ "models/big" }, whole.assets)
    disk.write(place .. "/p/lock.json", "{}")
    disk.remove_tree(place .. "/p/models")
    local bare = assert(packages.read(place .. "/p"))
    assert.equal(whole.hash, bare.hash)
    assert.same({}, bare.assets)
  end)

  it("refuses what is no plain file under a plain name", function()
    local function sh(text) return function(at) assert(os.execute(("cd %s; %s"):format(at, text))) end end
    for words, change in pairs {
      ["recipe.lua: a link"] = sh "rm recipe.lua; ln -s /etc/passwd recipe.lua",
      ["gone: a link"] = sh "ln -s nowhere gone",
      ["away: a link"] = sh "ln -s /tmp away",
      ["pipe: a device or a pipe"] = sh "mkfifo pipe",
      ["license are one name"] = sh "echo x >license",
      ["sub/ are one name"] = sh "mkdir -p sub SUB; echo x >sub/a; echo x >SUB/b",
      ["a name with control characters"] = sh "echo x >\"$(printf 'a\\033b')\"",
      ["a name of 120 bytes"] = sh ("echo x >" .. ("n"):rep(120)),
      ["a name 9 folders deep"] = sh "mkdir -p 1/2/3/4/5/6/7/8; echo x >1/2/3/4/5/6/7/8/f",
    } do
      local message, id = refused(change)
      assert.equal("E-PK-02", id, words)
      assert.matches(words, message, 1, true)
    end
    local message, id = refused(sh "head -c 11000000 /dev/zero >big")
    assert.equal("E-PK-03", id)
    assert.matches("without assets, expected 10485760 at most", message, 1, true)
    message, id = refused(sh "for i in $(seq 1001); do echo >f$i; done")
    assert.equal("E-PK-03", id, message)
    message, id = refused(sh "rm header.lua")
    assert.equal("E-PK-01", id, message)
    message, id = refused(sh ":", (fixture.header:gsub("params =", "assets = { '../x' }, params =")))
    assert.equal("E-PK-02", id, message)
  end)
end)

describe("an archive", function()
  local FEW = { { name = "b.lua", bytes = ("b"):rep(700) }, { name = "a.lua", bytes = "" },
    { name = "lib/c.lua", bytes = ("c"):rep(512) } }
  local whole = assert(tar.write("pkg", FEW))

  it("comes back as it was, sorted", function()
    local files = assert(tar.read(whole, "x.tar"))
    assert.same({ "a.lua", "b.lua", "lib/c.lua" }, { files[1].name, files[2].name, files[3].name })
    assert.equal(("b"):rep(700), files[2].bytes)
  end)

  it("is what tar reads, and what tar writes is read", function()
    local place, remove = fixture.folder()
    disk.write(place .. "/x.tar", whole)
    local command = "cd %s && tar -xf x.tar && tar --format=ustar -cf y.tar pkg && tar -cf z.tar pkg"
    assert(os.execute(command:format(place)))
    assert.equal(("c"):rep(512), disk.read(place .. "/pkg/lib/c.lua"))
    for _, name in ipairs { "y", "z" } do
      assert.equal(3, #assert(tar.read(disk.read(("%s/%s.tar"):format(place, name)), "x")))
    end
    local pipe <close> = io.popen(("tar --numeric-owner --utc --full-time -tvf %s/x.tar"):format(place))
    assert.matches("^%-rw%-r%-%-r%-%- 0/0 +0 1980%-01%-01 00:00:00 pkg/a.lua\n", pipe:read "a")
    remove()
  end)

  -- The archive with other bytes in the first header, whose checksum is made to fit.
  local function patched(at, bytes, keep_checksum)
    local block = whole:sub(1, at - 1) .. bytes .. whole:sub(at + #bytes, 512)
    if not keep_checksum then
      local sum = 8 * 32
      for i = 1, 512 do
        if i < 149 or i > 156 then sum = sum + block:byte(i) end
      end
      block = block:sub(1, 148) .. ("%06o\0 "):format(sum) .. block:sub(157)
    end
    return block .. whole:sub(513)
  end

  it("is refused by name when it is hostile", function()
    local function named(new) return patched(1, new .. ("\0"):rep(100 - #new)) end
    for words, bytes in pairs {
      ["pkg/a.lua is a symbolic link"] = patched(157, "2"),
      ["pkg/a.lua is a hard link"] = patched(157, "1"),
      ["pkg/a.lua is a device"] = patched(157, "3"),
      ["pkg/a.lua is a pipe"] = patched(157, "6"),
      ["is an extended header"] = patched(157, "x"),
      ["is a long name of GNU tar"] = patched(157, "L"),
      ["is a sparse file"] = patched(157, "S"),
      ["an entry of type 'Z'"] = patched(157, "Z"),
      ["/etc/passwd: an absolute name"] = named "/etc/passwd",
      ["pkg/../../x: a name with '..'"] = named "pkg/../../x",
      ["pkg//x: a name with '..', '.' or '//'"] = named "pkg//x",
      ["an empty name"] = named "",
      ["a name with control characters"] = named "pkg/\27[31m",
      ["its checksum does not agree"] = patched(1, "q", true),
      ["a size that is no octal number"] = patched(125, "0000000008\0"),
      ["the archive ends after"] = patched(125, "7777777777\0"),
      ["a folder of 8 bytes"] = patched(125, "00000000010\0" .. whole:sub(137, 156) .. "5"),
      ["no ustar header at byte 0"] = patched(258, "xstar"),
      ["it was cut short"] = whole:sub(1, -1025),
      ["bytes after the end"] = whole .. "x",
    } do
      local files, message, id = tar.read(bytes, "x.tar")
      assert.is_nil(files, words)
      assert.equal("E-PK-05", id)
      assert.matches(words, message, 1, true)
    end
    local twice = named "pkg/b.lua"
    local files, message, id = tar.read(twice, "x.tar")
    assert.same({ nil, "E-PK-02" }, { files, id })
    assert.matches("b.lua and b.lua are one name", message, 1, true)
  end)

  it("is refused or read, whichever byte is changed, and never more", function()
    local seed = 7
    for _ = 1, 300 do
      seed = (seed * 1103515245 + 12345) % 2 ^ 31
      local at = seed // 8 % #whole + 1
      local bytes = whole:sub(1, at - 1) .. string.char(seed // 65536 % 256) .. whole:sub(at + 1)
      local ok, files, _, id = pcall(tar.read, bytes, "x.tar")
      assert.is_true(ok, files)
      assert.is_true(files ~= nil or id == "E-PK-05" or id == "E-PK-02")
    end
  end)
end)

describe("the store", function()
  local place, remove
  before_each(function() place, remove = fixture.folder() end)
  after_each(function() remove() end)

  local function vise(arguments)
    return fixture.run(place .. "/runs", arguments, ("XDG_DATA_HOME=%s/data VISE_RECIPES="):format(place))
  end

  it("holds versions side by side, from folders and archives, and says what they are in five lines", function()
    fixture.package(place .. "/p", FILES)
    local status, out, err = vise(("recipes pack %s/p -o %s/p.tar"):format(place, place))
    assert.equal(0, status, err)
    assert.matches(assert(packages.read(place .. "/p")).hash, out, 1, true)
    status, out, err = vise(("recipes add %s/p.tar"):format(place))
    assert.equal(0, status, err)
    assert.is_true(select(2, out:gsub("\n", "")) <= 5)
    assert.matches("small 1.2.3: a small recipe", out, 1, true)
    assert.same({ "small@1.2.3" }, disk.list(place .. "/data/vise/recipes"))
    status, out, err = vise(("recipes add %s/p"):format(place))
    assert.same({ 73, "" }, { status, out })
    assert.matches("E-PK-06: small 1.2.3 is in the store, the same one", err, 1, true)
    disk.write(place .. "/p/header.lua", (fixture.header:gsub("1%.2%.3", "1.10.0")))
    assert.equal(0, (vise(("recipes add %s/p"):format(place))))
    assert.equal(0, (vise(("recipes add %s/p.tar --replace"):format(place))))
    assert.same({ "small@1.10.0", "small@1.2.3" }, disk.list(place .. "/data/vise/recipes"))
    status, out = vise "run small --no-log --print-config"
    assert.equal(0, status)
    assert.matches("small 1.10.0", out, 1, true)
    assert.matches("small 1.2.3", select(2, vise "run small@1.2.3 --no-log --print-config"), 1, true)
  end)

  it("takes nothing of what is no recipe", function()
    fixture.package(place .. "/p", { ["recipe.lua"] = "return {" })
    local status, _, err = vise(("recipes add %s/p"):format(place))
    assert.equal(65, status)
    assert.matches("E-RC-06", err, 1, true)
    assert.same({}, disk.list(place .. "/data/vise/recipes"))
    disk.write(place .. "/bad.tar", ("x"):rep(2000))
    status, _, err = vise(("recipes add %s/bad.tar"):format(place))
    assert.equal(65, status)
    assert.matches("E-PK-05", err, 1, true)
    assert.same({}, disk.list(place .. "/data/vise/recipes"))
  end)

  it("is written whole or not at all, wherever the disk fails", function()
    local paths, store = require "vise.paths", require "vise.recipe.store"
    local data = paths.data
    paths.data = function() return place .. "/data" end
    fixture.package(place .. "/p", FILES)
    local old = assert(store.add(place .. "/p")).hash
    disk.write(place .. "/p/README.md", "other words\n")
    local new, n, added = assert(packages.read(place .. "/p")).hash, 0, nil
    while not added do
      core.io_fault(n)
      local message, id
      added, message, id = store.add(place .. "/p", true)
      core.io_fault(-1)
      local now = assert(packages.read(place .. "/data/recipes/small@1.2.3")).hash
      assert.equal(added and new or old, now)
      if not added then
        assert.equal("E-FS-01", id, message)
        assert.same({ "small@1.2.3" }, disk.list(place .. "/data/recipes"))
      end
      n = n + 1
    end
    paths.data = data
    assert.is_true(n > 12)
  end)
end)
