-- GPTQ (arXiv 2210.17323) as somebody would write it over the public module, to see that methods can carry
-- an algorithm that chooses each code itself.

local vise = require "vise"

local LAYER = "model.layers.2.mlp.up_proj" -- [172, 64]
local LOW, HIGH = -8, 7                    -- the codes of int4
local DAMPING = 0.01

-- X'X of rows, with a hundredth of the mean of its diagonal on the diagonal.
local function hessian(samples)
  local rows, n = samples:shape()
  local x, h, trace = samples:totable(), {}, 0
  for i = 1, n do
    h[i] = {}
    for j = 1, n do
      local sum = 0
      for r = 0, rows - 1 do sum = sum + x[r * n + i] * x[r * n + j] end
      h[i][j] = sum
    end
    trace = trace + h[i][i]
  end
  for i = 1, n do h[i][i] = h[i][i] + DAMPING * trace / n end
  return h, n
end

-- The inverse, by Gauss and Jordan: symmetric and positive, so there is nothing to pivot.
local function inverse(a, n)
  local inv = {}
  for i = 1, n do
    inv[i] = {}
    for j = 1, n do inv[i][j] = i == j and 1 or 0 end
  end
  for i = 1, n do
    local pivot = a[i][i]
    for j = 1, n do a[i][j], inv[i][j] = a[i][j] / pivot, inv[i][j] / pivot end
    for k = 1, n do
      local f = a[k][i]
      if k ~= i and f ~= 0 then
        for j = 1, n do a[k][j], inv[k][j] = a[k][j] - f * a[i][j], inv[k][j] - f * inv[i][j] end
      end
    end
  end
  return inv
end

-- U with a = U'U.
local function upper(a, n)
  local u = {}
  for i = 1, n do u[i] = {} end
  for i = 1, n do
    for j = i, n do
      local sum = a[i][j]
      for k = 1, i - 1 do sum = sum - u[k][i] * u[k][j] end
      u[i][j] = i == j and math.sqrt(sum) or sum / u[i][i]
    end
  end
  return u
end

-- The codes of a row, one column after the other: what rounding loses moves into the columns to come.
local function row_codes(w, u, n, scale, zero)
  local codes = {}
  for j = 1, n do
    local q = math.max(LOW, math.min(HIGH, math.floor((w[j] - zero) / scale + 0.5)))
    local err = (w[j] - (q * scale + zero)) / u[j][j]
    for k = j + 1, n do w[k] = w[k] - err * u[j][k] end
    codes[j] = q - LOW
  end
  return codes
end

local gptq = {
  name = "gptq", types = { "int4_weight_only_g64" }, needs = { "samples" }, rows = 128,
  make = function(weight, about)
    local h, n = hessian(about.samples)
    local u = upper(inverse(h, n), n)
    local rounded = assert(vise.coded.encode(about.scheme, weight)):tensors() -- its scales, one a row here
    local scale, zero, w, bytes = rounded.scale:totable(), rounded.zero:totable(), weight:totable(), {}
    for r = 1, about.shape[1] do
      local codes = row_codes(table.move(w, (r - 1) * n + 1, r * n, 1, {}), u, n, scale[r], zero[r])
      for j = 1, n, 2 do bytes[#bytes + 1] = codes[j] | codes[j + 1] << 4 end
    end
    return { weight = assert(vise.coded.rebuild(about.scheme, about.shape, { scale = rounded.scale:copy(),
      zero = rounded.zero:copy(), codes = vise.tensor_of("u8", { rounded.codes:shape() }, bytes) })) }
  end,
}

describe("GPTQ as an own method", function()
  it("takes a good part of the error that rounding leaves on what flowed into the layer", function()
    local function error_of(method)
      local model <close> = assert(vise.open "recipes/quickstart/models/stories260K")
      local report = assert(vise.quantize(model, { quant_type = "int4_weight_only_g64", regions = { LAYER },
        method = method, calibrate = function(m)
          for seed = 1, 3 do
            assert(vise.generate.generate(m, { prompt = { 1 }, temperature = 1, max_new = 60, seed = seed }))
          end
        end }))
      return report.layers[1].output_error, report.layers[1].weight_error
    end
    -- Rounding, with the same rows to measure on.
    local rounding = { name = "plain", needs = { "samples" }, rows = 128, make = function(weight, about)
      return { weight = vise.coded.encode(about.scheme, weight) }
    end }
    local output, weights = error_of(rounding)
    local better, further = error_of(gptq)
    assert.is_true(better < 0.8 * output, ("%g, rounding has %g"):format(better, output))
    assert.is_true(further > weights) -- it moves away from the weights, towards the outputs
  end)
end)
