--- vise eval of a model of images: the flow loss on images, and what it draws against the float model.

local core = require "vise.core"
local eval = require "vise.eval"
local fail = require "vise.fail"
local open = require "vise.cli.eval.open"
local progress = require "vise.progress"

local try = fail.try

local M = {}

local LEAST = 11 -- the side of SSIM's window

local function flow(ctx, model, label)
  local data = require "vise.data"
  local images <close> = try(data.images(ctx.options.data[1]))
  local labels <close> = try(data.labels(ctx.options.labels))
  local first, last = ctx.options.from or 1, math.min(ctx.options.to or #images, #images)
  if first > last or #labels ~= #images then
    try(nil, ("--from %d, --to %d: %d images, %d labels"):format(first, last, #images, #labels), "E-US-04")
  end
  local some <close> = try(images:rows(first, last))
  local theirs <close> = try(labels:rows(first, last))
  local bar <close> = progress.new(label, #some, "images")
  local loss, stderr = try(require("vise.samplers").flow_loss(model, some, theirs, { seed = ctx.options.seed,
    on_batch = function(count) bar:step(count) end }))
  return { loss = loss, stderr = stderr, images = last - first + 1, seed = ctx.options.seed or 0 }
end

-- Of what is drawn from the same noise.
local function compare(work)
  local _, _, height, width = work.drawn:shape()
  return { images = #work.drawn, seed = work.options.seed + 1, steps = work.options.steps,
    guidance = work.options.guidance, psnr = try(eval.psnr(work.drawn, work.float)),
    ssim = math.min(height, width) >= LEAST and try(eval.ssim(work.drawn, work.float)) or nil }
end

local function write_picture(path, work)
  local picture = require "vise.picture"
  local pixels <close> = picture.grid({ work.float, work.drawn }, { columns = math.min(10, #work.float) })
  try(picture.write(path, pixels))
end

--- Measures.
---@param ctx vise.cli.Context
---@param model vise.Model  Float.
---@return table result
function M.measure(ctx, model)
  local o, result = ctx.options, { model = ctx.args.model, artefact = ctx.options.artefact, base = ctx.options.base }
  local float <close> = o.base and open.base(ctx) or nil
  local work = o.samples and try(require("vise.workload").of(model, { images = o.samples, seed = o.seed }))
  local compared = o.artefact or o.base
  if work and compared then try(work:reference(float or model)) end
  if o.labels and compared then result.flow_base = flow(ctx, float or model, "base") end
  if o.artefact then try(require("vise.load").load(model, o.artefact)) end
  if o.labels then result.flow = flow(ctx, model, "eval") end
  if work and compared then
    try(work:quality(model))
    result.drawn = compare(work)
    if o.picture then write_picture(o.picture, work) end
  end
  if o.layers then
    result.layers = core.array(try(eval.layers(model, { run = function(m) return work:reference(m) end })))
  end
  result.task = "images"
  return result
end

--- Whether a model is one of images.
---@param model vise.Model
---@return boolean
function M.is(model)
  return model.null_class ~= nil
end

return M
