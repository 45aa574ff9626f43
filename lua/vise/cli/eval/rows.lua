--- What vise eval shows: the metrics of a result in lm-eval's columns, layers and samples.

local text = require "vise.text"

local M = {}

---@class vise.eval.Row
---@field metric string
---@field better "higher"|"lower"
---@field value number
---@field stderr? number

local function add(rows, metric, better, value, stderr)
  if value ~= nil then rows[#rows + 1] = { metric = metric, better = better, value = value, stderr = stderr } end
end

local function add_prediction(rows, m, suffix)
  for _, name in ipairs { "word_perplexity", "byte_perplexity", "bits_per_byte" } do
    add(rows, name .. suffix, "lower", m[name], m[name .. "_stderr"])
  end
  add(rows, "perplexity" .. suffix, "lower", m.perplexity, m.perplexity_stderr)
  add(rows, "loss" .. suffix, "lower", m.loss, m.loss_stderr)
end

local function add_divergence(rows, d)
  add(rows, "kld", "lower", d.kld, d.kld_stderr)
  if not d.exact then add(rows, "kld_at_most", "lower", d.kld_at_most) end
  for _, name in ipairs { "max", "99.9", "99", "95", "90", "median", "10", "5", "1" } do
    add(rows, "kld_" .. name, "lower", d.quantiles[name])
  end
  add(rows, "same_top_percent", "higher", d.same_top, d.same_top_stderr)
  add(rows, "delta_p_mean_percent", "higher", d.delta_p.mean, d.delta_p.stderr)
  add(rows, "delta_p_rms_percent", "lower", d.delta_p.rms, d.delta_p.rms_stderr)
  add(rows, "perplexity_ratio", "lower", d.ratio.perplexity, d.ratio.stderr)
  add(rows, "log_perplexity_ratio", "lower", d.ratio.log, d.ratio.log_stderr)
  add(rows, "perplexity_difference", "lower", d.difference.perplexity, d.difference.stderr)
  add(rows, "correlation_percent", "higher", 100 * d.ratio.correlation)
end

--- The metrics of a result.
---@param result table
---@return vise.eval.Row[]
function M.of(result)
  local rows = {}
  if result.measured then add_prediction(rows, result.measured, "") end
  if result.base and type(result.base) == "table" then add_prediction(rows, result.base, "_base") end
  if result.divergence then add_divergence(rows, result.divergence) end
  if result.flow then add(rows, "flow_loss", "lower", result.flow.loss, result.flow.stderr) end
  if result.flow_base then add(rows, "flow_loss_base", "lower", result.flow_base.loss, result.flow_base.stderr) end
  if result.drawn then
    add(rows, "psnr_db", "higher", result.drawn.psnr)
    add(rows, "ssim", "higher", result.drawn.ssim)
  end
  return rows
end

local function number(v)
  return v == nil and "N/A" or ("%.4f"):format(v)
end

-- What was written, each text in a frame.
local function samples_of(result, frame)
  local parts = {}
  for i, sample in ipairs(result.samples or {}) do
    parts[i] = ("\nsample %d, seed %d (%s):\n"):format(i, sample.seed, sample.reason)
      .. frame:format(text.escape_lines(sample.text))
  end
  return table.concat(parts)
end

--- The metrics as a table of Markdown, in lm-eval's columns.
---@param result table
---@return string
function M.markdown(result)
  local lines = { "|Tasks|Version|Filter|n-shot|Metric|   |Value|   |Stderr|",
    "|-----|------:|------|-----:|------|---|----:|---|-----:|" }
  for _, row in ipairs(M.of(result)) do
    lines[#lines + 1] = ("|%s|%6d|none|%5d|%s|%s|%s|±|%s|"):format(text.escape(result.task):gsub("|", "\\|"), 1, 0,
      row.metric, row.better == "higher" and "↑" or "↓", number(row.value), number(row.stderr))
  end
  if result.layers then
    lines[#lines + 1] = "\n|Layer|Type|Weight SQNR dB|Output SQNR dB|\n|-----|----|-------------:|-------------:|"
    for _, layer in ipairs(result.layers) do
      lines[#lines + 1] = ("|%s|%s|%.2f|%s|"):format(text.escape(layer.name), layer.type, layer.weight_sqnr,
        layer.output_sqnr and ("%.2f"):format(layer.output_sqnr) or "N/A")
    end
  end
  return table.concat(lines, "\n") .. "\n" .. samples_of(result, "\n```\n%s\n```\n")
end

--- The metrics as a table for a terminal.
---@param result table
---@return string
function M.text(result)
  local rows = { { "metric", "value", "stderr" } }
  for _, row in ipairs(M.of(result)) do
    rows[#rows + 1] = { row.metric, ("%10.6f"):format(row.value), row.stderr and ("%9.6f"):format(row.stderr) or "-" }
  end
  local parts = { result.task and text.escape(result.task) .. "\n" or "", text.table(rows) }
  if result.layers then
    local list = { { "layer", "type", "weight SQNR dB", "output SQNR dB" } }
    for _, layer in ipairs(result.layers) do
      list[#list + 1] = { text.escape(layer.name), layer.type, ("%.2f"):format(layer.weight_sqnr),
        layer.output_sqnr and ("%.2f"):format(layer.output_sqnr) or "-" }
    end
    parts[#parts + 1] = text.table(list)
  end
  return table.concat(parts) .. samples_of(result, "\n%s\n")
end

return M
