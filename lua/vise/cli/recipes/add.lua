--- vise recipes add: somebody's package into the user's store.

-- "2 parameters; needs a model and 5.2 MiB of assets"
local function needs_of(package)
  local header, words, count = package.header, {}, 0
  for _ in pairs(type(header.params) == "table" and header.params or {}) do count = count + 1 end
  local inputs = type(header.inputs) == "table" and header.inputs or {}
  for _, name in ipairs { "model", "data" } do
    if inputs[name] then words[#words + 1] = name end
  end
  for _, name in ipairs(type(header.needs) == "table" and header.needs or {}) do words[#words + 1] = tostring(name) end
  if header.extends then words[#words + 1] = "recipe " .. tostring(header.extends) end
  return ("%d parameters; needs %s"):format(count, #words > 0 and table.concat(words, ", ") or "nothing")
end

-- What it is and what it needs, in five lines.
local function print_package(package, folder)
  local header, total = package.header, 0
  for _, file in ipairs(package.files) do total = total + file.bytes end
  local by = type(header.authors) == "table" and table.concat(header.authors, ", ") or "unknown"
  io.stdout:write(require("vise.text").table {
    { "added", ("%s %s: %s"):format(package.name, package.version, package.summary) },
    { "by", ("%s, license %s"):format(by, tostring(header.license)) },
    { "takes", needs_of(package) },
    { "holds", ("%d files, %s, %d assets, hash %s"):format(#package.files, require("vise.text").bytes(total),
      #package.assets, package.hash:sub(1, 16)) },
    { "run", ("vise run %s@%s     (in %s)"):format(package.name, package.version, folder) },
  })
end

return {
  name = "add",
  summary = "copies a package into your store of recipes",
  text = "The package is a folder or an archive that `vise recipes pack` made. It is checked as a run would check it, "
    .. "and copied whole or not at all; nothing of it runs. Versions stand side by side. Links, devices, absolute "
    .. "names, '..' and packages above 10 MiB without assets are refused.",
  arguments = {
    { name = "package", type = "path", glob = "*.tar", help = "a recipe's folder, or a .tar of one" },
  },
  options = {
    { name = "replace", type = "flag", help = "take the place of the same version, if it is there" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise recipes add somebodys-recipe.tar", "then: vise run somebodys-recipe" },
  },
  run = function(ctx)
    local package, folder, id = require("vise.recipe.store").add(ctx.args.package, ctx.options.replace)
    if not package then return nil, folder, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode({ schema = 1, name = package.name, version = package.version,
        summary = package.summary, package = package.hash, folder = folder, files = package.files }, 2), "\n")
    else
      print_package(package, folder)
    end
    return 0
  end,
}
