--- lock.json: what a run is made from, by hashes.

local common = require "vise.forms.common"

---@type vise.Form
return {
  name = "lock",
  title = "lock.json of a recipe",
  summary = "what holds a recipe to the bytes it was made with",
  text = "`vise recipes lock` writes it, every artefact carries one, and `vise run --locked` refuses to run if any "
    .. "byte of the recipe, its assets, the model or the data is another one, or a parameter, or the engine.",
  fields = {
    common.schema,
    { "recipe", "table", "the package", fields = common.package },
    { "files", "table[]", "of the package and of those it extends", fields = common.package_file },
    { "assets", "table[]", "large files, hashed where they lie", fields = common.package_file },
    { "extends", "table[]", "the packages that it extends", fields = common.package },
    common.params,
    { "seed", "integer|number", "the parameter of that name", optional = true },
    { "model", "table", "of --model", optional = true, fields = {
      { "variant", "string", "of the folder", optional = true },
      { "files", "table[]", "that it is made of", fields = common.file },
    } },
    { "data", "table[]", "the files of --data", fields = common.file },
    common.engine,
  },
}
