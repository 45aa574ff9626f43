--- US: usage.

---@type table<string, vise.ErrorEntry>
return {
  ["E-US-01"] = {
    title = "unknown command",
    next = "`vise help` lists the commands.",
  },
  ["E-US-02"] = {
    title = "unknown option",
    next = "`vise COMMAND -h` lists the options.",
  },
  ["E-US-03"] = {
    title = "an option lacks its value, or takes none",
    next = "Write --option VALUE or --option=VALUE.",
  },
  ["E-US-04"] = {
    title = "a value of the wrong type",
    next = "`vise COMMAND --help` says what each value may be.",
  },
  ["E-US-05"] = {
    title = "an argument is missing, or one too many",
    next = "`vise COMMAND --help` shows the usage.",
  },
  ["E-US-06"] = {
    title = "no such file or folder",
    next = "Check the path; it is relative to the current folder.",
    exit = 66,
  },
  ["E-US-07"] = {
    title = "a file may not be read",
    next = "Check the permissions of the file.",
    exit = 77,
  },
  ["E-US-08"] = {
    title = "unknown help topic",
    next = "`vise help` lists the topics.",
  },
  ["E-US-09"] = {
    title = "a script does not compile",
    next = "Correct the line that the message names.",
    exit = 65,
  },
  ["E-US-10"] = {
    title = "a bug in vise",
    next = "Report it with the lines below and the command that led here.",
    exit = 70,
  },
  ["E-US-11"] = {
    title = "unknown tensor",
    next = "`vise inspect FILE` lists the tensors.",
  },
  ["E-US-12"] = {
    title = "two files cannot be compared",
    next = "`vise inspect` shows the tensors of each.",
    exit = 65,
  },
  ["E-US-13"] = {
    title = "unknown name of the public module",
    next = "`vise help vise` lists the names.",
  },
}
