--- RP: reports.

---@type table<string, vise.ErrorEntry>
return {
  ["E-RP-01"] = {
    title = "no report document",
    next = "Give a table with a title; `vise help html.write` lists the fields.",
    explain = "A report is made of a table of plain data. Only its title is required; what stands in it is shown as "
      .. "text, whatever it holds.",
  },
  ["E-RP-02"] = {
    title = "model and report do not belong together",
    next = "Give the model that this report is of, while it is open and quantized.",
    explain = "Histograms compare the weights of the checkpoint with those of the quantized layers, so the model has "
      .. "to be the one that the report is of, open, and quantized still.",
  },
  ["E-RP-03"] = {
    title = "wrong option of a report",
    next = "`vise help html` lists the options.",
    explain = "A function that makes reports got an option it does not have, or one of the wrong type.",
  },
}
