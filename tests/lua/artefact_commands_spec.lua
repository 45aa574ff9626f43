-- verify, compare and export as people call them.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local run = require("program").run
local vise = require "vise"

local function json(arguments)
  local status, out = run(arguments .. " --json")
  return status, assert(core.json_decode(out))
end

local MODEL = ("--model %s --variant fp16"):format(dit.path)

describe("on an artefact,", function()
  local svdq, int8, removers = nil, nil, {}

  local function save(quant_type)
    local folder, remove = dit.folder()
    removers[#removers + 1] = remove
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = quant_type, regions = { "transformer_blocks.0.attn1.*" },
      save_to = folder }))
    model:close()
    return folder
  end

  setup(function()
    svdq, int8 = save "svdq_int4_r4_dq", save "int8_per_row"
  end)
  teardown(function()
    for _, remove in ipairs(removers) do remove() end
  end)

  describe("vise verify", function()
    it("says that it is whole", function()
      local status, out = run("verify " .. svdq)
      assert.equal(0, status)
      assert.matches("svdq_int4_r4_dq.safetensors, 20 tensors, %d+%.%d KiB\n", out)
      assert.matches("whole: every hash agrees\n", out, 1, true)
      local object
      status, object = json("verify " .. svdq)
      assert.equal(0, status)
      assert.same({ 1, true, true, 20, svdq, "vise", 0 }, { object.schema, object.ok, object.hashed, object.tensors,
        object.artefact, object.layout, #object.problems })
    end)

    it("names the damaged tensor, and ends with 65", function()
      local path = svdq .. "/svdq_int4_r4_dq.safetensors"
      local bytes = assert(core.disk.read(path))
      assert(core.disk.write(path, bytes:sub(1, -2) .. string.char(bytes:byte(-1) ~ 64)))
      local status, out = run("verify " .. svdq)
      assert.equal(65, status)
      assert.matches("E-AR-11: tensor transformer_blocks.0.attn1.to_out.0.bias is damaged", out, 1, true)
      assert.matches("\n2 problems\n", out, 1, true)
      local object
      status, object = json("verify " .. svdq)
      assert.equal(65, status)
      assert.is_false(object.ok)
      assert.equal("transformer_blocks.0.attn1.to_out.0.bias", object.problems[1].tensor)
      assert(core.disk.write(path, bytes:sub(1, -2)))
      assert.equal(65, (run("verify " .. svdq)))
      assert(core.disk.write(path, bytes))
    end)

    it("ends with 66 where there is no artefact", function()
      assert.equal(66, (run "verify tests"))
      assert.equal(66, (run "verify nowhere"))
    end)
  end)

  describe("vise compare", function()
    it("tells same from different, with sizes and distances", function()
      local status, out = run(("compare %s %s"):format(svdq, svdq))
      assert.equal(0, status)
      assert.matches("8 weights the same, 0 not", out, 1, true)
      status, out = run(("compare %s %s"):format(svdq, int8))
      assert.equal(1, status)
      assert.matches("4 weights the same, 4 not", out, 1, true) -- the biases are the same
      assert.matches("attn1%.to_q%.weight +differs +svdq_int4_r4_dq %-> int8_per_row +128x128 +%d+ %-> 16896 +", out)
    end)

    it("measures an artefact against its base by the weights it stands for", function()
      local status, object = json(("compare %s %s --variant fp16"):format(dit.path, int8))
      assert.equal(1, status)
      assert.same({ 4, 4, 112 }, { object.same, object.different, object.left_out })
      local manifest = assert(core.json_decode(assert(core.disk.read(int8 .. "/quant_config.json"))))
      local errors = {}
      for _, layer in ipairs(manifest.layers) do errors[layer.name .. ".weight"] = layer.weight_error end
      local seen = 0
      for _, row in ipairs(object.weights) do
        if row.state == "differs" then
          seen = seen + 1
          -- The error that quantize wrote down is the same distance; JSON keeps 17 digits.
          assert.near(errors[row.name], row.rel_l2, 1e-12)
        end
      end
      assert.equal(4, seen)
    end)

    it("compares plain checkpoints, whatever is in one and not in the other", function()
      local function file(entries)
        local path = os.tmpname()
        assert(core.safetensors_write(path, entries))
        return path
      end
      local x = core.tensor_of("f32", { 2 }, { 3, 4 })
      local a = file { { "same", x }, { "moved", x }, { "gone", x }, { "shape", x }, { "type", x } }
      local b = file { { "same", x }, { "moved", core.tensor_of("f32", { 2 }, { 3, 3 }) }, { "new", x },
        { "shape", x:reshape { 1, 2 } }, { "type", x:to "bf16" } }
      local status, object = json(("compare %s %s"):format(a, b))
      assert.equal(1, status)
      local states = {}
      for _, row in ipairs(object.weights) do states[row.name] = row end
      assert.equal("same", states.same.state)
      assert.near(1 / 5, states.moved.rel_l2, 1e-12)
      assert.equal(1, states.moved.max_abs)
      assert.equal("only in A", states.gone.state)
      assert.equal("only in B", states.new.state)
      assert.equal("other shape", states.shape.state)
      assert.same({ "differs", 0 }, { states.type.state, states.type.rel_l2 })
      assert.same({ 1, 5 }, { object.same, object.different })
      os.remove(a)
      os.remove(b)
    end)

    it("says what cannot be read; weights that the base lacks are a difference", function()
      local code, said = run(("compare %s recipes/quickstart/models/stories260K"):format(svdq))
      assert.equal(1, code)
      assert.matches("0 weights the same, 8 not", said, 1, true)
      local status, _, err = run(("compare %s nowhere"):format(svdq))
      assert.equal(66, status)
      assert.matches("nowhere", err, 1, true)
    end)
  end)

  describe("vise export", function()
    local function out_folder()
      local folder, remove = dit.folder()
      removers[#removers + 1] = remove
      return folder
    end

    it("writes what cache-dit loads, and back", function()
      local theirs, ours = out_folder(), out_folder()
      local status, object = json(("export %s %s --to cache-dit --out %s"):format(svdq, MODEL, theirs))
      assert.equal(0, status)
      assert.same({ 4, "cache-dit", theirs .. "/svdq_int4_r16_dq.safetensors" },
        { object.layers, object.layout, object.file })
      assert.equal(core.disk.size(object.file), object.bytes)
      assert.matches("artefact  svdq_int4_r16_dq\nlayout    cache_dit_svdq_quant_config\n",
        select(2, run("inspect " .. theirs)), 1, true)
      local _, _, err = run(("compare %s %s"):format(svdq, theirs))
      assert.matches("E-US-12: " .. theirs .. " holds weights packed for cache-dit", err, 1, true)
      assert.equal(0, (run(("compare %s %s"):format(theirs, theirs))))
      local report
      status, report = json("verify " .. theirs)
      assert.same({ 0, true, false, "cache-dit" }, { status, report.ok, report.hashed, report.layout })
      assert.equal(0, (run(("export %s %s --to vise --out %s"):format(theirs, MODEL, ours))))
      for _, row in ipairs(select(2, json(("compare %s %s"):format(svdq, ours))).weights) do
        -- The same numbers, but a product of 16 terms is rounded otherwise than one of 4: a few f32 steps.
        assert.is_true(row.rel_l2 < 4 * 2 ^ -24, row.name)
      end
    end)

    it("refuses what the layout cannot hold, another base, and the artefact's own folder", function()
      local folder = out_folder()
      local status, _, err = run(("export %s %s --to cache-dit --out %s"):format(int8, MODEL, folder))
      assert.equal(65, status)
      assert.matches("E-AR-16: layer transformer_blocks.0.attn1.to_q: int8_per_row", err, 1, true)
      status, _, err = run(("export %s --model recipes/quickstart/models/stories260K --to cache-dit --out %s"):format(
        svdq, folder))
      assert.equal(65, status)
      assert.matches("E-AR-12", err, 1, true)
      status, _, err = run(("export %s/ %s --to cache-dit --out %s/."):format(svdq, MODEL, svdq))
      assert.equal(73, status)
      assert.matches("where the artefact itself lies", err, 1, true)
      assert.equal(64, (run(("export %s %s --to gguf --out %s"):format(svdq, MODEL, folder))))
      assert.is_nil(core.disk.exists(folder))
      assert.equal(0, (run("verify " .. svdq)))
    end)
  end)
end)
