-- What a dry run says against what happens: size, peak memory, time.
--
--   vise bench/dry_run.lua [MODEL...]    dit, llama, wide; all if none is named
--
-- The goals: the size exact, the peak within 15 %, the time within 30 %, after at most 2 s of trying.
-- On a machine that does nothing else.

local core = require "vise.core"
local text = require "vise.text"
local vise = require "vise"

local PEAK_GOAL, TIME_GOAL, TRY_GOAL = 0.15, 0.30, 2

local folder = os.tmpname()
os.remove(folder)
assert(core.disk.mkdir(folder))

-- A file of bare weights as wide as those of a model of seven billion parameters.
local function wide()
  local path, random, entries = folder .. "/wide.safetensors", core.random(1), {}
  for i, shape in ipairs { { 4096, 4096 }, { 4096, 4096 }, { 11008, 4096 }, { 4096, 11008 } } do
    local f32 <close> = assert(random:normal(shape))
    f32:mul(0.02, f32)
    entries[i] = { ("part%d.weight"):format(i), f32:to "bf16" }
  end
  assert(core.safetensors_write(path, entries))
end

local function images(model)
  return vise.workload.of(model, { steps = 4, calibration = 4, images = 1 })
end

local function texts(model)
  return vise.workload.of(model, { calibration = 4, length = 64 })
end

local models = {
  dit = { path = "recipes/quickstart/models/dit-fashion-mnist", options = { variant = "fp16" }, work = images,
    types = { "int8_per_row", "float8_per_row", "int4_weight_only", "nvfp4", "svdq_int4_r32_dq",
      "svdq_int4_r32", "svdq_int4_r32 shared", "svdq_int4_r32 refine" } },
  llama = { path = "recipes/quickstart/models/stories260K", work = texts,
    types = { "int8_per_row", "float8_per_row", "int4_weight_only", "svdq_int4_r8_dq", "svdq_int4_r8" } },
  wide = { path = folder .. "/wide.safetensors",
    types = { "int8_per_row", "float8_per_row", "float8_per_block", "int4_weight_only", "w4a8", "nvfp4",
      "svdq_int4_r32_dq" } },
}

local function config_of(name, model, work)
  local type, more = name:match "^(%S+) ?(.*)$"
  local cfg = { quant_type = type, regions = work and "blocks" or "all", svdq = type:find "^svdq" and {} or nil }
  if more == "shared" then cfg.svdq.shared_inputs = true end
  if more == "refine" then cfg.svdq.refine_iters, cfg.svdq.early_stop = 5, true end
  local smoothed = type:find "^svdq" and not type:find "_dq$"
  if smoothed then cfg.calibrate = work:calibration() end
  return cfg, model
end

local function one(spec, name)
  local model = assert(vise.open(spec.path, spec.options))
  local work = spec.work and spec.work(model)
  if work then assert(work:reference(model)) end -- as a recipe does: texts are written here
  local cfg = config_of(name, model, work)
  local plan = assert(vise.plan(model, cfg))
  local started = core.clock()
  local estimate = plan:estimate()
  local trying = core.clock() - started
  -- Another process would map the weights anew.
  model:close()
  model = assert(vise.open(spec.path, spec.options))
  collectgarbage()
  collectgarbage()
  local report = assert(vise.quantize(model, cfg))
  assert(vise.save(model, folder .. "/out"))
  local type = cfg.quant_type
  local size = core.disk.size(("%s/out/%s.safetensors"):format(folder, type))
  core.disk.remove_tree(folder .. "/out")
  return { size = size == plan.file_bytes, peak = estimate.peak_bytes / report.peak_bytes,
    peak_bytes = report.peak_bytes,
    predicted = estimate.seconds, seconds = report.seconds, time = estimate.seconds / report.seconds, trying = trying }
end

local wanted = #arg > 0 and arg or { "dit", "llama", "wide" }
wide()
os.execute "sync" -- the first reader is not to wait for the writer
local rows, missed = { { "model", "type", "size", "peak", "ratio", "time", "predicted", "ratio", "tried" } }, 0
for _, name in ipairs(wanted) do
  for _, type in ipairs(models[name].types) do
    local r = one(models[name], type)
    local within = r.size and math.abs(r.peak - 1) <= PEAK_GOAL and math.abs(r.time - 1) <= TIME_GOAL
      and r.trying <= TRY_GOAL
    if not within then missed = missed + 1 end
    rows[#rows + 1] = { name, type, r.size and "exact" or "WRONG", text.bytes(r.peak_bytes), ("%.2f"):format(r.peak),
      text.seconds(r.seconds), text.seconds(r.predicted), ("%.2f"):format(r.time),
      text.seconds(r.trying) .. (within and "" or " !") }
  end
end
io.write(text.columns(rows), ("%d of %d outside the goals: peak within 15 %%, time within 30 %%, trying 2 s\n"):format(
  missed, #rows - 1))
core.disk.remove_tree(folder)
