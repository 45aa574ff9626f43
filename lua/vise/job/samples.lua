--- Texts that a language model of a job writes, for the report of the run: before it is quantized and
--- after, from the same seeds.

local fail = require "vise.fail"

local M = {}

local COUNT, LENGTH, SEED = 2, 64, 1

--- Adds what a model writes to the texts of a job, under a name, unless the job has texts of that name.
---@param job vise.Job
---@param name string
---@param model vise.Model
function M.add(job, name, model)
  for _, text in ipairs(job.texts) do
    if text.name == name then return end
  end
  local tokenizer = model.cache and require("vise.tokenizers").of(model)
  if not tokenizer then return end -- its ids alone would say nothing
  local parts = {}
  for i, sample in ipairs(fail.try(require("vise.eval").samples(model, { tokenizer = tokenizer, count = COUNT,
    max_new = LENGTH, seed = SEED }))) do
    parts[i] = ("seed %d: %s"):format(sample.seed, sample.text)
  end
  job:text(name, table.concat(parts, "\n\n"))
end

return M
