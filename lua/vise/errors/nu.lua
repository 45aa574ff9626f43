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
}
