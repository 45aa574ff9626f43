--- Fold: the smoothing factors of SmoothQuant (arXiv 2211.10438, section 4) put into the norm before the
--- layers, so that nothing is divided while the model runs.
---
---   s_j = a_j^alpha / w_j^(1 - alpha),  norm's scale and shift / s,  W diag(s) of every layer that reads it
---
--- a_j is the largest |x| of channel j that calibration saw, w_j the largest |W| of column j among the
--- layers; both are at least 1e-5, and so is s.  Layers behind no norm keep their smoothing in the step
--- smoothquant of a method.

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local LEAST = 1e-5

-- The largest |W| of each input of the layers.
local function columns_of(work, layers)
  local most = {}
  for _, layer in ipairs(layers) do
    local w <close> = work:tensor(layer .. ".weight")
    local turned <close> = not work.stream.transposed[layer] and try(w:transpose()) or nil -- [inputs, outputs]
    local blocks <close> = try((turned or w):blocks(#(turned or w), 1))
    for j = 1, #blocks do most[j] = math.max(most[j] or 0, blocks:get(j)) end
  end
  return most
end

-- s and 1 / s, in f64.
local function factors(span, weights, alpha)
  local count = span:count()
  local s, inverse = try(core.tensor("f64", { count })), try(core.tensor("f64", { count }))
  for j = 1, count do
    local a, w = math.max(span:get(j), LEAST), math.max(weights[j], LEAST)
    s:set(j, math.max(a ^ alpha / w ^ (1 - alpha), LEAST))
    inverse:set(j, 1 / s:get(j))
  end
  return s, inverse
end

-- The layers behind each norm that are there: a head that is the embedding is none.
local function groups_of(work)
  local groups, names = {}, {}
  for _, reader in ipairs(work.stream.readers) do
    local there = work.layers[reader.layers[1]] ~= nil
    if there then groups[#groups + 1] = reader end
    for _, name in ipairs(there and reader.layers or {}) do names[#names + 1] = name end
  end
  return groups, names
end

return {
  name = "fold",
  options = { alpha = 0.5, dtype = "model" },
  calibrated = true,
  apply = function(work, options)
    if options.alpha < 0 or options.alpha > 1 then
      fail.raise("E-TR-04", "fold: alpha is %g, expected a number from 0 to 1", options.alpha)
    end
    local groups, names = groups_of(work)
    local spans <close> = work:spans(names)
    for _, group in ipairs(groups) do
      local s, inverse = factors(spans[group.layers[1]], columns_of(work, group.layers), options.alpha)
      for _, layer in ipairs(group.layers) do work:rotate(layer, "in", { block = 1, diagonal = s }) end
      for _, part in ipairs { ".weight", ".bias" } do
        if work:info(group.norm .. part) then
          work:rotate_vector(group.norm .. part, { block = 1, diagonal = inverse })
        end
      end
    end
  end,
}
