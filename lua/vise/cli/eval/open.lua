--- What vise eval measures: the model, and the texts of its data.

local fail = require "vise.fail"
local text = require "vise.text"

local try = fail.try

local M = {}

-- Says on stderr what is odd about a model.
local function open(path, variant)
  local model = try(require("vise.models").open(path, { variant = variant }))
  for _, note in ipairs(model.notes) do io.stderr:write("note: ", text.escape_lines(note), "\n") end
  return model
end

--- The model of the command line, float.
---@param ctx vise.cli.Context
---@return vise.Model
function M.float(ctx)
  return open(ctx.args.model, ctx.options.variant)
end

--- The same with the artefact on it, if there is one.
---@param ctx vise.cli.Context
---@return vise.Model
function M.model(ctx)
  local model = M.float(ctx)
  if ctx.options.artefact then try(require("vise.load").load(model, ctx.options.artefact)) end
  return model
end

--- The model of --base.
---@param ctx vise.cli.Context
---@return vise.Model
function M.base(ctx)
  return open(ctx.options.base, ctx.options.variant)
end

--- The tokenizer given, or that of the model's folder.
---@param ctx vise.cli.Context
---@param model vise.Model
---@return vise.Tokenizer?  nil where the folder has none,
---@return string? message  and why.
---@return string? id
function M.tokenizer(ctx, model)
  local tokenizers = require "vise.tokenizers"
  if ctx.options.tokenizer then return try(tokenizers.open(ctx.options.tokenizer)) end
  return tokenizers.of(model)
end

--- The texts of the data files that --from and --to select.
---@param ctx vise.cli.Context  Its `tokenizer`, if any, says which lines count.
---@return (string|integer[])[]
function M.texts(ctx)
  local o = ctx.options
  local all = require("vise.data.texts").read_files(o.data, { format = o.format, most = o.most,
    tokenizer = ctx.tokenizer }, function(line) io.stderr:write("note: ", line, "\n") end)
  local first, last = ctx.options.from or 1, math.min(ctx.options.to or #all, #all)
  if first > last then
    try(nil, ("--from %d, --to %d: the data has %d texts"):format(first, ctx.options.to or #all, #all), "E-US-04")
  end
  return table.move(all, first, last, 1, {})
end

return M
