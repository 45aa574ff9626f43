--- GPTQ (arXiv 2210.17323): columns are rounded one after the other, and the columns still to come take
--- the error of each out of the outputs.
---
---   H = E[x x'] + damping mean(diag) I,  U'U = H^-1,  U upper
---   for each column j:  q_j = round(w_j),  e = (w_j - q_j) / U_jj,  w_k -= e U_jk for k > j
---
--- H are the second moments of the layer's input as the layer sees it: after the steps before this one,
--- and before its activations are coded.  (For types that code them, moments of the coded input changed
--- nothing that could be measured: bench/quality.)  A branch that was taken off before leaves the residual,
--- which is what is rounded.
---
--- The order of the columns has several meanings in the field:
---
---   none     as they stand (the paper's default)
---   static   by falling diagonal of H; steps are those of the weight as it is given, so that groups stay
---            groups of neighbours (llm-compressor's default)
---   gar      groups by their largest diagonal element, columns by theirs within each (GPTQModel's)
---   group    by falling diagonal with steps found on the way: needs an index of groups in the file,
---            which no format here has; refused
---
--- `search` "squares" searches the steps of each group instead of taking the range's (vise.coded.encode's
--- search); "auto" does where the scheme can be searched; "mse" is the published grid: shrink, grid and norm
--- as of the method rounding.

local core = require "vise.core"
local fail = require "vise.fail"
local options_of = require "vise.algorithms.step_options"
local runs = require "vise.algorithms.runs"

local M = {}

local ORDERS = { none = true, static = true, gar = true }
local SEARCHES = { auto = true, mse = true, none = true, squares = true }
local MOST_DAMPING = 1 -- that is tried when damping may be raised

local function check_order(value, where)
  if value == "group" then
    fail.raise("E-CF-05", "%s \"group\" needs an index of groups in the file, which is not stored; take \"static\" or "
      .. "\"gar\"", where)
  end
  options_of.choice(ORDERS)(value, where)
end

-- The order of the columns, nil as they stand.
local function order_of(layer, options)
  if options.order == "none" then return nil end
  local group = options.order == "gar" and runs.size(layer.scheme, layer.shape[2]) or 0
  return fail.try(core.column_order(layer.moments, group))
end

--- The factor of the moments.  Where they are singular, damping is raised tenfold if that is allowed.
---@param moments vise.Tensor  f32 [in, in]
---@param order? vise.Tensor
---@param options { damping: number, raise: boolean, precision: string }
---@return vise.Tensor factor
---@return number damping
function M.factor(moments, order, options)
  local damping = options.damping
  while true do
    local factor, message, id = core.inverse_factor(moments, { damping = damping, order = order,
      precision = options.precision })
    if factor then return factor, damping end
    if id ~= "E-NU-10" then fail.try(nil, message, id) end
    if not options.raise or damping >= MOST_DAMPING then
      fail.try(nil, message .. "; options raise or damping of gptq", id)
    end
    damping = math.min(math.max(damping * 10, 1e-4), MOST_DAMPING)
  end
end

-- How core.gptq searches steps.
local function search_of(scheme, options)
  if options.search == "auto" then return runs.searchable(scheme) end
  if options.search ~= "mse" then return options.search == "squares" end
  return { shrink = options.shrink, grid = options.grid, norm = options.norm }
end

--- Codes of a layer's weight, column by column.
---@param layer vise.LayerWork
---@param options table  The step's.
---@return vise.Coded
---@return { loss: number, damping: number }  loss: tr(D H D'), with damping
function M.round(layer, options)
  local order <close> = order_of(layer, options)
  local made, damping = M.factor(layer.moments, order, options)
  local factor <close> = made
  local coded, loss, id = core.gptq(layer.scheme, layer.weight, factor, { order = order, block = options.block,
    static_groups = options.static_groups or options.order == "static", search = search_of(layer.scheme, options),
    reference_groups = options.reference_groups })
  if not coded then fail.try(nil, loss, id) end
  return coded, { loss = loss, damping = damping }
end

---@type vise.Method
M.method = {
  name = "gptq", needs = { "moments" }, copies = 5, sequential = true,
  options = { damping = 0.01, raise = false, precision = "f32", order = "none", static_groups = false,
    reference_groups = false, block = 128, search = "auto", shrink = 0.8, grid = 100, norm = 2.4 },
  check = options_of.checker { damping = options_of.number(0, 1e6), block = options_of.integer(1, 1 << 20),
    order = check_order, precision = options_of.choice { f32 = true, f64 = true },
    search = options_of.choice(SEARCHES), shrink = options_of.number(0, 1), grid = options_of.integer(1, 10000),
    norm = options_of.number(1, 4) },
  round = function(layer, options)
    local coded, told = M.round(layer, options)
    layer.notes.loss, layer.notes.damping = told.loss, told.damping
    return coded
  end,
}

return M
