-- The goals of the kernels, and what a recorded run says about each.

local M = {}

-- The first line that has all these fields, its name matching a pattern; an empty one if there is none.
local function find(result, fields)
  for _, section in ipairs(result and result.sections or {}) do
    for _, line in ipairs(section.lines) do
      local same = true
      for key, value in pairs(fields) do
        same = same and (line[key] == value or key == "name" and line.name:find(value) ~= nil)
      end
      if same then return line end
    end
  end
  return {}
end

local function inverse(v)
  return v and 1 / v
end

-- what, goal (at least, unless `most`), value
local function rows_of(found)
  local products, quantizers, peers, models = found.kernels2, found.quantizers, found.peers, found.models
  local function product(name, rows, threads, state, group)
    return find(products, { name = "^" .. name .. "$", rows = rows, threads = threads, state = state, group = group })
  end
  local function quantizer(name, threads) return find(quantizers, { name = name, threads = threads }) end
  local function peer(name, rows) return find(peers, { name = name, rows = rows, threads = 1 }) end
  local function ratio(a, b) return a and b and a / b end
  local svdq = product("svdq_int4_r32", 512, 1)
  local rows = {
    { "1", "W8A8, 512 rows, of peak, 1 thread", 0.85, product("int8", 512, 1).of_limit },
    { "1", "the same, 2 threads", 0.80, product("int8", 512, 2).of_limit },
    { "2", "the same against oneDNN", 0.93, peer("^int8$", 512).against },
    { "3", "W8A8, 8 rows warm, of peak", 0.75, product("int8", 8, 1, "warm").of_limit },
    { "4", "W4A8, group 128, 512 rows, of peak, 1 thread", 0.75, product("grouped", 512, 1, nil, 128).of_limit },
    { "4", "the same, 2 threads", 0.75, product("grouped", 512, 2, nil, 128).of_limit },
    { "5", "W4A8, group 32, scales per block, 512 rows, of peak, 1 thread", 0.68,
      product("grouped", 512, 1, nil, 32).of_limit },
    { "5", "the same, 2 threads", 0.60, product("grouped", 512, 2, nil, 32).of_limit },
    { "5", "the same against ggml, repacked", 2.3, inverse(peer("^ggml q4_0 repacked$", 512).against) },
    { "5", "the same against onnxruntime, level 4", 2.3, inverse(peer("^onnxruntime int4 g32 level 4$", 512).against) },
    { "7", "one row, int8, cold, of read, 1 thread", 0.85, product("int8", 1, 1, "cold").of_read },
    { "7", "the same, 2 threads", 0.75, product("int8", 1, 2, "cold").of_read },
    { "7", "one row, int4 group 64, cold, of read, 1 thread", 0.85, product("grouped", 1, 1, "cold", 64).of_read },
    { "7", "the same, 2 threads", 0.75, product("grouped", 1, 2, "cold", 64).of_read },
    { "8", "one row, int4 group 64, warm, of L3", 0.6, product("grouped", 1, 1, "warm", 64).of_read },
    { "-", "SVDQ W4A4 r32 layer, 512 rows, against sgemm of the float layer", 2.8, svdq.against },
    { "-", "the same in times of the bare 4-bit product", 1.25, svdq.times, most = true },
    { "9", "two threads over one, int8, 512 rows", 1.8, product("int8", 512, 2).scaling },
    { "9", "two threads over one, 4 bits group 64, 512 rows", 1.8, product("grouped", 512, 2, nil, 64).scaling },
    { "10", "RTN int8 from memory, of read", 0.55, quantizer("^RTN int8_per_row$", 1).of_read },
    { "10", "RTN int4 from memory, of read", 0.55, quantizer("^RTN svdq_int4_r32$", 1).of_read },
    { "13", "activations to int8 in cache, against ggml's q8_0", 1.5,
      ratio(quantizer("^activations int8_per_row$", 1).gigabytes, peer("^ggml quantize q8_0$").gigabytes) },
    { "19", "scale search, int4, G weight-candidates/s", 5, quantizer("^scale search int4$", 1).rate },
    { "20", "randomized SVD in times of its products, 1 thread", 1.2, inverse(quantizer("^SVD randomized", 1).against),
      most = true },
    { "20", "the full SVD in times of it, 2 threads", 40, inverse(quantizer("^SVD full", 2).against) },
    { "23", "f32, 8 rows, against sgemm", 2, product("gemm_few", 8, 1, "warm").against },
    { "23", "f32, one row, cold, of read", 0.8, product("gemm_few", 1, 1, "cold").of_read },
    { "24", "packing int8, GB/s, 2 threads", 5, quantizer("^pack int8_per_row$", 2).rate },
    { "24", "packing int4, GB/s, 2 threads", 5, quantizer("^pack svdq_int4_r32$", 2).rate },
  }
  for _, family in ipairs { "dit", "llama" } do
    for _, name in ipairs { "int8_per_row", "svdq_int4_r0_dq", "svdq_int4_r32_dq" } do
      local line = find(models, { name = "^" .. name .. ", compiled$", size = family .. ", 512 tokens", threads = 1 })
      rows[#rows + 1] = { "-", ("%s, %s, compiled: of what its layers gain"):format(family, name), 0.85,
        line.of_layers }
    end
  end
  return rows
end

---@param found table<string, table>  The results by page, kernels2 the products.
---@return string markdown
function M.table(found)
  local lines = { "| # | what | goal | reached | |\n| --- | --- | --- | --- | --- |\n" }
  for _, row in ipairs(rows_of(found)) do
    local number, what, goal, value = row[1], row[2], row[3], row[4]
    local met = value and (row.most and value <= goal or not row.most and value >= goal)
    lines[#lines + 1] = ("| %s | %s | %s %g | %s | %s |\n"):format(number, what, row.most and "<=" or ">=", goal,
      value and ("%.2f"):format(value) or "-", not value and "not measured" or met and "met" or "missed")
  end
  return table.concat(lines)
end

return M
