--- CF: configuration.

---@type table<string, vise.ErrorEntry>
return {
  ["E-CF-01"] = {
    title = "a field is missing",
    next = "Add the field; `vise help config` lists them.",
  },
  ["E-CF-02"] = {
    title = "unknown field",
    next = "Use one of the fields listed; `vise help config` explains them.",
  },
  ["E-CF-03"] = {
    title = "wrong type of value",
    next = "Give a value of the type named.",
  },
  ["E-CF-04"] = {
    title = "unknown quant type",
    next = "Use one of the forms listed; `vise help quant_types` explains them.",
  },
  ["E-CF-05"] = {
    title = "value outside its range",
    next = "Use one of the values listed.",
  },
  ["E-CF-06"] = {
    title = "fields that contradict each other",
    next = "Change one of the two, as the message says.",
  },
  ["E-CF-07"] = {
    title = "a config was changed",
    next = "Make another: vise.config { from = cfg, field = value }.",
  },
}
