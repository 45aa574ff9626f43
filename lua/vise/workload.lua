--- Workloads: what a model usually does, to calibrate it on and to measure what quantizing cost.
---
---   diffusion transformers   draw images of every class from seeded noise; the measure is the PSNR of
---                            the images against those of the float model, in dB
---   other families           do what their description says; the measure is the signal-to-noise ratio of
---                            what they answer against the float model's answer, in dB
---   language models          predict texts that the float model has written itself, or texts that
---                            are given; the measure is the rise of the loss, in nats a token
---
---   local work = vise.workload.of(model, { steps = 20 })
---   work:reference(model)                                     -- while it is float
---   vise.quantize(model, { quant_type = "svdq_int4_r8", calibrate = work:calibration() })
---   print(work:quality(model).value)

local calibrations = require "vise.calibrations"
local core = require "vise.core"
local eval = require "vise.eval"
local fail = require "vise.fail"
local generate = require "vise.generate"
local protocols = require "vise.eval.protocols"
local samplers = require "vise.samplers"

local M = {}

local try = fail.try

---@class vise.WorkloadOptions
---@field seed? integer       Of all draws; 3 if not given.
---@field steps? integer      Images: Euler steps, 20.
---@field guidance? number    Images: 1.5.
---@field images? integer     Images: drawn to measure, 20.
---@field calibration? integer  Images drawn, or texts read, to calibrate: 10.
---@field texts? integer[][]|string[]  Language: texts; the first ones calibrate, the others measure.
---@field tokenizer? vise.Tokenizer    Of texts that are strings.
---@field length? integer     Language: ids of a text at most, 128; never more than the model's context.

local defaults = { seed = 3, steps = 20, guidance = 1.5, images = 20, calibration = 10, length = 128 }
local kinds = { texts = "table", tokenizer = "table" }

---@class vise.Workload
---@field family string
---@field metric "psnr"|"loss_increase"|"sqnr"
---@field options vise.WorkloadOptions
---@field float any          What the float model did: images, or a loss.
---@field drawn? vise.Tensor  Images: those of the last quality().
local Workload = {}
Workload.__index = Workload

-- Images: the classes 0, 1, ... over and over.
local function draw(self, model, count, seed)
  local s, o, labels = model.settings, self.options, {}
  for i = 1, count do labels[i] = (i - 1) % s.num_embeds_ada_norm end
  local noise <close> = try(core.random(seed):normal { count, s.in_channels, s.sample_size, s.sample_size })
  local classes <close> = try(core.tensor_of("i64", { count }, labels))
  return try(samplers.euler(model, { noise = noise, labels = classes, steps = o.steps, guidance = o.guidance }))
end

local images = { metric = "psnr" }

function images.calibrate(self, model)
  draw(self, model, self.options.calibration, self.options.seed):close()
end

-- Some steps of all images: what a forward holds is that of the whole.
function images.part(self, model, parts)
  local steps = self.options.steps
  self.options.steps = math.min(steps, parts)
  local ok, problem = pcall(images.calibrate, self, model)
  self.options.steps = steps
  if not ok then error(problem, 0) end
  return math.min(steps, parts) / steps
end

function images.reference(self, model)
  return draw(self, model, self.options.images, self.options.seed + 1)
end

function images.quality(self, model)
  if self.drawn then self.drawn:close() end
  self.drawn = draw(self, model, self.options.images, self.options.seed + 1)
  return try(eval.psnr(self.drawn, self.float))
end

-- Ids of a text at most.
local function most_ids(self, model)
  return math.min(self.options.length, model.settings.max_position_embeddings)
end

-- Texts as lists of ids: those given, or what the float model writes.  A single id predicts nothing.
local function texts_of(self, model)
  local o, list, most = self.options, {}, most_ids(self, model)
  for _, text in ipairs(o.texts or {}) do
    local ids = type(text) == "string" and try(o.tokenizer:encode(text)) or text
    if #ids > 1 then list[#list + 1] = table.move(ids, 1, math.min(#ids, most), 1, {}) end
  end
  for i = #list + 1, o.texts and 0 or 2 * o.calibration do
    list[i] = try(generate.generate(model, { prompt = { model.settings.bos_token_id or 1 }, temperature = 1,
      max_new = most - 1, seed = o.seed + i }))
  end
  if #list < 2 then
    local given = o.texts and ("; of %d given, %d have two tokens or more"):format(#o.texts, #list) or ""
    fail.try(nil, "a workload needs two texts at least, to calibrate on and to measure" .. given, "E-DT-02")
  end
  return list
end

local function prepare(self, model)
  if self.held then return end
  local all = texts_of(self, model)
  local first = math.min(self.options.calibration, #all - 1)
  self.seen = table.move(all, 1, first, 1, {})
  self.held = table.move(all, first + 1, #all, 1, {})
end

local language = { metric = "loss_increase" }

local function read(model, ids)
  local x <close> = try(core.tensor_of("i64", { 1, #ids }, ids))
  try(model:forward(x)):close()
end

function language.calibrate(self, model)
  prepare(self, model)
  for _, ids in ipairs(self.seen) do read(model, ids) end
end

-- Some texts; where the model still has to write them, as many ids.
function language.part(self, model, parts)
  local o, list, all, some = self.options, {}, 0, 0
  if o.texts then prepare(self, model) end
  for i = 1, self.seen and #self.seen or o.calibration do
    local ids = self.seen and self.seen[i] or {}
    for k = 1, self.seen and 0 or most_ids(self, model) do ids[k] = model.settings.bos_token_id or 1 end
    list[i], all = ids, all + #ids
  end
  table.sort(list, function(a, b) return #a > #b end)
  for i = 1, math.min(parts, #list) do
    read(model, list[i])
    some = some + #list[i]
  end
  return some / all
end

function language.reference(self, model)
  prepare(self, model)
  return try(eval.perplexity(model, self.held)).loss
end

function language.quality(self, model)
  return try(eval.perplexity(model, self.held)).loss - self.float
end

local families = { dit = images }

-- What the description of a family says, if anything.
local function described(workload)
  if not workload then return nil end
  if workload == "language" then return language end
  return {
    metric = "sqnr",
    calibrate = function(self, model) workload.calibrate(model, self.options) end,
    reference = function(self, model) return try(workload.answer(model, self.options)) end,
    quality = function(self, model)
      local answer <close> = try(workload.answer(model, self.options))
      return try(eval.compare(answer, self.float)).sqnr
    end,
  }
end

--- Runs the calibration.
---@param model vise.Model
---@return true?
---@return string? message
---@return string? id
function Workload:calibrate(model)
  return fail.catch(function()
    self.kind.calibrate(self, model)
    return true
  end)
end

--- Runs a part of the calibration, and says which share of the work that was.
---@param model vise.Model
---@param parts integer  Steps of the images, or texts.
---@return number? share
---@return string? message
---@return string? id
function Workload:part(model, parts)
  return fail.catch(function()
    if self.kind.part then return self.kind.part(self, model, parts) end
    self.kind.calibrate(self, model)
    return 1
  end)
end

--- What texts calibration has read: how many ids, a hash of them and of their tokenizer.
---@return { tokens: integer, tokens_xxh3_128: string, tokenizer_xxh3_128?: string }?  nil: none.
function Workload:texts_read()
  if not self.seen then return nil end
  local windows, tokens, tokenizer = {}, 0, self.options.tokenizer
  for i, ids in ipairs(self.seen) do windows[i], tokens = { ids = ids, first = 1 }, tokens + #ids end
  return { tokens = tokens, tokens_xxh3_128 = protocols.hash(windows),
    tokenizer_xxh3_128 = tokenizer and tokenizer:hash() }
end

--- The calibration as a function, for `calibrate` of a config.
---@return fun(model: vise.Model)
function Workload:calibration()
  local function calibrate(model) return self:calibrate(model) end
  calibrations[calibrate] = self
  return calibrate
end

--- Remembers what the float model does.
---@param model vise.Model
---@return true?
---@return string? message
---@return string? id
function Workload:reference(model)
  return fail.catch(function()
    self.float = self.kind.reference(self, model)
    return true
  end)
end

--- What a model makes of what it is measured on: images, or the answer of a described family.
---@param model vise.Model
---@return vise.Tensor|number?  Of language models the loss.
---@return string? message
---@return string? id
function Workload:answer(model)
  return fail.catch(self.kind.reference, self, model)
end

--- How far a model is from the float one.
---@param model vise.Model
---@return { metric: "psnr"|"loss_increase"|"sqnr", value: number }?
---@return string? message
---@return string? id
function Workload:quality(model)
  if not self.float then fail.raise("E-DT-09", "quality: call reference(model) first, while the model is float") end
  return fail.catch(function()
    return { metric = self.metric, value = self.kind.quality(self, model) }
  end)
end

local function check(options)
  local checked = {}
  for key, value in pairs(options) do
    local kind = kinds[key] or defaults[key] and "number"
    if not kind then fail.raise("E-DT-09", "a workload has no option '%s'", tostring(key)) end
    local fits = type(value) == kind and (kind ~= "number" or key == "guidance" or math.tointeger(value)
      and value >= (key == "seed" and 0 or 1))
    if not fits then fail.raise("E-DT-09", "%s of a workload is %s", key, tostring(value)) end
    checked[key] = value
  end
  for key, value in pairs(defaults) do
    if checked[key] == nil then checked[key] = value end
  end
  return checked
end

--- Whether a model's family has a workload.
---@param model vise.Model
---@return boolean
function M.has(model)
  return families[model.family] ~= nil or model.workload ~= nil
end

--- The workload of a model's family.
---@param model vise.Model
---@param options? vise.WorkloadOptions
---@return vise.Workload?
---@return string? message  Bare weights have none.
---@return string? id
function M.of(model, options)
  local checked, kind = check(options or {}), families[model.family] or described(model.workload)
  if not kind then
    return fail.fail("E-DT-10", "a model of family %s has no workload%s", tostring(model.family),
      model.family == "weights" and ": it cannot run" or "")
  end
  return setmetatable({ family = model.family, metric = kind.metric, kind = kind, options = checked }, Workload)
end

return M
