--- vise recipes pack: a package as one archive.

return {
  name = "pack",
  summary = "makes an archive of a package",
  text = "The archive is ustar with fixed times, owners, modes and order: the same package gives the same bytes on "
    .. "every machine. What the header lists as assets is in it.",
  arguments = {
    { name = "package", type = "folder", help = "the recipe's folder" },
  },
  options = {
    { name = "out", short = "o", type = "place", value = "TAR", required = true, help = "the archive to write" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise recipes pack my-recipe -o my-recipe.tar", "to send it to somebody" },
  },
  run = function(ctx)
    local core, fail, packages = require "vise.core", require "vise.fail", require "vise.recipe.package"
    local package, message, id = packages.read(ctx.args.package)
    if not package then return nil, message, id end
    local files, bytes, ok
    files, message, id = fail.catch(packages.contents, package, true)
    if not files then return nil, message, id end
    bytes, message, id = require("vise.recipe.tar").write(package.name, files)
    if not bytes then return nil, message, id end
    ok, message, id = require("vise.folder").replace(ctx.options.out, bytes)
    if not ok then return nil, message, id end
    local sha256 = core.sha256(bytes)
    if ctx.options.json then
      io.stdout:write(core.json_encode({ schema = 1, file = ctx.options.out, bytes = #bytes, sha256 = sha256,
        files = #files, name = package.name, version = package.version, package = package.hash }, 2), "\n")
      return 0
    end
    io.stdout:write(require("vise.text").table {
      { "packed", ("%s %s, %d files"):format(package.name, package.version, #files) }, { "package hash", package.hash },
      { "archive", ("%s, %d bytes, SHA-256 %s"):format(ctx.options.out, #bytes, sha256) },
    })
    return 0
  end,
}
