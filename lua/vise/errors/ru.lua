--- RU: the log of runs.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RU-01"] = {
    title = "no such run",
    next = "`vise runs` lists the runs; --runs DIR or VISE_RUNS says where they lie.",
    exit = 66,
    explain = "A run is named by its id, by the beginning of one if only one run has it, by `last`, or by its folder. "
      .. "Only folders that hold run.json count.",
  },
  ["E-RU-02"] = {
    title = "a prefix fits several runs",
    next = "Give more of the id.",
    exit = 64,
    explain = "An id is the date, the time in UTC and the recipe, 20261122-101530-int8; runs of one second are "
      .. "numbered. `vise runs` lists them.",
  },
  ["E-RU-03"] = {
    title = "a run's record is unreadable",
    next = "run.json is written by vise; if it was edited or damaged, run the recipe again.",
    explain = "run.json is written whole when a run begins and replaced in one step when it ends, so a crash leaves it "
      .. "readable. `vise runs` goes on with the other runs.",
  },
  ["E-RU-04"] = {
    title = "a run cannot be repeated here",
    next = "Put back what is named: a rerun needs the same recipe, model, data and engine.",
    explain = "A run's folder has its recipe, parameters and the hashes of its model and data. `vise rerun` compares "
      .. "them, and the engine, with what is here before it starts, because with any of them changed the bytes may be "
      .. "others. --model and --data say where the same files lie now.",
  },
  ["E-RU-05"] = {
    title = "a run cannot be logged",
    next = "Choose another folder with --runs DIR or VISE_RUNS, or leave the log out with --no-log.",
    exit = 73,
    explain = "The folder of a run is made before anything runs. If the disk fills up later the run goes on, and the "
      .. "line that is printed says that its log is incomplete.",
  },
  ["E-RU-06"] = {
    title = "points of a sweep failed",
    next = "The table names them; each has a run of its own, `vise runs show ID`.",
    exit = 1,
    explain = "Every point of a sweep runs, whatever happened to the ones before it. What a point that is done wrote "
      .. "stays in its folder.",
  },
  ["E-RU-07"] = {
    title = "nothing to compare",
    next = "Give two artefact folders, two output folders or two ids of runs.",
    exit = 66,
    explain = "`vise diff` looks for an artefact (quant_config.json) in the folder or in its folder `artefact`, for "
      .. "the log of a run (run.json with an id), and else takes the word for the id of a run.",
  },
}
