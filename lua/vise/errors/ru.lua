--- RU: the log of runs.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RU-01"] = {
    title = "no such run",
    next = "`vise runs` lists the runs; --runs DIR or VISE_RUNS says where they lie.",
    exit = 66,
  },
  ["E-RU-02"] = {
    title = "a prefix fits several runs",
    next = "Give more of the id.",
    exit = 64,
  },
  ["E-RU-03"] = {
    title = "a run's record is unreadable",
    next = "run.json is written by vise; if it was edited or damaged, run the recipe again.",
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
  },
  ["E-RU-06"] = {
    title = "points of a sweep failed",
    next = "The table names them; each has a run of its own, `vise runs show ID`.",
    exit = 1,
  },
  ["E-RU-07"] = {
    title = "nothing to compare",
    next = "Give two artefact folders, two output folders or two ids of runs.",
    exit = 66,
  },
}
