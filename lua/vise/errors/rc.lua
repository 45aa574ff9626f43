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
    explain = "A word without a slash that is no recipe in the current folder is looked up by name: in the folders of "
      .. "$VISE_RECIPES, in the user's store (~/.local/share/vise/recipes) and among what came with the program.",
    exit = 66,
  },
  ["E-RC-12"] = {
    title = "a recipe's file is compiled Lua",
    next = "Give the source: compiled Lua cannot be looked into, and can crash the program.",
    explain = "A file of the recipe begins with the mark of compiled Lua. Recipes are read as source only.",
  },
  ["E-RC-13"] = {
    title = "a recipe's file is too large or nested too deeply",
    next = "Move data into assets and split the code over lib/.",
    explain = "A Lua file of a recipe may have 1 MiB, and brackets, calls and blocks may lie in each other 200 deep, "
      .. "which is Lua's own limit.",
  },
  ["E-RC-14"] = {
    title = "a group does not divide a layer's inputs",
    next = "Use one of the sizes named, or leave the layer out.",
    explain = "The parameter is declared with `divides = \"inputs\"`: its value must divide the inputs of every layer "
      .. "that the recipe would quantize. Layers that a parameter `exclude` names are not looked at.",
    exit = 64,
  },
  ["E-RC-15"] = {
    title = "a parameter's pattern matches no layer",
    next = "Use the nearest pattern, or optional:PATTERN; `vise inspect MODEL` lists the names.",
    explain = "A parameter of type pattern or patterns names layers of the model. One that matches none is nearly "
      .. "always a slip, so it is an error unless it begins with optional:.",
    exit = 64,
  },
  ["E-RC-16"] = {
    title = "two rules match the same layer",
    next = "Make the patterns exclude each other, or remove one with -p ~NAME.PATTERN.",
    explain = "The keys of this map are layer patterns, and a map has no order that could decide between two that "
      .. "match the same layer.",
    exit = 64,
  },
  ["E-RC-17"] = {
    title = "a recipe needs a newer vise",
    next = "Update vise, or use an older version of the recipe.",
    explain = "`api` in the header is the least version of the recipe interface that it was written for.",
  },
  ["E-RC-18"] = {
    title = "a recipe needs something that is not here",
    next = "Use one of the names listed, or a machine and build that have it.",
    explain = "`needs` in the header lists backends, observers, quant types and plug-ins. The message says which one "
      .. "is missing and what is known here.",
  },
  ["E-RC-19"] = {
    title = "a recipe's code uses a name that is not there",
    next = "Correct the name; `vise recipes check` finds such names without running the recipe.",
    explain = "A recipe sees Lua's pure functions, `vise`, `require` of its own lib/, and what it defines. Reading any "
      .. "other global name is an error, because it is nearly always a misspelt local.",
  },
  ["E-RC-20"] = {
    title = "the recipe that this one extends is not there",
    next = "Put it beside this one, or add it: `vise recipes add PATH`.",
    explain = "`extends` names a recipe and an exact version. It is looked for in the package's own "
      .. "extends/NAME@VERSION, beside the package, and where recipes are found by name.",
    exit = 66,
  },
  ["E-RC-21"] = {
    title = "recipes extend each other in a circle",
    next = "Remove one `extends`.",
    explain = "Following `extends` comes back to a recipe that was there already, or goes on for more than eight "
      .. "recipes.",
  },
  ["E-RC-22"] = {
    title = "the model is not what the recipe works on",
    next = "Use a model as `inputs` in the header describes; `vise recipes show RECIPE` prints it.",
    explain = "`inputs.model` in the header names families, layers, dtypes or the least number of inputs, and the "
      .. "model of --model does not have them.",
  },
  ["E-RC-23"] = {
    title = "a recipe cannot be made here",
    next = "Choose another name or folder.",
    explain = "`vise recipes new` makes a folder that was not there, named like the recipe.",
    exit = 73,
  },
}
