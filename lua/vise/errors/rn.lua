--- RN: runs.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RN-01"] = {
    title = "interrupted",
    next = "Run it again; nothing was half written.",
    explain = "Ctrl-C was pressed, or the process was asked to stop. Work stops within a fraction of a "
      .. "second; files are complete or absent.",
  },
}
