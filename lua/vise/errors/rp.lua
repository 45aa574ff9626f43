--- RP: reports.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RP-01"] = {
    title = "no report document",
    next = "Give a table with a title; `vise help html.write` lists the fields.",
  },
  ["E-RP-02"] = {
    title = "model and report do not belong together",
    next = "Give the model that this report is of, while it is open and quantized.",
  },
  ["E-RP-03"] = {
    title = "wrong option of a report",
    next = "`vise help html` lists the options.",
  },
}
