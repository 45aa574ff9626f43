--- NU: numbers.

---@type table<string, vise.ErrorEntry>
return {
  ["E-NU-01"] = {
    title = "a number is not finite",
    next = "Find where it comes from: `t:nonfinite()` gives the first place in a tensor.",
    explain = "A NaN or infinity was found where numbers must be finite. The message says where the first "
      .. "one is. It comes from the weights, from the input, or from an overflow before.",
  },
  ["E-NU-02"] = {
    title = "decomposition did not converge",
    next = "Look for extreme values, or convert to f64.",
    explain = "LAPACK's iteration did not converge, which happens with extreme or broken values.",
  },
  ["E-NU-03"] = {
    title = "rank out of range",
    next = "Take a rank up to the smaller side of the matrix.",
    explain = "A low-rank factor has at most as many columns as the smaller side of its matrix.",
  },
  ["E-NU-04"] = {
    title = "matrix too large to decompose",
    next = "Use method = \"randomized\".",
    explain = "The exact decomposition needs an index or a workspace beyond what LAPACK takes. The "
      .. "randomized one has no such limit.",
  },
  ["E-NU-09"] = {
    title = "impossible histogram",
    next = "Give a range with lo < hi, both finite, and 1 to 256 bins.",
    explain = "A histogram needs a range with a lower and a higher end, both finite, and a sensible number "
      .. "of bins.",
    exit = 64,
  },
  ["E-NU-10"] = {
    title = "matrix is not positive definite",
    next = "Raise the damping, give more calibration data, or take precision = \"f64\".",
    explain = "The factor of a matrix of second moments failed at a column: its inputs are a combination of "
      .. "those before it, up to rounding, and the damping is too small to tell them apart. 10 to 100 times as "
      .. "much damping helps, and so do more tokens than a layer has inputs.",
  },
  ["E-NU-11"] = {
    title = "no Hadamard transform of this size",
    next = "Ask `vise.linalg.hadamard_size(inputs)` for the largest block that fits.",
    explain = "A Hadamard transform works on blocks of 2^k times 1, 12, 20, 28, 36, 40, 52, 60, 108, 140, 156 or "
      .. "172 elements, and a row has to be whole blocks.",
    exit = 64,
  },
  ["E-NU-12"] = {
    title = "not an order of the columns",
    next = "Take the one that `vise.linalg.column_order(h)` makes.",
    explain = "An order names each column once, counted from 1.",
    exit = 64,
  },
  ["E-NU-13"] = {
    title = "GPTQ cannot sweep this",
    next = "Take static_groups = true, an order by groups, or a scheme with steps per row or group.",
    explain = "What is stored has groups of neighbouring columns. An order that takes columns of one group at "
      .. "different times needs the steps of all groups beforehand (static groups), or keeps groups together "
      .. "(column_order(h, group)). An order with a group index for each column is not stored. Blocks of several "
      .. "rows cannot be swept, for each row has its own errors.",
    exit = 64,
  },
  ["E-NU-14"] = {
    title = "GPTQ's corrections diverge",
    next = "Raise the damping, or look for columns whose inputs are nearly the same.",
    explain = "The errors that columns pass on grew until no step could hold the values: the factor is that of a "
      .. "matrix that is close to singular.",
  },
  ["E-NU-20"] = {
    title = "weights are not finite",
    next = "Choose on_nan = \"zero\", which takes 0 for them, or on_nan = \"skip\", which leaves the layer float.",
    explain = "The weights of every planned layer are looked at before anything starts. A NaN or an infinity among "
      .. "them comes from a broken file or from training that diverged; most often the model is of no use. The message "
      .. "says how many there are in the first such tensor, and where the first stands.",
  },
}
