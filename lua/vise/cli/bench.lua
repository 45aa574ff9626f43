--- vise bench: this machine's limits, and how near to them the kernels, quantizers and models come.

local WHAT = { "machine", "products", "quantizers", "operators", "models", "peers" }

-- What times layers of the size that is asked for.
local SIZED = { products = true, quantizers = true, operators = true, peers = true }

-- The products of a call that names nothing: less than half a minute.
local SHORT = { int8 = true, grouped = true, int8_per_row = true, svdq_int4_r32 = true, int4_weight_only = true }

local M = {
  name = "bench",
  summary = "time kernels, quantizers and models against this machine's limits",
  text = "Every side takes turns with the others and with loops that do nothing but reach the machine's limits; the "
    .. "best turn of each counts. Numbers are checked before they are timed. Up to 16 rows are timed warm (the "
    .. "weights stay in cache) and cold (they come from memory). GOP/s counts a multiply-accumulate as two. What "
    .. "others used of the CPUs meanwhile is printed: above 30 % of one CPU a table is not to be trusted.",
  arguments = {
    { name = "what", type = "choice", choices = WHAT, optional = true, repeatable = true,
      help = table.concat(WHAT, ", ") .. "; a short choice if none" },
  },
  options = {
    { name = "rows", short = "m", type = "integer", min = 1, max = 65536, repeatable = true, value = "N",
      help = "of the products; 1, 8, 512 if none" },
    { name = "inputs", short = "k", type = "integer", min = 8, max = 65536, default = 4096, value = "N",
      help = "of the layer, a multiple of 128" },
    { name = "outputs", short = "n", type = "integer", min = 1, max = 65536, default = 4096, value = "N",
      help = "of the layer" },
    { name = "group", short = "g", type = "integer", min = 8, max = 65536, repeatable = true, value = "N",
      help = "inputs a group of 4-bit weights; 64 if none" },
    { name = "kernel", type = "string", repeatable = true, value = "NAME",
      help = "a bare kernel, or the type of a layer; all if none" },
    { name = "threads", short = "t", type = "string", value = "LIST", help = "as in 1,2; 1 and all if none" },
    { name = "repeats", type = "integer", min = 1, max = 1000, default = 7, value = "N", help = "turns of each side" },
    { name = "cold", type = "integer", min = 0, max = 4096, default = 192, value = "MB",
      help = "that cold weights go through; 0: none" },
    { name = "model", type = "folder", repeatable = true, help = "generated ones if none" },
    { name = "variant", type = "string", value = "NAME", help = "of these model folders, such as fp16" },
    { name = "width", type = "integer", min = 64, max = 8192, default = 2048, value = "N",
      help = "of generated models" },
    { name = "json", type = "flag", help = "print one JSON object" },
    { name = "markdown", type = "flag", help = "print tables in markdown" },
  },
  examples = {
    { "vise bench", "this machine, and a layer of 4096 x 4096 at 1, 8 and 512 rows" },
    { "vise bench products -m 32 -g 32 -g 128 --threads 1", "one size, two groups" },
    { "vise bench quantizers operators --json", "for a program to read" },
    { "vise bench models --model models/dit", "a model of your own, float and quantized" },
    { "vise bench peers -m 512 --markdown", "other libraries where they are installed, beside ours" },
  },
}

-- "1,2" -> { 1, 2 }
local function read_threads(words)
  local core, fail = require "vise.core", require "vise.fail"
  if not words then
    local all = core.threads()
    return all > 1 and { 1, all } or { 1 }
  end
  local list = {}
  for word in (words .. ","):gmatch "([^,]*)," do
    local n = word:find "^%d+$" and math.tointeger(tonumber(word))
    if not n or n < 1 or n > 256 then
      return fail.fail("E-US-04", "--threads: '%s' is not a number from 1 to 256", word)
    end
    list[#list + 1] = n
  end
  return list
end

-- What the parser's ranges cannot say.
local function settle(o, what)
  local core, fail = require "vise.core", require "vise.fail"
  local threads, message, id = read_threads(o.threads)
  if not threads then return nil, message, id end
  if #o.group == 0 then o.group = { 64 } end
  if #o.rows == 0 then o.rows = { 1, 8, 512 } end
  for _, group in ipairs(o.group) do
    if group % 8 ~= 0 then return fail.fail("E-US-04", "--group: %d is not a multiple of 8", group) end
    if o.inputs % group ~= 0 then
      return fail.fail("E-US-04", "--inputs: %d is not a multiple of the group, %d", o.inputs, group)
    end
  end
  if o.json and o.markdown then return fail.fail("E-US-04", "--json and --markdown: give one of them") end
  if o.inputs % 128 ~= 0 then return fail.fail("E-US-04", "--inputs: %d is not a multiple of 128", o.inputs) end
  if o.width % 64 ~= 0 then return fail.fail("E-US-04", "--width: %d is not a multiple of 64", o.width) end
  local kernels, known = {}, require("vise.bench.products").names()
  for _, name in ipairs(o.kernel) do
    if not known[name] then
      return fail.fail("E-US-04", "--kernel: there is no '%s'%s", name, require("vise.suggest").hint(name, known))
    end
    kernels[name] = true
  end
  if #o.kernel == 0 and not what then kernels = SHORT end
  return { threads = threads, group = o.group, rows = o.rows, inputs = o.inputs, outputs = o.outputs,
    repeats = o.repeats, cold = o.cold * 1000000, kernels = next(kernels) and kernels,
    model = core.array(o.model), variant = o.variant, width = o.width }
end

-- " 4096 inputs x 4096 outputs;" if there are layers of that size among what is measured.
local function size_text(what, options)
  for _, name in ipairs(what) do
    if SIZED[name] then return (" %d inputs x %d outputs;"):format(options.inputs, options.outputs) end
  end
  return ""
end

local function measure(what, options)
  local core, foreign = require "vise.core", require "vise.bench.foreign"
  local backend, blas = core.backend()
  local machine = { cpu = require("vise.host").cpu(), cpus = require("vise.host").cpus(), backend = backend,
    gemm = blas or "own" }
  local result = { options = options, machine = machine, sections = {},
    about = ("%s, %d CPUs; backend %s, gemm %s;%s best of %d"):format(machine.cpu, machine.cpus, backend,
      machine.gemm, size_text(what, options), options.repeats) }
  for i, name in ipairs(what) do
    local part = require("vise.bench." .. name)
    local section = { what = name, title = part.title, columns = part.columns, lines = {}, limits = {}, notes = {} }
    local watched = foreign.watch()
    part.run(section, options)
    section.foreign, section.seconds = watched()
    result.sections[i] = section
  end
  return result
end

---@param ctx vise.cli.Context
function M.run(ctx)
  local options, message, id = settle(ctx.options, ctx.args.what)
  if not options then return nil, message, id end
  local what = ctx.args.what or { "machine", "products" }
  local result
  result, message, id = require("vise.fail").catch(measure, what, options)
  if not result then return nil, message, id end
  local report = require "vise.bench.report"
  local form = ctx.options.json and "json" or ctx.options.markdown and "markdown" or "text"
  io.stdout:write(report[form](result))
  return 0
end

return M
