--- What the steps of chains do, in a few lines: for `vise explain NAME`.  The others are in methods.lua.

---@type table<string, vise.MethodText>
return {
  gptq = {
    title = "GPTQ",
    text = "Columns are rounded one after the other, and those still to come take up what each rounding does to the "
      .. "outputs, by the second moments of the layer's input. It calibrates block by block, so that each layer is "
      .. "rounded for the input that the quantized layers before it give.",
    steps = { "H = E[x x'] + damping mean(diag H) I,  U'U = H^-1", "q_j = round(w_j),  e = (w_j - q_j) / U_jj",
      "w_k -= e U_jk for all k > j" },
    when = "Four bits and less of weights, and the residual of a low-rank branch. More calibration text helps: the "
      .. "moments need several times as many tokens as the layer has inputs.",
    options = "method = { ..., { name = \"gptq\", options = { damping = 0.01, raise = false, order = "
      .. "\"none\"|\"static\"|"
      .. "\"gar\", search = \"auto\"|\"none\"|\"squares\", block = 128, precision = \"f32\"|\"f64\" } } }",
    paper = "Frantar et al., GPTQ, arXiv 2210.17323",
    see = { "round_to_nearest", "awq", "low_rank" },
  },
  awq = {
    title = "AWQ",
    text = "Channels whose input is large get finer codes: the weight is multiplied by s before it is rounded, and the "
      .. "layer divides its input by the same. The exponents of s are tried on a grid and judged by the outputs, "
      .. "through the second moments of the input. Layers with one input share s. The step awq_clip after it also "
      .. "narrows the ranges of groups.",
    steps = { "s_j = mean|x_j|^r, or with duo scaling mean|x_j|^r / mean|w_j|^(1 - r)",
      "r from a grid, by tr(D M D') with D = Q(W diag(s)) diag(1/s) - W" },
    when = "Weights in groups at 3 and 4 bits, before rounding or GPTQ.",
    options = "method = { { name = \"awq\", options = { grid = 20, duo = \"off\"|\"on\"|\"both\" } }, \"awq_clip\", "
      .. "... }",
    paper = "Lin et al., AWQ, arXiv 2306.00978",
    see = { "smoothing", "gptq" },
  },
  smoothquant = {
    title = "SmoothQuant, as a step",
    text = "Each channel of the input is divided by a factor that multiplies the same column of the weights, which "
      .. "moves outliers of activations into weights. The layers with one input share the factors. Conventions of "
      .. "several programs, and a search for alpha.",
    steps = { "s_j = max|x_j|^alpha / max|w_j|^(1 - alpha)", "the layer computes (x / s) (W diag(s))'" },
    when = "Eight bits on both sides; four bits with a branch or a rotation beside it.",
    options = "method = { { name = \"smoothquant\", options = { alpha = 0.5, search = 0, convention = \"paper\"|"
      .. "\"llm-compressor\"|\"modelopt\" } }, ... }; log_equalization: s = max|x| / log2(2 + max|x|)",
    paper = "Xiao et al., SmoothQuant, arXiv 2211.10438",
    see = { "smoothing", "balance" },
  },
  hqq = {
    title = "HQQ, half-quadratic quantization",
    text = "The zero points of groups are found by descent on an error that forgives a few large misses. It needs no "
      .. "data.",
    steps = { "e = shrink(W - W_r), |r|^p with p < 1", "z = mean of q - (W - e) c over the group" },
    when = "Weights in groups with zero points, at 2 to 4 bits, where there is nothing to calibrate on.",
    options = "method = { name = \"hqq\", options = { p = 0.7, beta = 10, kappa = 1.01, iterations = 20, routine = "
      .. "\"legacy\"|\"v2\" } }",
    paper = "Badri and Shaji, Half-Quadratic Quantization of Large Machine Learning Models, 2023",
    see = { "gptq", "round_to_nearest" },
  },
  bias_correction = {
    title = "bias correction",
    text = "Errors of codes are not zero on average. What the outputs lack on the rows that were kept is added to the "
      .. "layer's bias, which is stored in f32 with the layer.",
    steps = { "b + mean over rows of  x W' - Q(x) Q(W)'" },
    when = "After any step that rounds; it costs four bytes an output.",
    options = "method = { ..., \"bias_correction\" }",
    paper = "Nagel et al., Data-Free Quantization, arXiv 1906.04721, section 4.2",
    see = { "gptq" },
  },
}
