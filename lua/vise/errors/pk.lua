--- PK: recipe packages, archives and locks.

---@type table<string, vise.ErrorEntry>
return {
  ["E-PK-01"] = {
    title = "no recipe package",
    next = "Give a folder that has header.lua and recipe.lua, or an archive of one.",
    exit = 66,
    explain = "A package is a recipe's folder, as `vise recipes new` makes it, or a .tar of one, as `vise recipes "
      .. "pack` makes it.",
  },
  ["E-PK-02"] = {
    title = "a file's name or kind is refused",
    next = "A package holds regular files under plain names; remove or rename the one that is named.",
    explain = "Links, devices and pipes, absolute names, names with '..' or control characters, and two names that "
      .. "differ in case alone would mean different things on different machines, or lead out of the folder. Names "
      .. "that begin with a dot are no part of a package.",
  },
  ["E-PK-03"] = {
    title = "a package is too large",
    next = "List large files in the header's `assets`, or remove what does not belong to the recipe.",
    explain = "A package is copied into every artefact and every run, so it is held to 10 MiB and 1000 files. What "
      .. "`assets` lists is hashed and not copied. An archive, with its assets, is held to 64 MiB.",
  },
  ["E-PK-04"] = {
    title = "a package changed while it was read",
    next = "Run the command again when nothing writes into the folder.",
    explain = "A package is hashed first and read then; a file whose bytes are not the hashed ones was written in "
      .. "between, by an editor or another program.",
  },
  ["E-PK-05"] = {
    title = "an archive is refused",
    next = "Make it with `vise recipes pack`, or `tar --format=ustar -cf PKG.tar PKG`.",
    explain = "The reader takes ustar archives of regular files and folders. Links, devices, extended headers, wrong "
      .. "checksums and sizes that go past the end are refused by the name of the entry, before anything is written.",
  },
  ["E-PK-06"] = {
    title = "a package is there already",
    next = "Give it another version, another folder, or add it with --replace.",
    exit = 73,
    explain = "The store keeps one package of each name and version. One with other files under the same version would "
      .. "change what earlier runs and artefacts name. `vise recipes from` writes into a new folder only.",
  },
  ["E-PK-07"] = {
    title = "no lock",
    next = "`vise recipes lock PKG --model DIR` writes one.",
    exit = 66,
    explain = "--locked holds a run against lock.json in the package: each file of the recipe, the parameters, the "
      .. "model, the data and the engine. Artefacts carry one in their recipe/ folder.",
  },
  ["E-PK-08"] = {
    title = "a run differs from its lock",
    next = "Put back what is named, or lock again with `vise recipes lock` if the change is meant.",
    explain = "The lock has the SHA-256 of each file of the recipe, of its assets, of the model and of the data, the "
      .. "parameters, and the engine: version, backend and BLAS. With any of them changed the bytes may be others.",
  },
  ["E-PK-09"] = {
    title = "a recipe's assets are missing",
    next = "Add the package that has them with `vise recipes add`, or name it in VISE_RECIPES.",
    exit = 66,
    explain = "Large files of a recipe are not copied into artefacts and runs. They are found again in the package of "
      .. "the same name and version.",
  },
  ["E-PK-10"] = {
    title = "a package's json file is malformed",
    next = "lock.json, params.json and expected.json are written by vise and not edited by hand; write it again.",
    explain = "params.json stands for the defaults of the header, so each value in it must be one that the header "
      .. "allows. `vise recipes lock`, `record` and `from` write these files.",
  },
  ["E-PK-11"] = {
    title = "results would become part of their recipe",
    next = "Choose a folder elsewhere, or out/ or runs/ in the recipe's folder.",
    exit = 64,
    explain = "A package is everything in its folder, and every artefact and run carries a copy of it. out/ and runs/ "
      .. "in it are left out, so results may lie there.",
  },
}
