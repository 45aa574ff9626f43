--- SmoothQuant (arXiv 2211.10438): what is hard to quantize moves from activations to weights.
---
---   a_j = max |x_j|,  w_j = max over the outputs of all layers given this input of |W_oj|
---   s_j = a_j^alpha / w_j^(1 - alpha);  the layer computes (x / s) (W diag(s))'
---
--- The conventions differ in what they do at the edges:
---
---   paper            w and s at least 1e-5
---   llm-compressor   a_j = max x_j - min x_j of the rows that were kept, w_j doubled, s_j = a_j where w_j
---                    is 0, s at least 1e-5
---   modelopt         1 / s within [1e-4, 1e4], and 1 where a_j < 2^-31; its own alpha is 1
---
--- `search = n` tries alpha = 0, 1/n, ..., 1 and keeps the one under which the layers answer best
--- (vise.algorithms.trial); the first of equals, which is the mildest.

local options_of = require "vise.algorithms.step_options"
local smoothing = require "vise.algorithms.smoothing"
local trial = require "vise.algorithms.trial"
local try = require("vise.fail").try

local M = {}

local FLOOR = 1e-5

--- The largest |W_oj| of each input over the outputs of all layers.
---@param layers vise.LayerWork[]
---@return number[]
function M.weight_span(layers)
  local span
  for _, layer in ipairs(layers) do
    local sizes <close> = try(layer.weight:abs())
    local top <close> = try(sizes:fold "max")
    local values = top:totable()
    span = span or values
    for j, v in ipairs(values) do span[j] = math.max(span[j], v) end
  end
  return span
end

local function paper(a, w, alpha)
  return math.max(a ^ alpha / math.max(w, FLOOR) ^ (1 - alpha), FLOOR)
end

local function llm_compressor(a, w, alpha)
  return math.max(w > 0 and a ^ alpha / (2 * w) ^ (1 - alpha) or a, FLOOR)
end

local function modelopt(a, w, alpha)
  if a < 2 ^ -31 then return 1 end
  return 1 / math.max(1e-4, math.min(w ^ (1 - alpha) / a ^ alpha, 1e4))
end

local CONVENTIONS = { paper = paper, ["llm-compressor"] = llm_compressor, modelopt = modelopt }

-- max - min of each input.
local function spread(samples)
  local highest <close> = try(samples:fold "max")
  local lowest <close> = try(samples:fold "min")
  try(highest:sub(lowest, highest))
  return highest:totable()
end

--- The factors of a convention.
---@param a number[]  Of activations: what the convention takes for their span.
---@param w number[]  The largest |W_oj| of each input.
---@param alpha number
---@param convention "paper"|"llm-compressor"|"modelopt"
---@return number[]
function M.factors(a, w, alpha, convention)
  local s, rule = {}, CONVENTIONS[convention]
  for j = 1, #a do s[j] = rule(a[j], w[j], alpha) end
  return s
end

local function stored(a, w, alpha, convention, storage)
  local factors <close> = smoothing.stored(M.factors(a, w, alpha, convention), storage)
  return try(factors:to "f32")
end

-- The best of alpha = 0, 1/steps, ..., 1; nil if all answers are not finite.
local function searched(layers, a, w, options)
  local least, best = math.huge, nil
  for step = 0, options.search do
    local alpha = step / options.search
    local s <close> = stored(a, w, alpha, options.convention, layers[1].storage)
    local error = trial.error(layers, s)
    if error < least then least, best = error, alpha end
  end
  return best
end

---@type vise.Method
M.method = {
  name = "smoothquant",
  needs = function(options)
    local needs = { "span" }
    if options.convention == "llm-compressor" or options.search > 0 then needs[2] = "samples" end
    if options.search > 0 then needs[3] = "moments" end
    return needs
  end,
  smooth = true, shares = true,
  options = { alpha = 0.5, convention = "paper", search = 0 },
  check = options_of.checker { alpha = options_of.number(0, 1), search = options_of.integer(0, 1000),
    convention = options_of.choice(CONVENTIONS) },
  prepare = function(layers, options)
    local first = layers[1]
    local a = options.convention == "llm-compressor" and spread(first.samples) or first.span:totable()
    local w, alpha = M.weight_span(layers), options.alpha
    if options.search > 0 then alpha = searched(layers, a, w, options) or alpha end
    local factors <close> = stored(a, w, alpha, options.convention, first.storage)
    for _, layer in ipairs(layers) do
      layer:scale_inputs(factors)
      layer.notes.alpha = alpha
    end
  end,
}

return M
