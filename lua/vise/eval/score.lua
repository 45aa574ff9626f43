--- Runs the windows of a plan through a model, with a bound on the logits that exist at once.

local core = require "vise.core"
local diagnose = require "vise.eval.diagnose"
local fail = require "vise.fail"

local try = fail.try

local M = {}

local LOGIT_BYTES = 64 << 20 -- of one forward; larger windows go through the model's cache in pieces
local BATCH_IDS = 4096       -- of windows of one length that are run together
local LEAST_PIECE = 16       -- ids

---@alias vise.eval.See fun(logits: vise.Tensor, targets: vise.Tensor, window: vise.eval.Window): integer?

-- What is said of rows `from` to `to` of the logits that belong to ids `shift + 1`, ... of a window.
local function show(see, model, rows, window, shift, from, to)
  local first = math.max(window.first - 1, shift + 1)
  local last = shift + to - from + 1
  if last < first then return end
  local part <close> = try(rows:rows(from + first - shift - 1, to))
  local targets <close> = try(core.tensor_of("i64", { last - first + 1 },
    table.move(window.ids, first + 1, last + 1, 1, {})))
  local bad = see(part, targets, window)
  if bad then diagnose.raise(model, window, first + bad - 1) end
end

local function as_rows(logits, count)
  return try(logits:reshape { count, -1 })
end

-- Windows of one length at once.
local function run_batch(model, batch, see)
  local inputs, length = {}, #batch[1].ids - 1
  for i, window in ipairs(batch) do table.move(window.ids, 1, length, (i - 1) * length + 1, inputs) end
  local ids <close> = try(core.tensor_of("i64", { #batch, length }, inputs))
  local logits <close> = try(model:forward(ids))
  local rows <close> = as_rows(logits, #inputs)
  for i, window in ipairs(batch) do show(see, model, rows, window, 0, (i - 1) * length + 1, i * length) end
end

-- One window in pieces.
local function run_pieces(model, window, size, see)
  local count = #window.ids - 1
  local cache <close> = try(model:cache(count))
  for at = 1, count, size do
    local n = math.min(size, count - at + 1)
    local ids <close> = try(core.tensor_of("i64", { 1, n }, table.move(window.ids, at, at + n - 1, 1, {})))
    local logits <close> = try(model:forward(ids, { cache = cache }))
    local rows <close> = as_rows(logits, n)
    show(see, model, rows, window, at - 1, 1, n)
  end
end

-- How many of the windows from `first` on are run together: as long as they are of one length.
local function together(windows, first, most)
  local length, count = #windows[first].ids, 1
  while count < most and windows[first + count] and #windows[first + count].ids == length do count = count + 1 end
  return count
end

--- Runs every window, in order.  `see` gets the logits [n, vocabulary] of ids that count and the ids that
--- follow them, i64 [n]; what it returns is the first row that has a NaN.
---@param model vise.Model
---@param windows vise.eval.Window[]
---@param see vise.eval.See
---@param options? { logit_bytes?: integer, on_window?: fun(index: integer) }
function M.run(model, windows, see, options)
  options = options or {}
  local row = 4 * (model.settings.vocab_size or LOGIT_BYTES)
  local at, budget = 1, options.logit_bytes or LOGIT_BYTES
  while at <= #windows do
    local length = #windows[at].ids - 1
    local fit = budget // (row * length)
    local count = together(windows, at, math.min(fit, BATCH_IDS // length))
    if fit == 0 and model.cache then
      run_pieces(model, windows[at], math.max(LEAST_PIECE, budget // row), see)
    else
      run_batch(model, table.move(windows, at, at + count - 1, 1, {}), see)
    end
    for i = at, at + count - 1 do
      if options.on_window then options.on_window(i) end
    end
    at = at + count
  end
end

--- The first place of a list of numbers with a NaN.
---@param list number[]
---@return integer?
function M.first_nan(list)
  for i, v in ipairs(list) do
    if v ~= v then return i end
  end
end

return M
