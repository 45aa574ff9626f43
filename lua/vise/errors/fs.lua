--- FS: files and disks.

---@type table<string, vise.ErrorEntry>
return {
  ["E-FS-01"] = {
    title = "disk full",
    next = "Free some space; nothing was replaced.",
    explain = "The disk or a quota is full. Files are written beside their place and moved there when "
      .. "complete, so the old version is still there.",
  },
  ["E-FS-02"] = {
    title = "file size limit reached",
    next = "Raise the limit (`ulimit -f`) or use another file system.",
    explain = "The process is not allowed to write files of this size (ulimit -f), or the file system does "
      .. "not take them.",
  },
  ["E-FS-03"] = {
    title = "permission denied",
    next = "Choose a folder that you may write to.",
    explain = "The folder or file may not be written, or the file system is mounted read-only.",
    exit = 77,
  },
  ["E-FS-05"] = {
    title = "name is taken",
    next = "Choose another name or remove what is there.",
    explain = "Something is already at this place, and it is not what may be replaced: a file where a "
      .. "folder goes, a folder that is not empty, or a name taken by another program in the meantime.",
  },
  ["E-FS-08"] = {
    title = "disk error",
    next = "Do not trust what was written; check the disk and save elsewhere.",
    explain = "The operating system reported that bytes did not reach the disk. Whatever was written "
      .. "around that time is suspect. Standard output counts: a full disk behind `>` is this error.",
  },
  ["E-FS-13"] = {
    title = "too many open files",
    next = "Raise the limit with `ulimit -n`.",
    explain = "The process has as many files open as it may. Models keep their shards open while they are "
      .. "used; close what is no longer needed.",
  },
  ["E-FS-15"] = {
    title = "no such file or folder",
    next = "Check the path.",
    explain = "A file or folder on the way does not exist, or is a file where a folder should be.",
    exit = 66,
  },
  ["E-FS-16"] = {
    title = "the operating system refused",
    next = "The message says why.",
    explain = "The operating system refused for a reason that has no id of its own; the message carries "
      .. "its text.",
  },
  ["E-FS-17"] = {
    title = "names cannot be exchanged here",
    next = "Save to another folder, or remove the old one first.",
    explain = "Replacing an artefact exchanges two folder names in one step. This file system cannot, or "
      .. "the two places lie on different ones.",
  },
  ["E-FS-18"] = {
    title = "file is too large",
    next = "Pass a smaller file.",
    explain = "Files that are read as a whole have a limit, so that a wrong path cannot take all memory.",
  },
}
