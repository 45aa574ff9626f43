--- vise recipes: packages of recipes.

return {
  name = "recipes",
  summary = "packages of recipes: pack, add, lock, record, from a run",
  commands = { "pack", "add", "lock", "record", "from" },
  arguments = {},
  options = {},
  examples = { { "vise recipes add somebodys-recipe.tar", "then: vise run somebodys-recipe" } },
}
