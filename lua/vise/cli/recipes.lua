--- vise recipes: the recipes that are here, and packages.

return {
  name = "recipes",
  summary = "lists, shows, checks, makes and shares recipes",
  text = "A recipe is a folder with header.lua, which says what it is, and recipe.lua, which does it. Without a word "
    .. "more `vise recipes` lists those that can be run by name: the folders of $VISE_RECIPES, your own store "
    .. "(~/.local/share/vise/recipes), and what came with vise.",
  commands = { "list", "show", "params", "check", "new", "add", "pack", "lock", "record", "from" },
  examples = { { "vise recipes", "what can be run by name" } },
  run = function()
    return require("vise.cli.recipes.list").run { args = {}, options = {} }
  end,
}
