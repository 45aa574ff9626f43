--- MM: memory.

---@type table<string, vise.ErrorEntry>
return {
  ["E-MM-01"] = {
    title = "not enough memory",
    next = "Close other programs, lower the batch size, or raise the memory limit.",
    explain = "An allocation failed, or the memory limit that was set does not allow it. Nothing was "
      .. "changed; what was being made is freed.",
  },
}
