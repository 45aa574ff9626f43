--- The summary of a report as a box of text.

local config_fields = require "vise.config_fields"
local groups = require "vise.report.groups"
local methods = require "vise.algorithms.methods"
local shared_inputs = require "vise.shared_inputs"
local text = require "vise.text"

local M = {}

local function type_words(layers)
  local words = {}
  for i, t in ipairs(groups.types(layers)) do
    words[i] = ("%s%s (%d)"):format(t.type, methods.is_builtin(t.method) and "" or " by " .. t.method, t.layers)
  end
  return table.concat(words, ", ")
end

-- How many layers share their smoothing and branch with others, and why the rest cannot.
local function shared_words(r)
  local shared, sets, words, told = 0, 0, {}, {}
  for _, layer in ipairs(r.layers) do
    if layer.shares then shared = shared + 1 end
    if layer.shares == layer.name then sets = sets + 1 end
  end
  words[1] = ("%d layers in %d groups"):format(shared, sets)
  for _, layer in ipairs(r.plan.layers) do
    local reason = layer.type and layer.type.rank and shared_inputs.obstacle(layer.type, r.cfg)
    if reason and not told[reason] then words[#words + 1], told[reason] = reason, true end
  end
  return table.concat(words, "; ")
end

local WIDEST = 64 -- columns behind the name of a row: with it a line fits 80

-- How far the layers' outputs are from those of the float ones: the range, the middle, the worst.
local function error_rows(r)
  local list = r:worst()
  local worst, middle = list[1], list[(#list + 1) // 2]
  if not worst then return {} end
  return {
    { "error", ("of outputs %.4f to %.4f, of half the layers to %.4f"):format(list[#list].output_error,
      worst.output_error, middle.output_error) },
    { "worst", text.elide(worst.name, WIDEST) },
  }
end

-- The rows of one model's box.
local function rows_of(r)
  local rows = {
    { "regions", table.concat(groups.regions(r.plan), ", ") },
    { "types", type_words(r.layers) },
    { "observed", ("%d of %d layers"):format(r.observed, #r.plan:calibrated() + #r.plan:few_shot()) },
    { "quantized", ("%d of %d asked for"):format(r.quantized, r.candidates) },
    { "skipped", ("%d of %d linear layers"):format(r.skipped, r.linear) },
  }
  for _, reason in ipairs(r.plan:reasons()) do
    rows[#rows + 1] = { "", ("%d %s"):format(reason.layers, reason.reason) }
  end
  local fallen = 0
  for _, layer in ipairs(r.plan.layers) do
    if layer.fallback then fallen = fallen + 1 end
  end
  if r.cfg.svdq.shared_inputs then rows[#rows + 1] = { "shared", shared_words(r) } end
  if fallen > 0 then rows[#rows + 1] = { "fallback", ("%d layers have %s"):format(fallen, r.cfg.fallback) } end
  return table.move(error_rows(r), 1, 2, #rows + 1, rows)
end

local function size_rows(r)
  return {
    { "on disk", ("%s, was %s (%.2fx), %.2f bits a weight"):format(text.bytes(r.file_bytes),
      text.bytes(r.source_bytes), r.source_bytes / r.file_bytes, r.bits_per_weight) },
    { "in memory", ("%s, at most %s more while it was made"):format(text.bytes(r.memory_bytes),
      text.bytes(math.max(0, r.peak_bytes - r.memory_bytes))) },
    { "time", ("%s, of it calibration %s"):format(text.seconds(r.seconds), text.seconds(r.calibration_seconds or 0)) },
  }
end

local function verbose_rows(r)
  local rows = {}
  for _, p in ipairs(r.plan.patterns) do
    rows[#rows + 1] = { p.where, ("%s: %d layers"):format(p.pattern, p.matched) }
  end
  for _, o in ipairs(r.plan.overlaps) do
    rows[#rows + 1] = { o.loser, ("gives way to %s on %d layers, first %s"):format(o.winner, o.layers, o.example) }
  end
  local usual, chosen = config_fields.defaults().svdq, {}
  for key, value in pairs(r.cfg:plain().svdq or {}) do
    if value ~= usual[key] then chosen[#chosen + 1] = ("%s = %s"):format(key, value) end
  end
  table.sort(chosen)
  if #chosen > 0 then rows[#rows + 1] = { "svdq", table.concat(chosen, ", ") } end
  if r.saved_to then rows[#rows + 1] = { "saved to", r.saved_to } end
  return rows
end

-- Rows between two dashed lines as long as the longest.
local function boxed(boxes)
  local all = {}
  for _, rows in ipairs(boxes) do
    for _, row in ipairs(rows) do
      local name = row[1]
      for line in text.wrap(row[2], WIDEST):gmatch "[^\n]+" do all[#all + 1], name = { name, line }, "" end
    end
  end
  local ascii = not require("vise.terminal").of("stdout").unicode
  local body, longest = text.columns(all, nil, nil, ascii), 0
  for line in body:gmatch "[^\n]+" do longest = math.max(longest, utf8.len(line) or #line) end
  local rule = ("-"):rep(longest) .. "\n"
  return rule .. body .. rule
end

--- The summary of a report.
---@param report vise.QuantizeReport
---@return string
function M.text(report)
  local boxes, names = {}, {}
  for name in pairs(report.components or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    boxes[#boxes + 1] = { { "component", name } }
    boxes[#boxes + 1] = rows_of(report.components[name])
    if report.verbose then boxes[#boxes + 1] = verbose_rows(report.components[name]) end
  end
  if not report.components then
    boxes[#boxes + 1] = rows_of(report)
    if report.verbose then boxes[#boxes + 1] = verbose_rows(report) end
  end
  boxes[#boxes + 1] = size_rows(report)
  return boxed(boxes) .. (report.verbose and "\n" .. require("vise.plot.layers").summary(report) or "")
end

return M
