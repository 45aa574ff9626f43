--- RN: runs.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RN-01"] = {
    title = "interrupted",
    next = "Run it again; nothing was half written.",
  },
}
