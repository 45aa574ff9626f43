--- The demonstration: a small model quantized to a few types, with what it draws before and after, and a
--- report of it all.
---
--- The model is the diffusion transformer that comes with the recipes; where they are not installed, one
--- of random numbers.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"
local paths = require "vise.paths"

local M = {}

local try = fail.try

--- What is tried: small enough for a few seconds, far enough apart to see the difference.
M.TYPES = { "int8_per_row", "int4_weight_only_g32", "svdq_int4_r0_dq" }
M.KEPT = "int8_per_row" -- the type of the artefact that is left behind

local MODEL, VARIANT = "recipes/quickstart/models/dit-fashion-mnist", "fp16"
local WORK = { steps = 8, images = 10, calibration = 1 }
local HISTOGRAMS = 8

---@class vise.Demo
---@field model string             Path of the model.
---@field variant? string
---@field layers integer           Linear layers it has.
---@field bytes integer            Of its weights.
---@field rows table[]             { type, layers, bits, bytes, ratio, psnr, seconds } of each type.
---@field images { name: string, tensor: vise.Tensor }[]  What each drew, float first; none of random numbers.
---@field worst vise.QuantizeReport Of the type that lost most.
---@field document table           For vise.html.
---@field artefact { file: string, bytes: integer }

-- The model's place: what came with the program, or a random one in the output folder.
local function model_in(out)
  local share = paths.share()
  local path = share and ("%s/%s"):format(share, MODEL)
  if path and core.disk.exists(path) then return path, VARIANT end
  path = out .. "/model"
  if core.disk.exists(path) then try(core.disk.remove_tree(path)) end
  return require("vise.bench.generate").dit(path, { width = 128, layers = 2, tokens = 64 })
end

local function float_bytes(model)
  local bytes = 0
  for _, name in ipairs(model.checkpoint:names()) do
    bytes = bytes + try(model.checkpoint:tensor(name)):bytes()
  end
  return bytes
end

-- What a type makes of the model, which is float again afterwards.
local function try_type(demo, model, work, name, out)
  local start = core.clock()
  local report = try(require("vise.quantize").quantize(model, { quant_type = name }))
  local seconds = core.clock() - start
  local drawn = try(work:answer(model))
  local psnr = try(require("vise.eval").psnr(drawn, work.float))
  if name == M.KEPT then demo.artefact = try(require("vise.artefact").save(model, out .. "/artefact")) end
  local histograms = require("vise.html.histograms").of(model, report, { layers = HISTOGRAMS })
  require("vise.restore").restore(model)
  demo.rows[#demo.rows + 1] = { type = name, layers = report.quantized, bits = report.bits_per_weight,
    bytes = report.file_bytes, ratio = report.source_bytes / report.file_bytes, psnr = psnr,
    seconds = seconds }
  demo.images[#demo.images + 1] = { name = name, tensor = drawn }
  if not demo.worst or psnr < demo.least then demo.worst, demo.least = report, psnr end
  return { label = name, report = report:plain(), histograms = histograms }
end

-- The document of the report.
local function document_of(demo, quantized, seconds)
  local metrics, images = {}, {}
  for i, row in ipairs(demo.rows) do
    metrics[i] = { name = "PSNR of " .. row.type, value = row.psnr, unit = "dB", better = "higher" }
  end
  for i, entry in ipairs(demo.drawable and demo.images or {}) do
    local pixels <close> = require("vise.picture").grid({ entry.tensor }, { columns = WORK.images })
    images[i] = { name = entry.name, png = try(core.png(pixels)) }
  end
  local backend, blas = core.backend()
  return { schema = 1, kind = "demo", title = "vise demo: a small diffusion transformer, quantized",
    run = { recipe = "demo", seconds = seconds, command = "vise demo", version = require "vise.version" },
    quantized = quantized, metrics = metrics, images = images,
    environment = { { key = "vise", value = require "vise.version" },
      { key = "backend", value = backend .. (blas and ", " .. blas or "") },
      { key = "threads", value = core.threads() }, { key = "model", value = demo.model:match "[^/]*$" } } }
end

local function run(out)
  local start = core.clock()
  try(folders.make_parents(out .. "/x"))
  local demo = { rows = {}, images = {} }
  demo.model, demo.variant = model_in(out)
  local model <close> = try(require("vise.models").open(demo.model, { variant = demo.variant }))
  demo.layers, demo.bytes = #model:layers(), float_bytes(model)
  demo.drawable = model.settings.in_channels == 1
  local work = try(require("vise.workload").of(model, WORK))
  local bar <close> = require("vise.progress").new("demo", #M.TYPES + 1, "models")
  try(work:reference(model))
  demo.images[1] = { name = "float", tensor = work.float }
  bar:step(1)
  local quantized = {}
  for i, name in ipairs(M.TYPES) do
    quantized[i] = try_type(demo, model, work, name, out)
    bar:step(1)
  end
  demo.document = document_of(demo, quantized, core.clock() - start)
  demo.report = out .. "/report.html"
  try(require("vise.html").write(demo.report, demo.document))
  return demo
end

--- Runs the demonstration.
---@param out string  The folder for what it makes.
---@return vise.Demo?
---@return string? message
---@return string? id
function M.run(out)
  return fail.catch(run, out)
end

return M
