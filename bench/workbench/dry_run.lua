--- What a dry run says against what happens: size, peak memory, time.  The time is tried for at most 2 s.

local core = require "vise.core"
local vise = require "vise"

local PEAK_GOAL, TIME_GOAL, TRY_GOAL = 0.15, 0.30, 2

local folder

-- A file of bare weights as wide as those of a model of seven billion parameters.
local function wide()
  local path, random, entries = folder .. "/wide.safetensors", core.random(1), {}
  for i, shape in ipairs { { 4096, 4096 }, { 4096, 4096 }, { 11008, 4096 }, { 4096, 11008 } } do
    local f32 <close> = assert(random:normal(shape))
    f32:mul(0.02, f32)
    entries[i] = { ("part%d.weight"):format(i), f32:to "bf16" }
  end
  assert(core.safetensors_write(path, entries))
  return path
end

local function images(model)
  return vise.workload.of(model, { steps = 4, calibration = 4, images = 1 })
end

local function texts(model)
  return vise.workload.of(model, { calibration = 4, length = 64 })
end

local MODELS = { "dit", "llama", "wide" }

local models = {
  dit = { path = "recipes/quickstart/models/dit-fashion-mnist", options = { variant = "fp16" }, work = images,
    types = { "int8_per_row", "float8_per_row", "int4_weight_only", "nvfp4", "svdq_int4_r32_dq",
      "svdq_int4_r32", "svdq_int4_r32 shared", "svdq_int4_r32 refine" } },
  llama = { path = "recipes/quickstart/models/stories260K", work = texts,
    types = { "int8_per_row", "float8_per_row", "int4_weight_only", "svdq_int4_r8_dq", "svdq_int4_r8" } },
  wide = { types = { "int8_per_row", "float8_per_row", "float8_per_block", "int4_weight_only", "w4a8", "nvfp4",
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
    seconds = report.seconds, time = estimate.seconds / report.seconds, trying = trying }
end

-- The farthest that a ratio is from 1, and of what.
local function farthest(worst, ratio, label)
  if math.abs(ratio - 1) > math.abs(worst.ratio - 1) then worst.ratio, worst.label = ratio, label end
end

local function over_all()
  local all = { count = 0, exact = 0, within = 0, trying = 0, peak = { ratio = 1 }, time = { ratio = 1 },
    long = { ratio = 1 } }
  for _, name in ipairs(MODELS) do
    for _, type in ipairs(models[name].types) do
      local r, label = one(models[name], type), ("%s as %s"):format(name, type)
      all.count = all.count + 1
      if r.size then all.exact = all.exact + 1 end
      if math.abs(r.time - 1) <= TIME_GOAL then all.within = all.within + 1 end
      all.trying = math.max(all.trying, r.trying)
      farthest(all.peak, r.peak, label)
      farthest(all.time, r.time, label)
      if r.seconds >= 1 then farthest(all.long, r.time, label) end
      io.stderr:write(("  %s: peak %.2f, time %.2f of %.2f s\n"):format(label, r.peak, r.time, r.seconds))
    end
  end
  return all
end

return function(figures)
  folder = os.tmpname()
  os.remove(folder)
  assert(core.disk.mkdir(folder))
  models.wide.path = wide()
  os.execute "sync" -- the first reader is not to wait for the writer
  local all = over_all()
  core.disk.remove_tree(folder)
  local how = ("%d types on three models"):format(all.count)
  figures:all_of("E12", "dry runs whose size is exact", all.exact, all.count, how)
  local function worst(what, goal, found, more)
    figures:row("E12", what, ("within %.0f %%"):format(100 * goal), found.label and
      ("%+.0f %%, %s%s"):format(100 * (found.ratio - 1), found.label, more) or "exact",
      math.abs(found.ratio - 1) <= goal, how)
  end
  worst("the peak of memory, the worst of them", PEAK_GOAL, all.peak, "")
  worst("the time, the worst of them", TIME_GOAL, all.time, ("; %d of %d within"):format(all.within, all.count))
  worst("the same of those that take a second and more", TIME_GOAL, all.long, "")
  figures:at_most("E12", "trying for it, the longest", TRY_GOAL, "s", all.trying, how)
end
