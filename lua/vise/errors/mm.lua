--- MM: memory.

---@type table<string, vise.ErrorEntry>
return {
  ["E-MM-01"] = {
    title = "not enough memory",
    next = "Close other programs, lower the batch size, or raise the memory limit.",
  },
}
