local core = require "vise.core"
local support = require "support"
local tiny = require "models.tiny"

local program = arg[-1]

-- What `script` prints in a process of its own, with `environment` in front.
local function output_of(environment, script, ...)
  local path = support.file(script, ".lua")
  local command = table.concat({ environment, program, path, ... }, " ")
  local pipe <close> = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "a"
  os.remove(path)
  return text
end

-- The names of the backends this CPU runs, worst first.
local function levels()
  local list = {}
  for _, b in ipairs(core.cpu().backends) do
    if b.runs then list[#list + 1] = b.name end
  end
  return list
end

-- Prints the bits of a product of integers or 4-bit floats a line: strips of every height, tails
-- of inputs, groups and outputs.
local INTEGERS = [[
  local core = require "vise.core"
  local state = 1
  local function random(rows, cols)
    local values = {}
    for i = 1, rows * cols do
      state = (state * 1664525 + 1013904223) & 0xffffffff
      values[i] = (state >> 8) / 2 ^ 23 - 1
    end
    return core.tensor_of("f32", { rows, cols }, values)
  end
  local function int(bits, granularity, group)
    return { bits = bits, granularity = granularity, group = group, convention = "amax", scale_dtype = "f32" }
  end
  local float4 = { element = "f4e2m1", granularity = "group", group = 16, convention = "nvfp4" }
  local zero = { bits = 4, granularity = "group", group = 32, convention = "minmax_int_zero", scale_dtype = "f16" }
  local pairs_of = {
    { int(8, "row"), int(8, "token") }, { int(8, "tensor"), int(8, "tensor") },
    { int(4, "row"), int(8, "token") }, { int(4, "group", 32), int(4, "group", 32) },
    { int(4, "group", 12), int(4, "group", 12) }, { zero, int(8, "token") }, { float4, float4 },
  }
  print((core.backend()))
  for _, pair in ipairs(pairs_of) do
    for _, m in ipairs { 1, 2, 3, 5, 12, 31, 120 } do
      local packed = core.pack(core.encode(core.scheme(pair[1]), random(45, 150)))
      local rows = core.rows(random(m, 150), packed, { scheme = core.scheme(pair[2]) })
      local bits = core.product(rows, packed, { bias = random(1, 45):reshape { 45 } }):tobytes()
      print((bits:gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
    end
  end
]]

-- Quantizes a model and runs it; prints the backend, the threads and what comes out.
local MODEL = [[
  local core, vise = require "vise.core", require "vise"
  local model = assert(vise.open(arg[1]))
  assert(vise.quantize(model, { quant_type = arg[2] }))
  print(core.backend(), core.threads())
  for _, v in ipairs(assert(model:forward { 1, 5, 19, 4 }):totable()) do print(("%a"):format(v)) end
]]

describe("VISE_BACKEND", function()
  it("takes each level this CPU runs, with the same integer products to the bit", function()
    local want
    for _, name in ipairs(levels()) do
      local found, bits = output_of("VISE_BACKEND=" .. name, INTEGERS):match "^(%w+)\n(.*)$"
      assert.equal(name, found)
      want = want or bits
      assert.equal(49, select(2, bits:gsub("\n", "")))
      assert(bits == want, name .. " differs from ref")
    end
  end)

  it("quantizes and runs a model without any wide instruction, as on a CPU without AVX2", function()
    local folder = tiny.write(tiny.llama())
    for _, kind in ipairs { "int8_per_row", "int8_weight_only", "float8_per_row" } do
      local plain = output_of("VISE_BACKEND=ref VISE_BLAS=0", MODEL, folder, kind)
      local best = output_of("", MODEL, folder, kind)
      assert.matches("^ref\t", plain)
      local a, b = {}, {}
      for v in plain:gmatch "\n(%S+)" do a[#a + 1] = tonumber(v) end
      for v in best:gmatch "\n(%S+)" do b[#b + 1] = tonumber(v) end
      assert.equal(80, #a)
      -- Float sums differ in their last bits, and so may a few codes after them by one of 127.
      assert.is_true(support.rel_l2(a, b) < 0.02)
    end
    core.disk.remove_tree(folder)
  end)
end)

describe("VISE_THREADS", function()
  it("may ask for more threads than there are CPUs, with the same bits", function()
    local folder = tiny.write(tiny.llama())
    local one = output_of("VISE_THREADS=1", MODEL, folder, "int8_per_row")
    local many = output_of("VISE_THREADS=64", MODEL, folder, "int8_per_row")
    assert.matches("^%w+\t64\n", many)
    assert.equal(one:match "\n.*", many:match "\n.*")
    core.disk.remove_tree(folder)
  end)
end)
