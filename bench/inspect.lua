-- How fast `vise inspect` shows a model of 100,000 tensors, and in how much memory:
--
--   vise bench/inspect.lua        the median of five runs, beside the goals; needs GNU time

local core = require "vise.core"

local TENSORS, RUNS = 100000, 5
local PARTS = { "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
  "mlp.up_proj", "mlp.down_proj", "input_layernorm", "post_attention_layernorm", "self_attn.rotary" }

local function make(path)
  local entries, t = {}, core.tensor("f16", { 16, 16 })
  for i = 0, TENSORS - 1 do
    entries[i + 1] = { ("model.layers.%d.%s.weight"):format(i // #PARTS, PARTS[i % #PARTS + 1]), t }
  end
  assert(core.safetensors_write(path, entries))
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

local folder = os.tmpname()
os.remove(folder)
assert(core.disk.mkdir(folder))
local path = folder .. "/many.safetensors"
make(path)
local seconds, kilobytes = {}, {}
for run = 1, RUNS do
  local command = ("command time -f '%%e %%M' %s inspect %s 2>&1 >/dev/null"):format(arg[-1], path)
  local pipe <close> = assert(io.popen(command))
  local s, k = pipe:read "a":match "([%d.]+) (%d+)%s*$"
  assert(s, "this failed: " .. command)
  seconds[run], kilobytes[run] = tonumber(s), tonumber(k)
end
core.disk.remove_tree(folder)
print(("vise inspect of %d tensors: %.2f s (goal 1 s), %.0f MB (goal 100 MB)"):format(TENSORS, median(seconds),
  median(kilobytes) * 1024 / 1e6))
