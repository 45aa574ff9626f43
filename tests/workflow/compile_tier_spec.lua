-- The tier of compiled execution: both embedded models, saved in every quant type, loaded, compiled, warmed
-- up, run once, and compared with what the model itself answers.  VISE_TEST_COMPILE=1

local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local ON = os.getenv "VISE_TEST_COMPILE" == "1"
local types = { "float8_per_tensor", "float8_per_tensor_static", "float8_per_row", "float8_per_row_static",
  "float8_per_block", "float8_weight_only", "int8_per_tensor", "int8_per_tensor_static", "int8_per_row",
  "int8_per_row_static", "int8_weight_only", "int4_weight_only", "int4_weight_only_g16", "int4_weight_only_g64",
  "int4_weight_only_g128", "nvfp4", "nvfp4_weight_only", "svdq_int4_r0", "svdq_int4_r0_dq", "svdq_int4_r32",
  "svdq_int4_r32_dq", "svdq_nvfp4_r0", "svdq_nvfp4_r0_dq", "svdq_nvfp4_r32", "svdq_nvfp4_r32_dq" }

local llama = { path = "recipes/quickstart/models/stories260K" }

function llama.open()
  return assert(vise.open(llama.path))
end

local function ids(seed)
  local list, g = {}, core.random(seed)
  for i = 1, 37 do list[i] = g:u32() % 512 end
  return list
end

function llama.calibrate(model)
  assert(model:forward(ids(1))):close()
end

local function joined(a, b)
  return table.unpack(table.move(b, 1, #b, #a + 1, table.move(a, 1, #a, 1, {})))
end

-- Warmed up with one input, then run on another: the model's own answer, and no allocation.
local function compiled_agrees(model, warm, real, options)
  local want <close> = assert(model:forward(joined(real, options)))
  local fast <close> = assert(vise.compile(model, joined(warm, options)))
  assert(fast:forward(table.unpack(warm))):close()
  local before = core.memory().total
  local got <close> = assert(fast:forward(table.unpack(real)))
  assert.equal(0, core.memory().total - before)
  assert.is_true(want:tobytes() == got:tobytes())
end

-- The same of a few ids after others, whose keys and values are in a cache.
local function continued_agrees(model)
  local its <close> = assert(model:cache(48))
  local mine <close> = assert(model:cache(48))
  for _, cache in ipairs { its, mine } do assert(model:forward(ids(4), { cache = cache })):close() end
  local step <close> = assert(vise.compile(model, { 0 }, { cache = mine }))
  for _, id in ipairs { 7, 400, 33 } do
    local want <close> = assert(model:forward({ id }, { cache = its }))
    local before = core.memory().total
    local got <close> = assert(step:forward { id })
    assert.equal(0, core.memory().total - before)
    assert.is_true(want:tobytes() == got:tobytes())
  end
end

local cases = {
  { name = "the DiT", open = dit.open, calibrate = dit.calibrate,
    check = function(model) compiled_agrees(model, { dit.batch(3, 1) }, { dit.batch(3, 2) }, {}) end },
  { name = "the Llama", open = llama.open, calibrate = llama.calibrate,
    check = function(model)
      compiled_agrees(model, { ids(2) }, { ids(3) }, {})
      compiled_agrees(model, { ids(2) }, { ids(3) }, { { last = true } })
      continued_agrees(model)
    end },
}

local function save(case, type, folder)
  local model <close> = case.open()
  assert(vise.quantize(model, { quant_type = type, save_to = folder, fallback = "skip",
    calibrate = vise.quant_types.parse(type).calibrated and case.calibrate or nil }))
end

describe("compiled execution of saved models", function()
  local threads = core.threads()
  after_each(function() core.threads(threads) end)

  for _, type in ipairs(types) do
    for _, case in ipairs(cases) do
      it(("answers as the model does, bit for bit: %s, %s"):format(case.name, type), function()
        if not ON then pending "every quant type on both models: set VISE_TEST_COMPILE=1" end
        local folder, remove = dit.folder()
        local ok, problem = pcall(function()
          save(case, type, folder)
          for n = 1, 2 do
            core.threads(n)
            local model <close> = assert(vise.load(case.open(), folder))
            case.check(model)
          end
        end)
        remove()
        if not ok then error(problem, 0) end
      end)
    end
  end
end)
