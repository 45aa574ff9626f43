--- FS: files and disks.

---@type table<string, vise.ErrorEntry>
return {
  ["E-FS-01"] = {
    title = "disk full",
    next = "Free some space; nothing was replaced.",
  },
  ["E-FS-02"] = {
    title = "file size limit reached",
    next = "Raise the limit (`ulimit -f`) or use another file system.",
  },
  ["E-FS-03"] = {
    title = "permission denied",
    next = "Choose a folder that you may write to.",
    exit = 77,
  },
  ["E-FS-05"] = {
    title = "name is taken",
    next = "Choose another name or remove what is there.",
  },
  ["E-FS-08"] = {
    title = "disk error",
    next = "Do not trust what was written; check the disk and save elsewhere.",
  },
  ["E-FS-13"] = {
    title = "too many open files",
    next = "Raise the limit with `ulimit -n`.",
  },
  ["E-FS-15"] = {
    title = "no such file or folder",
    next = "Check the path.",
    exit = 66,
  },
  ["E-FS-16"] = {
    title = "the operating system refused",
    next = "The message says why.",
  },
  ["E-FS-17"] = {
    title = "names cannot be exchanged here",
    next = "Save to another folder, or remove the old one first.",
  },
  ["E-FS-18"] = {
    title = "file is too large",
    next = "Pass a smaller file.",
  },
}
