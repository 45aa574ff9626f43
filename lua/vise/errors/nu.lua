--- NU: numbers.

---@type table<string, vise.ErrorEntry>
return {
  ["E-NU-01"] = {
    title = "a number is not finite",
    next = "Find where it comes from: `t:nonfinite()` gives the first place in a tensor.",
  },
  ["E-NU-02"] = {
    title = "decomposition did not converge",
    next = "Look for extreme values, or convert to f64.",
  },
  ["E-NU-03"] = {
    title = "rank out of range",
    next = "Take a rank up to the smaller side of the matrix.",
  },
  ["E-NU-04"] = {
    title = "matrix too large to decompose",
    next = "Use method = \"randomized\".",
  },
  ["E-NU-09"] = {
    title = "impossible histogram",
    next = "Give a range with lo < hi, both finite, and 1 to 256 bins.",
    exit = 64,
  },
}
