--- The models of bench/quality/table.lua: how each is opened, calibrated and measured.

local vise = require "vise"

local M = {}

local STORIES = "recipes/quickstart/models/stories260K"
local CHEM = "tests/data/chemts-gpt2-0.5m"

-- A language model: perplexity, and the divergence from the float model on all ids.
local function language(folder, calibrate_on, evaluate_on, context)
  local tokenizer = assert(vise.tokenizers.open(folder))
  local float, base = assert(vise.open(folder)), os.tmpname()
  local words = float.settings.vocab_size
  local options = { tokenizer = tokenizer, out = base, top = words }
  assert(vise.eval.base(float, evaluate_on, options))
  local ids = {}
  for i, text in ipairs(calibrate_on) do
    local list = type(text) == "table" and text or assert(tokenizer:encode(text))
    ids[i] = table.move(list, 1, math.min(#list, context), 1, {})
  end
  local perplexity = assert(vise.eval.perplexity(float, evaluate_on, { tokenizer = tokenizer })).perplexity
  float:close()
  return {
    open = function() return assert(vise.open(folder)) end,
    calibrate = function(model)
      for _, list in ipairs(ids) do assert(model:forward(list)):close() end
    end,
    columns = { { name = "perplexity", title = "perplexity", format = "%.4f" },
      { name = "kld", title = "KLD", format = "%.5f" }, { name = "same_top", title = "same %", format = "%.2f" } },
    measure = function(model)
      local r = assert(vise.eval.divergence(model, base))
      return { perplexity = r.measured.perplexity, kld = r.kld, same_top = r.same_top }
    end,
    about = ("float has %.4f"):format(perplexity),
  }
end

function M.stories()
  local case = language(STORIES, assert(vise.data.stories "tests/data/tinystories/stories-1-128.txt"),
    assert(vise.data.stories "tests/data/tinystories/stories-1500-1539.txt"), 512)
  case.targets = { { title = "stories260K at 4 bits", bits = 4 }, { title = "stories260K at 3 bits", bits = 3 } }
  case.group, case.forwards = 32, 8
  return case
end

function M.chem()
  local tokenizer = assert(vise.tokenizers.open(CHEM))
  local function lines(name)
    return (assert(vise.data.texts("tests/data/guacamol/" .. name, { format = "lines", tokenizer = tokenizer,
      most = 70 })))
  end
  local case = language(CHEM, lines "lines-0-999.smiles", lines "lines-1000-1299.smiles", 72)
  case.targets = { { title = "chemistry GPT-2 at 3 bits", bits = 3 }, { title = "chemistry GPT-2 at 2 "
    .. "bits", bits = 2 } }
  case.group, case.forwards = 32, 64
  return case
end

function M.dit()
  local images = require "images"
  return {
    open = images.open, calibrate = images.calibrate,
    columns = { { name = "psnr", title = "PSNR", format = "%.2f" },
      { name = "direct", title = "direct", format = "%.2f" } },
    measure = function(model) return { psnr = images.psnr(model), direct = images.direct(model) } end,
    targets = { { title = "DiT at W4A4, rank 0", rank = 0 }, { title = "DiT at W4A4, rank 32", rank = 32 } },
    about = "40 images, 20 steps",
  }
end

return M
