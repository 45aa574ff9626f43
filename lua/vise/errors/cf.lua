--- CF: configuration.

---@type table<string, vise.ErrorEntry>
return {
  ["E-CF-01"] = {
    title = "a field is missing",
    next = "Add the field; `vise help config` lists them.",
    explain = "A config needs quant_type; a plan entry needs a pattern and a type. Everything else has a "
      .. "default.",
  },
  ["E-CF-02"] = {
    title = "unknown field",
    next = "Use one of the fields listed; `vise help config` explains them.",
    explain = "The fields of a config are fixed, so that a misspelled one cannot be passed over. The "
      .. "nearest right name is in the message.",
  },
  ["E-CF-03"] = {
    title = "wrong type of value",
    next = "Give a value of the type named.",
    explain = "The field exists, but its value is of another type than it takes, for example a text where "
      .. "a list of patterns is expected.",
  },
  ["E-CF-04"] = {
    title = "unknown quant type",
    next = "`vise explain E-CF-04` lists the forms, `vise explain TYPE` what one stores.",
    explain = "The forms of quant types are float8_per_tensor|per_row[_static], float8_per_block, float8_weight_only, "
      .. "int8_per_tensor|per_row[_static], int8_weight_only, "
      .. "int2|int3|int4_weight_only[_g16|_g32|_g64|_g128|_g256|_row], "
      .. "w4a8[_g16|_g32|_g64|_g128|_g256], nvfp4, nvfp4_weight_only and svdq_int4|nvfp4_r<rank>[_dq]. The text "
      .. "given follows none of them.",
  },
  ["E-CF-05"] = {
    title = "value outside its range",
    next = "Use one of the values listed.",
    explain = "The value is of the right type but outside what is allowed: a number out of its range, or a "
      .. "word that is no choice.",
  },
  ["E-CF-06"] = {
    title = "fields that contradict each other",
    next = "Change one of the two, as the message says.",
    explain = "Two fields exclude each other or one needs another: a calibrated type without calibrate, "
      .. "calibrate beside statistics, an option of a type that is not in use. Each alone is right, "
      .. "together they have no meaning.",
  },
  ["E-CF-07"] = {
    title = "a config was changed",
    next = "Make another: vise.config { from = cfg, field = value }.",
    explain = "A config is checked once and then read-only, so that what was checked is what is used. To "
      .. "change a field, derive a new one; from = keeps the other fields.",
  },
  ["E-CF-08"] = {
    title = "unknown method",
    next = "Use one of the names listed, or give your own again: method = { name, make }. A function has no form in "
      .. "JSON.",
    explain = "A method decides how a layer's weight becomes codes. Those of vise and those that a script registered "
      .. "(vise.algorithms.register) go by name; any other is given as a table with its name and its make function. A "
      .. "config read from JSON or from a manifest knows an own method by its name alone.",
  },
  ["E-CF-09"] = {
    title = "name of a method that comes with vise",
    next = "Give your method another name.",
    explain = "The name of a method is recorded in the manifest and in reports, so that everybody can tell how a layer "
      .. "was made. rounding and svdquant stand for the methods of vise and for nothing else.",
  },
}
