--- Installing: into an empty folder and out of it, and from the sources with both compilers.

local core = require "vise.core"

local disk = core.disk

local function folder()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function count(figures, place, which)
  return tonumber((figures.output(("find '%s' %s | wc -l"):format(place, which))))
end

return function(figures)
  local root = folder()
  local build, flavour = figures.program:match "^(.*)/(%w+)/vise$"
  local make = ("MAKEFLAGS= make BUILD='%s' FLAVOUR=%s DESTDIR='%s' PREFIX=/usr "):format(build, flavour, root)
  os.execute(make .. "install >/dev/null 2>&1")
  local installed = count(figures, root, "! -type d")
  os.execute(make .. "uninstall >/dev/null 2>&1")
  local left = count(figures, root, "-mindepth 1")
  disk.remove_tree(root)
  figures:row("E4", ("files left by make uninstall, of %d installed"):format(installed), "0", ("%d"):format(left),
    installed > 100 and left == 0, "`make install uninstall DESTDIR=...`")
  for _, compiler in ipairs { "gcc", "clang" } do
    local place = folder()
    local ok = os.execute(("MAKEFLAGS= make -j2 BUILD='%s' CC='%s' >/dev/null 2>&1"):format(place, compiler))
    disk.remove_tree(place)
    local version = figures.output(compiler .. " --version"):match "[^\n]*"
    figures:row("E4", ("builds with %s, warnings as errors"):format(version), "yes",
      ok and "yes" or "no", ok == true, ("`make CC=%s`"):format(compiler))
  end
end
