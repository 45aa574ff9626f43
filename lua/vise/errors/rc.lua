--- RC: recipes.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RC-01"] = {
    title = "a recipe's file is missing",
    next = "A recipe's folder has header.lua and recipe.lua.",
    explain = "A recipe is a folder with header.lua and recipe.lua. One of them is missing or cannot be "
      .. "read.",
    exit = 66,
  },
  ["E-RC-02"] = {
    title = "a header is not one table of literals",
    next = "Only strings, numbers, true, false, nil and tables may stand there.",
    explain = "header.lua is read as data by a parser of its own and never run, so that looking at a "
      .. "stranger's recipe is safe. It holds one table of literals; calls, variables and operators "
      .. "are refused.",
  },
  ["E-RC-03"] = {
    title = "a header's field is wrong",
    next = "docs/recipes.md lists the fields.",
    explain = "A field of the header is unknown, missing or of the wrong form. The message names the field "
      .. "and what it must be.",
  },
  ["E-RC-04"] = {
    title = "unknown parameter",
    next = "`vise run RECIPE --params` lists them.",
    explain = "-p names a parameter that the recipe does not declare. The nearest one is in the message.",
    exit = 64,
  },
  ["E-RC-05"] = {
    title = "a parameter's value does not fit",
    next = "`vise run RECIPE --params` says what each may be.",
    explain = "The text after -p NAME= does not read as the parameter's type, or lies outside its range or "
      .. "choices.",
    exit = 64,
  },
  ["E-RC-06"] = {
    title = "a recipe's code does not load",
    next = "recipe.lua returns function(job); docs/recipes.md shows one.",
    explain = "recipe.lua does not compile, requires a module that recipes cannot see, or does not return "
      .. "a function.",
  },
  ["E-RC-07"] = {
    title = "a recipe's code failed",
    next = "Correct the line that the message names.",
    explain = "The body of the recipe raised an error. Its place in recipe.lua stands in the message.",
  },
  ["E-RC-08"] = {
    title = "a recipe needs a model",
    next = "Add --model DIR.",
    explain = "The body asked for job.model, and the run was started without --model.",
    exit = 64,
  },
  ["E-RC-09"] = {
    title = "a recipe needs an output folder",
    next = "Add --out DIR.",
    explain = "The body writes files, and the run was started without --out.",
    exit = 64,
  },
  ["E-RC-10"] = {
    title = "a job's function was called wrongly",
    next = "docs/recipes.md describes the job.",
    explain = "A function of the job got arguments that it does not take. It is a mistake in recipe.lua.",
  },
  ["E-RC-11"] = {
    title = "no recipe of that name",
    next = "`vise recipes list` shows the names; a folder is given with a slash: ./my-recipe.",
    explain = "A word without a slash that is no folder here is looked up in $VISE_RECIPES, in your own store "
      .. "and among the recipes that come with vise. None of them has this name.",
    exit = 66,
  },
}
