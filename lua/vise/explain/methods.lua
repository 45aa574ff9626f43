--- What each method does, in a few lines: for `vise explain NAME`.

---@class vise.MethodText
---@field title string
---@field text string      What it does and why.
---@field steps? string[]  The formulas or steps, one a line.
---@field when? string     When to take it, and when not.
---@field options? string  How it is asked for.
---@field paper? string
---@field see? string[]    Related topics.

---@type table<string, vise.MethodText>
return {
  round_to_nearest = {
    title = "round to nearest (RTN)",
    text = "Each weight becomes the nearest code of its scale. The scale comes from the largest weight of its row, "
      .. "group or block, by the scheme's convention. Nothing is learned and no data is needed.",
    steps = { "s = amax / largest code", "q = round(w / s), ties to even", "w^ = q s" },
    when = "Eight bits are nearly lossless this way. At four bits it is the base line that everything else is "
      .. "measured against.",
    options = "int8_*, float8_*, int4_weight_only_gN, w4a8_gN, nvfp4",
    see = { "scale_search", "int8_per_row" },
  },
  scale_search = {
    title = "scale search",
    text = "The largest weight need not be represented exactly. For each group several scales below the usual one are "
      .. "tried, and the one with the least sum of squared errors is kept. The stored format does not change.",
    steps = { "for f in a grid below 1:  s = f amax / largest code", "keep the s of the least sum (w - w^)^2" },
    when = "On by default in svdq types: it takes about an eighth off the weight error for nothing stored.",
    options = "svdq = { scale_search = true|false }; method = { name = \"rounding\", options = { search = "
      .. "\"squares\"|\"mse\"|\"wide\"|\"importance\" } }: squared errors, LLM Compressor's and GPTQ's |w - w^|^2.4, "
      .. "or |w - w^|^3 weighted by the mean square of each input",
    see = { "svdquant", "round_to_nearest" },
  },
  rotate = {
    title = "rotation (QuaRot)",
    text = "A channel that is much larger than the others sets the scale of its whole group or token. An orthogonal "
      .. "matrix before and its transpose behind change no answer and spread such a channel over all. "
      .. "vise.transform(model, \"rotate\") turns the residual stream and the values of attention once, in the "
      .. "weights; the step rotate of a method turns the input of single layers in every forward.",
    steps = { "x W' = (x Q) (W Q)'", "R1: Q of the stream, norms fused into what reads them", "R2: of each head's "
      .. "values", "R3: of queries and keys", "R4: H of a layer's input, while it runs" },
    when = "Where activations are coded in 4 bits, or weights in 3 and less. R4 is for the input of down_proj, which "
      .. "no matrix of another layer can turn; R3 only for who quantizes keys.",
    options = "vise.transform(model, \"rotate\", { r1 =, r2 =, r3 =, block =, seed = }), method = { \"rotate\", ... }",
    paper = "Ashkboos et al., QuaRot, arXiv 2404.00456; SpinQuant, arXiv 2405.16406",
    see = { "smoothing" },
  },
  smoothing = {
    title = "smoothing (SmoothQuant)",
    text = "A few input channels of a layer are much larger than the rest, and set the scale of all. Each channel of "
      .. "the activations is divided by a factor that multiplies the same column of the weights, so the product is "
      .. "the same and both sides are easier to code.",
    steps = { "s_i = a_i^alpha / w_i^beta", "x W' = (x / s) (W diag(s))'",
      "a_i, w_i: the largest |x| and |W| of channel i" },
    when = "Needs the spans of the activations, from calibration or a file. `weight` and `weight_inv` use the weights "
      .. "alone.",
    options = "svdq = { smooth_strategy = \"activation\", alpha = 0.5, beta = 0.5 }",
    paper = "Xiao et al., SmoothQuant, arXiv 2211.10438, section 4",
    see = { "balance", "smoothing_search", "few_shot" },
  },
  smoothing_search = {
    title = "searched smoothing",
    text = "The exponents of smoothing are chosen per layer from a grid by what the quantized layer answers on rows of "
      .. "input that calibration kept.",
    steps = { "candidates (0, 0), (i/grid, 0), (i/grid, 1 - i/grid)", "keep the first of the least output error" },
    when = "It splits each layer as often as there are candidates; balance is usually better in less time.",
    options = "svdq = { smooth_strategy = \"search\", search_grid = 20, search_samples = 256 }",
    paper = "the search of deepcompressor, the reference program of arXiv 2411.05007",
    see = { "smoothing", "balance" },
  },
  balance = {
    title = "balanced smoothing",
    text = "The smoothing factors are found by descent on an estimate of the noise that coding both sides adds to the "
      .. "layer's output, instead of by a formula. vise's own; the default of calibrated svdq types.",
    steps = { "noise ~ sum over groups g of  A_g |R_g|^2 + beta B_g |X_g|^2",
      "A_g, B_g: sums of squared group maxima of x / s and of the residual",
      "log s follows the gradient for balance_iters steps" },
    when = "Needs rows of input, so not with statistics from a file.",
    options = "svdq = { smooth_strategy = \"balance\", balance_iters = 20 }",
    see = { "smoothing", "svdquant" },
  },
  few_shot = {
    title = "few-shot smoothing",
    text = "The float model is armed and watches its own first forwards; then it quantizes itself in place. The spans "
      .. "seen in so few steps are relaxed: channels with large ones are taken to be larger still.",
    steps = { "a'_i = a_i (1 + r_i (factor - 1)),  r_i in [0, 1] by the strategy",
      "strategies: fixed, top, auto, stable_auto, power, log, rank" },
    when = "When no calibration set exists and the first real requests shall do.",
    options = "svdq_*_dq with svdq = { smooth_strategy = \"few_shot\", few_shot_steps = 1, ... }",
    see = { "smoothing" },
  },
  svdquant = {
    title = "SVDQuant",
    text = "Outliers move from the activations into the weights by smoothing; the part of the weights that is hard to "
      .. "code goes into a low-rank branch in 16 bits; the residual and the activations get 4 bits.",
    steps = { "W~ = W diag(s)", "W~ = up down + R       the first r singular triplets, and the rest",
      "y = dq(q4(x / s) Q(R)') + (x down') up' + b" },
    when = "For 4-bit weights and activations. Rank r adds 32 r / n bits a weight to a layer of n x n: a quarter of a "
      .. "bit for rank 32 at 4096.",
    options = "svdq_int4_rR, svdq_nvfp4_rR, ..._dq without data; svdq = { ... }",
    paper = "Li et al., SVDQuant, arXiv 2411.05007, sections 4.1 and 4.2",
    see = { "smoothing", "low_rank", "refine", "scale_search", "shared_inputs" },
  },
  low_rank = {
    title = "the low-rank branch",
    text = "The largest singular triplets of the smoothed weight, as two thin factors stored in 16 bits. `low` finds "
      .. "them by a randomized range finder with power iterations in f32, `medium` by a full decomposition in f32, "
      .. "`high` in f64. The residual is taken from the rounded factors, so their rounding is coded with it.",
    steps = { "Q = orth(W G), then in turns orth(W' Q) and orth(W Q);  SVD of Q' W",
      "up = U diag(sigma), down = V', both rounded to 16 bits" },
    options = "svdq = { calibrate_precision = \"low\"|\"medium\"|\"high\", seed = 0 }; as a step of a chain, "
      .. "weighted by "
      .. "the second moments and in turns with GPTQ: { name = \"low_rank\", options = { rank = 8, rounds = 8, metric = "
      .. "\"moments\"|\"plain\", rounder = \"gptq\"|\"rounding\" } }",
    paper = "Halko, Martinsson, Tropp, arXiv 0909.4061, algorithm 4.4",
    see = { "svdquant", "refine" },
  },
  refine = {
    title = "refinement of the branch",
    text = "Branch and codes are chosen in turns: the branch is made anew from what the codes of the last round left. "
      .. "Each round starts from the weight itself, so no error is carried along; the best round is kept.",
    steps = { "up, down = SVD_r(W~ - Q(R))", "R = W~ - up down" },
    options = "svdq = { refine_iters = 5, keep_best = true, early_stop = false }",
    see = { "svdquant", "low_rank" },
  },
  shared_inputs = {
    title = "shared inputs",
    text = "Layers that are given the very same input, such as q, k and v, get one smoothing and one `down` among "
      .. "them, so that a runtime can read the input once.",
    when = "Off by default: the weight error of the group rises by 8 to 34 % at the same rank.",
    options = "svdq = { shared_inputs = true }",
    see = { "svdquant" },
  },
  weight_only = {
    title = "weight-only quantization",
    text = "Weights are stored as codes, activations stay float; the product is computed from decoded weights. Memory "
      .. "and the time of one-row products shrink, since those are bound by reading weights.",
    when = "Language models that generate token by token. Large batches gain little speed.",
    options = "int8_weight_only, float8_weight_only, int4_weight_only_gN, nvfp4_weight_only",
    see = { "int4_weight_only", "dynamic" },
  },
  dynamic = {
    title = "dynamic activation scales",
    text = "Activations are coded while the model runs: each token gets a scale from its own largest value. No "
      .. "calibration is needed, and outlying tokens do not harm others.",
    options = "int8_per_row, float8_per_row, w4a8_gN, nvfp4, svdq_*",
    see = { "static" },
  },
  static = {
    title = "static activation scales",
    text = "One scale for a layer's whole input, found by calibration and saved. It saves a pass over the activations "
      .. "and is what some hardware needs; values beyond the calibrated range are clipped.",
    options = "the suffix _static of int8 and float8 types per tensor and per row",
    see = { "dynamic" },
  },
}
