--- RC: recipes.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RC-01"] = {
    title = "a recipe's file is missing",
    next = "A recipe's folder has header.lua and recipe.lua.",
    exit = 66,
  },
  ["E-RC-02"] = {
    title = "a header is not one table of literals",
    next = "Only strings, numbers, true, false, nil and tables may stand there.",
  },
  ["E-RC-03"] = {
    title = "a header's field is wrong",
    next = "docs/recipes.md lists the fields.",
  },
  ["E-RC-04"] = {
    title = "unknown parameter",
    next = "`vise run RECIPE --params` lists them.",
    exit = 64,
  },
  ["E-RC-05"] = {
    title = "a parameter's value does not fit",
    next = "`vise run RECIPE --params` says what each may be.",
    exit = 64,
  },
  ["E-RC-06"] = {
    title = "a recipe's code does not load",
    next = "recipe.lua returns function(job); docs/recipes.md shows one.",
  },
  ["E-RC-07"] = {
    title = "a recipe's code failed",
    next = "Correct the line that the message names.",
  },
  ["E-RC-08"] = {
    title = "a recipe needs a model",
    next = "Add --model DIR.",
    exit = 64,
  },
  ["E-RC-09"] = {
    title = "a recipe needs an output folder",
    next = "Add --out DIR.",
    exit = 64,
  },
  ["E-RC-10"] = {
    title = "a job's function was called wrongly",
    next = "docs/recipes.md describes the job.",
  },
  ["E-RC-11"] = {
    title = "no recipe of that name",
    next = "`vise recipes list` shows the names; a folder is given with a slash: ./my-recipe.",
    exit = 66,
  },
}
