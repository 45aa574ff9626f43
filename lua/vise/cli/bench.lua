--- vise bench: the kernels on this machine, against OpenBLAS and against its measured peak.

local M = {
  name = "bench",
  summary = "time the kernels on this machine against OpenBLAS and the machine's peak",
  text = "One thread; every side takes turns with the others and its best turn counts. The weights of a "
    .. "product may stay in the last cache between turns. GOP/s counts a multiply-accumulate as two.",
  arguments = {},
  options = {
    { name = "rows", short = "m", type = "integer", min = 1, max = 65536, repeatable = true,
      help = "rows of the product; 1, 8, 128 and 512 if not given" },
    { name = "inputs", short = "k", type = "integer", min = 8, max = 65536, default = 4096,
      help = "inputs of the layer, a multiple of the group" },
    { name = "outputs", short = "n", type = "integer", min = 32, max = 65536, default = 4096,
      help = "outputs of the layer, a multiple of 32" },
    { name = "group", short = "g", type = "integer", min = 8, max = 65536, default = 64,
      help = "inputs a group of the 4-bit weights, a multiple of 8" },
    { name = "repeats", type = "integer", min = 1, max = 1000, default = 7, help = "turns of each side" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise bench", "a layer of 4096 x 4096 at 1, 8, 128 and 512 rows" },
    { "vise bench -m 32 --json", "one size, for a program to read" },
  },
}

local PRODUCTS = { "w8a8", "w4a8", "gemm", "gemm_few" }

-- One row of the table: a kernel at one number of rows.
local function product_line(kernel, m, options, times)
  local seconds = times[kernel]
  local rate = 2 * m * options.inputs * options.outputs / seconds
  local peak = kernel:find "gemm" and times.f32_peak or times.int8_peak
  return {
    kernel = kernel, rows = m, seconds = seconds, gops = rate / 1e9,
    of_peak = peak > 0 and rate / peak or nil,
    against_gemm = times.gemm / seconds,
  }
end

-- The kernels take whole blocks: what the parser's ranges cannot say.
local function check(o)
  local fail = require "vise.fail"
  if o.outputs % 32 ~= 0 then return fail.fail("E-US-04", "--outputs: %d is not a multiple of 32", o.outputs) end
  if o.group % 8 ~= 0 then return fail.fail("E-US-04", "--group: %d is not a multiple of 8", o.group) end
  if o.inputs % o.group ~= 0 then
    return fail.fail("E-US-04", "--inputs: %d is not a multiple of the group, %d", o.inputs, o.group)
  end
  return true
end

local function measure(options)
  local fine, problem, problem_id = check(options)
  if not fine then return nil, problem, problem_id end
  local core = require "vise.core"
  local backend, blas = core.backend()
  local result = { backend = backend, gemm = blas or "own", inputs = options.inputs,
    outputs = options.outputs, group = options.group, repeats = options.repeats, products = {}, functions = {} }
  local sizes = options.rows
  if not sizes or #sizes == 0 then sizes = { 1, 8, 128, 512 } end
  for _, m in ipairs(sizes) do
    local times, message, id = core.bench_products { m = m, k = options.inputs, n = options.outputs,
      group = options.group, repeats = options.repeats }
    if not times then return nil, message, id end
    for _, kernel in ipairs(PRODUCTS) do
      if times[kernel] > 0 then
        result.products[#result.products + 1] = product_line(kernel, m, options, times)
      end
    end
    for _, limit in ipairs { "int8_peak", "f32_peak", "read" } do
      result[limit] = math.max(result[limit] or 0, times[limit] / 1e9)
    end
  end
  local n = 1 << 15
  local rows, message, id = core.bench_rows { n = n, repeats = 50 * options.repeats }
  if not rows then return nil, message, id end
  for i, row in ipairs(rows) do
    result.functions[i] = { kernel = row.kernel, elements = n, seconds = row.seconds,
      gigabytes = 4 * n / row.seconds / 1e9 }
  end
  return result
end

local function print_text(r)
  local out = io.stdout
  out:write(("backend %s, gemm %s, one thread, %d inputs x %d outputs, group %d, best of %d\n"):format(
    r.backend, r.gemm, r.inputs, r.outputs, r.group, r.repeats))
  out:write(("peak: int8 %.0f GOP/s, f32 %.0f GFLOP/s; read %.1f GB/s\n\n"):format(
    r.int8_peak, r.f32_peak, r.read))
  out:write(("%-10s %6s %10s %10s %8s %10s\n"):format("product", "rows", "ms", "GOP/s", "of peak", "x gemm"))
  for _, p in ipairs(r.products) do
    out:write(("%-10s %6d %10.3f %10.1f %8s %10.2f\n"):format(p.kernel, p.rows, p.seconds * 1e3, p.gops,
      p.of_peak and ("%.2f"):format(p.of_peak) or "-", p.against_gemm))
  end
  out:write(("\n%-12s %12s %12s\n"):format("function", "us", "GB/s of f32"))
  for _, f in ipairs(r.functions) do
    out:write(("%-12s %12.2f %12.1f\n"):format(f.kernel, f.seconds * 1e6, f.gigabytes))
  end
end

---@param ctx vise.cli.Context
function M.run(ctx)
  local result, message, id = measure(ctx.options)
  if not result then return nil, message, id end
  if ctx.options.json then
    io.stdout:write(require("vise.core").json_encode(result), "\n")
  else
    print_text(result)
  end
  return 0
end

return M
