--- DT: data, sampling and measures.

---@type table<string, vise.ErrorEntry>
return {
  ["E-DT-01"] = {
    title = "data file cannot be read",
    next = "Check the path and its permissions.",
    exit = 66,
  },
  ["E-DT-02"] = {
    title = "no text",
    next = "Give a text file; stories end with <|endoftext|>.",
  },
  ["E-DT-03"] = {
    title = "not an IDX file",
    next = "Give an unpacked IDX file of unsigned bytes.",
  },
  ["E-DT-04"] = {
    title = "IDX file cut short or too long",
    next = "Download or copy the file again.",
  },
  ["E-DT-05"] = {
    title = "IDX file of other data",
    next = "Give images with three dimensions, labels with one.",
  },
  ["E-DT-06"] = {
    title = "nothing to predict",
    next = "Give texts of at least one id after the first.",
  },
  ["E-DT-07"] = {
    title = "no such batches",
    next = "Give columns of one length, and a batch size from 1.",
  },
  ["E-DT-08"] = {
    title = "wrong option of a sampler or loss",
    next = "Correct the option that the message names.",
  },
  ["E-DT-09"] = {
    title = "workload used wrongly",
    next = "`vise help workload` says what it takes, and in which order.",
  },
  ["E-DT-10"] = {
    title = "model without a workload",
    next = "Use a type that needs no calibration, or statistics = FILE.",
  },
}
