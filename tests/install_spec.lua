-- What `make install` lays out: a program, a library for hosts with Lua, a module for a Lua of its own.

local disk = require("vise.core").disk
local support = require "support"
local version = require "vise.version"

local program = disk.real(arg[-1])
local build, flavour = program:match "^(.*)/(%w+)/vise$"

local function output(command)
  local pipe <close> = io.popen(command .. " 2>&1")
  return pipe:read "a", pipe:close()
end

local function has(tool)
  return os.execute(("command -v %s >/dev/null"):format(tool)) == true
end

-- make as a person calls it, for the build that runs these tests.
local function make(words)
  local shown, ok = output(("MAKEFLAGS= make --no-print-directory BUILD='%s' FLAVOUR=%s %s"):format(build, flavour,
    words))
  assert(ok, shown)
  return shown
end

-- Every file below a folder, in a set.
local function files_of(folder)
  local found = {}
  for path in output(("cd '%s' && find . ! -type d"):format(folder)):gmatch "%./([^\n]+)" do found[path] = true end
  return found
end

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

-- The sanitizers belong to the program that loads a library.
if flavour ~= "release" or not has "make" then
  pending("installing is for release builds, with make", function() end)
  return
end

describe("make install", function()
  local root = os.tmpname()
  os.remove(root)

  setup(function() make(("install DESTDIR='%s' PREFIX=/usr"):format(root)) end)
  teardown(function() disk.remove_tree(root) end)

  it("lays out what people look for", function()
    local found = files_of(root .. "/usr")
    for _, path in ipairs { "bin/vise", "include/vise.h", "lib/libvise.so", "lib/libvise.so.0",
      "lib/lua/5.4/vise/core.so", "lib/pkgconfig/vise.pc", "share/bash-completion/completions/vise",
      "share/doc/vise/LICENSE", "share/doc/vise/README.md", "share/doc/vise/docs/reference/commands.md",
      "share/fish/vendor_completions.d/vise.fish", "share/lua/5.4/vise/init.lua", "share/man/man1/vise-run.1",
      "share/man/man1/vise.1", "share/man/man5/vise-recipe.5", "share/man/man7/vise.7",
      "share/vise/recipes/quickstart/header.lua", "share/vise/schemas/vise-inspect.schema.json",
      "share/zsh/site-functions/_vise" } do
      assert.is_true(found[path], path)
    end
    assert.equal("", (output(("find '%s' -perm /022 ! -type l"):format(root))))
    assert.is_nil(read(root .. "/usr/lib/pkgconfig/vise.pc"):find("@", 1, true))
  end)

  it("gives a program that finds its recipes from anywhere", function()
    local shown = output(("cd / && HOME=/nonexistent '%s/usr/bin/vise' run quickstart --params"):format(root))
    assert.matches("Euler steps", shown, 1, true)
  end)

  it("gives a library that a C program compiles and runs with", function()
    if not has "cc" or not has "pkg-config" then return pending "there is no cc or pkg-config" end
    local source, host = support.file([[
      #include <lauxlib.h>
      #include <lualib.h>
      #include <stdio.h>
      #include <vise.h>

      int main(void) {
          lua_State *L = luaL_newstate();
          luaL_openlibs(L);
          luaL_requiref(L, "vise", luaopen_vise, 0);
          lua_pop(L, 1);
          int failed = luaL_dostring(L, "local vise = require 'vise'\n"
                                        "local t = vise.tensor('f32', { 2, 3 })\n"
                                        "return vise.version .. ' ' .. t:statistics().count");
          puts(lua_tostring(L, -1));
          lua_close(L);
          return failed;
      }
    ]], ".c"), root .. "/host"
    -- A DESTDIR is no place to compile from: a copy of the .pc file says where all is.
    local pc = root .. "/vise.pc"
    output(("sed 's|^prefix=.*|prefix=%s/usr|' '%s/usr/lib/pkgconfig/vise.pc' > '%s'"):format(root, root, pc))
    assert.equal(version .. "\n", (output(("pkg-config --modversion '%s'"):format(pc))))
    local flags = output(("pkg-config --cflags --libs '%s'"):format(pc))
    assert.equal("", (output(("cc -Wall -Werror -o '%s' '%s' %s"):format(host, source, flags:gsub("\n", "")))))
    assert.equal(version .. " 6\n", (output(("LD_LIBRARY_PATH='%s/usr/lib' '%s'"):format(root, host))))
    os.remove(source)
    os.remove(host)
    os.remove(pc)
  end)

  it("shows nothing of the engine to those who link", function()
    if not has "nm" then return pending "there is no nm" end
    for name, symbol in pairs { ["libvise.so.0"] = "luaopen_vise", ["lua/5.4/vise/core.so"] = "luaopen_vise_core" } do
      local shown = output(("nm -D --defined-only '%s/usr/lib/%s'"):format(root, name))
      assert.matches("^%x+ T " .. symbol .. "\n$", shown)
    end
  end)

  it("gives a module to a stock Lua", function()
    if not has "lua5.4" then return pending "there is no lua5.4" end
    local share, lib = root .. "/usr/share/lua/5.4", root .. "/usr/lib/lua/5.4"
    local shown = output(([[LUA_PATH='%s/?.lua;%s/?/init.lua' LUA_CPATH='%s/?.so' lua5.4 -e '
      local vise = require "vise"
      local t = vise.tensor("f32", { 2, 3 })
      print(vise.version, t:statistics().count, select(3, vise.open "/nonexistent"))
      print(pcall(vise.tensor, "f32", { -1 }))']]):format(share, share, lib))
    assert.matches("^" .. version:gsub("%.", "%%.") .. "\t6\tE%-%u%u%-%d%d\nfalse\t.*E%-TN%-01", shown)
  end)

  it("is undone by make uninstall, to the last folder", function()
    local other = root .. "/usr/bin/other"
    assert(io.open(other, "w")):close()
    make(("uninstall DESTDIR='%s' PREFIX=/usr"):format(root))
    assert.same({ ["usr/bin/other"] = true }, files_of(root))
    os.remove(other)
    make(("install DESTDIR='%s' PREFIX=/usr"):format(root))
    make(("uninstall DESTDIR='%s' PREFIX=/usr"):format(root))
    assert.equal(root .. "\n", (output(("find '%s'"):format(root))))
  end)
end)

describe("make dist", function()
  if not os.getenv "VISE_TEST_SLOW" then
    pending("VISE_TEST_SLOW is not set", function() end)
    return
  end

  local name = "vise-" .. version

  it("writes the same bytes twice, and what it writes builds outside of its tree", function()
    local root = os.tmpname()
    os.remove(root)
    assert(disk.mkdir(root))
    local function sha256(folder) return assert(disk.sha256(("%s/%s/%s.tar.gz"):format(root, folder, name))) end
    local function run(command)
      local shown, ok = output(("export MAKEFLAGS=; cd '%s' && %s"):format(root, command))
      assert(ok, shown)
      return shown
    end
    output(("export MAKEFLAGS=; make dist BUILD='%s/a'; umask 077; make dist BUILD='%s/b'"):format(root, root))
    assert.equal(sha256 "a", sha256 "b")
    run(("tar xzf a/%s.tar.gz && chmod -R a-w %s"):format(name, name))
    run(("make -C %s BUILD='%s/c' CC='%s' all dist"):format(name, root, os.getenv "CC" or "cc"))
    assert.equal("vise " .. version .. "\n", run "c/release/vise --version")
    assert.equal(sha256 "a", sha256 "c")
    run(("chmod -R u+w %s"):format(name))
    disk.remove_tree(root)
  end)
end)

describe("luarocks make", function()
  if not os.getenv "VISE_TEST_SLOW" or not has "luarocks" or not has "lua5.4" then
    pending("VISE_TEST_SLOW is not set, or there is no luarocks or lua5.4", function() end)
    return
  end

  it("makes a rock that a stock Lua requires", function()
    local root = os.tmpname()
    os.remove(root)
    local shown, ok = output(("MAKEFLAGS= luarocks --lua-version 5.4 --tree '%s' make vise-scm-1.rockspec"):format(
      root))
    assert(ok, shown)
    assert.equal(version .. "\n", (output(("eval $(luarocks --lua-version 5.4 --tree '%s' path) && lua5.4 -e "
      .. "'print(require(\"vise\").version)'"):format(root))))
    disk.remove_tree(root)
  end)
end)
