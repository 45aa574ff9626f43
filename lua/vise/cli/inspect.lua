--- vise inspect: what is in a file or a folder.

local text = require "vise.text"

local BINS, BAR = 32, 50

local function shape_text(shape)
  if #shape == 0 then return "scalar" end
  return table.concat(shape, "x")
end

-- JSON has no word for what is not finite.
local function finite(v)
  return v == v and v ~= math.huge and v ~= -math.huge and v or require("vise.core").null
end

-- Statistics of one tensor; nil for types that this program does not compute with.
local function statistics(checkpoint, info)
  local t <close> = checkpoint:tensor(info.name)
  if t:dtype() ~= info.dtype then return nil end
  return t:statistics()
end

-- Everything about the tensors, in the order of the files.
local function survey(checkpoint, with_statistics)
  local core, fail = require "vise.core", require "vise.fail"
  local list, bytes = core.array {}, 0
  local names = checkpoint:names()
  local bar <close> = require("vise.progress").new("read", #names, "tensors")
  for i, name in ipairs(names) do
    local found = checkpoint:info(name)
    local info = { name = name, dtype = found.dtype, shape = core.array(found.shape), bytes = found.bytes }
    if with_statistics then
      local s, message, id = statistics(checkpoint, info)
      if not s and message then return fail.fail(id, "tensor %s: %s", name, message) end
      info.statistics = s
    end
    list[i], bytes = info, bytes + info.bytes
    bar:step()
  end
  return list, bytes
end

local function count_types(list)
  local counts, names = {}, {}
  for _, info in ipairs(list) do
    if not counts[info.dtype] then names[#names + 1] = info.dtype end
    counts[info.dtype] = (counts[info.dtype] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = ("%d %s"):format(counts[name], name) end
  return table.concat(names, ", ")
end

local function print_tensors(list, with_statistics)
  local rows = { { "tensor", "dtype", "shape", "bytes" } }
  if with_statistics then
    rows[1] = { "tensor", "dtype", "shape", "bytes", "min", "mean", "max", "std", "zeros", "not finite" }
  end
  for _, info in ipairs(list) do
    local row, s = { info.name, info.dtype, shape_text(info.shape), info.bytes }, info.statistics
    if s then
      for _, name in ipairs { "min", "mean", "max", "std" } do row[#row + 1] = ("%11.4g"):format(s[name]) end
      row[#row + 1] = s.zeros
      row[#row + 1] = s.nans + s.infinities
    end
    rows[#rows + 1] = row
  end
  io.stdout:write(text.columns(rows))
end

local function read_manifest(folder)
  local core = require "vise.core"
  local f = io.open(folder .. "/quant_config.json", "rb")
  if not f then return nil end
  local bytes = f:read "a"
  f:close()
  return core.json_decode(bytes, folder .. "/quant_config.json")
end

-- The lines that a manifest is worth.
local function print_manifest(manifest)
  if manifest.format ~= "vise_artefact" then
    io.stdout:write(text.columns({
      { "artefact", tostring(manifest.quant_type) },
      { "layout", tostring(manifest.format) },
    }), "\n")
    return
  end
  local layers = type(manifest.layers) == "table" and #manifest.layers or 0
  local base = type(manifest.base) == "table" and manifest.base or {}
  io.stdout:write(text.columns({
    { "artefact", tostring(manifest.quant_type) },
    { "layers", ("%d quantized"):format(layers) },
    { "base", ("%s %s"):format(tostring(base.family), tostring(base.identity)) },
    { "written by", "vise " .. tostring(manifest.vise) },
  }), "\n")
end

-- The histogram of one tensor over its range.
local function histogram(checkpoint, name)
  local fail, suggest = require "vise.fail", require "vise.suggest"
  if not checkpoint:has(name) then
    return fail.fail("E-US-11", "no tensor '%s'%s", name, suggest.hint(name, checkpoint:names()))
  end
  local t <close> = checkpoint:tensor(name)
  local s, message, id = t:statistics()
  if not s then return nil, message, id end
  local lo, hi = s.min, s.max
  if lo == hi then lo, hi = lo - 0.5, lo + 0.5 end
  local counts
  counts, message, id = t:histogram(lo, hi, BINS)
  if not counts then return nil, message, id end
  return { name = name, dtype = t:dtype(), lo = finite(lo), hi = finite(hi), counts = counts, statistics = s }
end

local function print_histogram(h)
  local s, most = h.statistics, 1
  for _, n in ipairs(h.counts) do most = math.max(most, n) end
  io.stdout:write(("%s %s: min %.6g  mean %.6g  max %.6g  std %.6g  zeros %d  not finite %d\n"):format(
    text.escape(h.name), h.dtype, s.min, s.mean, s.max, s.std, s.zeros, s.nans + s.infinities))
  local rows, width = {}, (h.hi - h.lo) / BINS
  for i, n in ipairs(h.counts) do
    rows[i] = { ("%11.4g"):format(h.lo + (i - 1) * width), n, ("#"):rep((n * BAR + most - 1) // most) }
  end
  io.stdout:write(text.columns(rows, "  "))
end

local function print_survey(ctx, list, bytes)
  print_tensors(list, ctx.options.stats)
  io.stdout:write(("%d tensors (%s), %s\n"):format(#list, count_types(list), text.bytes(bytes)))
end

local function inspect(ctx, checkpoint, manifest)
  local core = require "vise.core"
  if ctx.options.histogram then
    local h, message, id = histogram(checkpoint, ctx.options.histogram)
    if not h then return nil, message, id end
    if ctx.options.json then
      h.counts = core.array(h.counts)
      io.stdout:write(core.json_encode(h, 2), "\n")
    else
      print_histogram(h)
    end
    return 0
  end
  local list, bytes, id = survey(checkpoint, ctx.options.stats)
  if not list then return nil, bytes, id end
  if ctx.options.json then
    for _, info in ipairs(list) do
      for name, v in pairs(info.statistics or {}) do info.statistics[name] = finite(v) end
    end
    io.stdout:write(core.json_encode({ schema = 1, path = ctx.args.path, tensors = list, bytes = bytes,
      manifest = manifest }, 2), "\n")
    return 0
  end
  if manifest then print_manifest(manifest) end
  print_survey(ctx, list, bytes)
  return 0
end

return {
  name = "inspect",
  summary = "tensors, types, sizes and statistics of a file or folder",
  text = "A .safetensors file, a model folder or an artefact folder. Tensors come in the order of the files; "
    .. "nothing is read but the headers, unless statistics or a histogram are asked for. Statistics are those "
    .. "of the finite elements.",
  arguments = {
    { name = "path", type = "path", glob = "*.safetensors",
      help = "a .safetensors file, a model folder or an artefact" },
  },
  options = {
    { name = "stats", short = "s", type = "flag", help = "min, mean, max, std, zeros, elements not finite" },
    { name = "histogram", short = "H", type = "string", value = "NAME", complete = "tensors",
      help = "the histogram of one tensor" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of a model folder, such as fp16" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise inspect model.safetensors --stats", "every tensor with its statistics" },
    { "vise inspect out/dit-int8", "an artefact: its manifest in short, and its tensors" },
    { "vise inspect model.safetensors --histogram lm_head.weight", "how the values of a tensor lie" },
  },
  run = function(ctx)
    local path = ctx.args.path:gsub("(.)/+$", "%1")
    local manifest, message, id = read_manifest(path)
    if not manifest and message then return nil, message, id end
    local file = manifest and type(manifest.checkpoint) == "table" and manifest.checkpoint.file
    if type(file) == "string" and not file:find("/", 1, true) then path = path .. "/" .. file end
    local checkpoint
    checkpoint, message, id = require("vise.checkpoint").open(path, { variant = ctx.options.variant })
    if not checkpoint then return nil, message, id end
    for _, note in ipairs(checkpoint.notes) do io.stderr:write("note: ", text.escape_lines(note), "\n") end
    local status
    status, message, id = inspect(ctx, checkpoint, manifest)
    checkpoint:close()
    return status, message, id
  end,
}
