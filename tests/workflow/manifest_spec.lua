-- What a manifest says, and that verify sees whatever happened to an artefact after it was saved.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local disk = core.disk

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

local function write(path, bytes)
  local f <close> = assert(io.open(path, "wb"))
  f:write(bytes)
end

-- A saved artefact of a small part of the model, its folder and the model.
local function saved(quant_type)
  local folder, remove = dit.folder()
  local model = dit.open()
  assert(vise.quantize(model, { quant_type = quant_type, regions = { "transformer_blocks.0.attn1.*" },
    calibrate = not quant_type:find "_dq$" and dit.calibrate or nil }))
  assert(vise.save(model, folder))
  return folder, remove, model
end

describe("a manifest", function()
  local folder, remove, model, m
  setup(function()
    folder, remove, model = saved "svdq_int4_r8"
    m = assert(core.json_decode(read(folder .. "/quant_config.json")))
  end)
  teardown(function()
    model:close()
    remove()
  end)

  it("has the size and SHA-256 of the checkpoint and of every file of the base", function()
    local function sha256(path)
      local pipe <close> = assert(io.popen("sha256sum " .. path))
      return pipe:read "a":match "^%x+"
    end
    local base = dit.path .. "/diffusion_pytorch_model.fp16.safetensors"
    assert.same({ file = "svdq_int4_r8.safetensors", bytes = disk.size(folder .. "/svdq_int4_r8.safetensors"),
      sha256 = sha256(folder .. "/svdq_int4_r8.safetensors") }, m.checkpoint)
    assert.equal("dit", m.base.family)
    assert.equal(1, #m.base.files)
    assert.same({ file = "diffusion_pytorch_model.fp16.safetensors", bytes = disk.size(base), sha256 = sha256(base) },
      m.base.files[1])
  end)

  it("has each layer's logical shape, hashes and weight error", function()
    assert.equal(4, #m.layers)
    for i, layer in ipairs(m.layers) do
      assert.equal(model.quantization.layers[i].name, layer.name)
      assert.same({ 128, 128 }, { table.unpack(layer.shape) })
      assert.equal(model.quantization.layers[i].weight_error, layer.weight_error)
      for _, t in ipairs(model:layer(layer.name).quantized:tensors()) do
        assert.equal(core.xxh3(t.tensor:tobytes()), layer.xxh3_128[t.param])
      end
    end
  end)

  it("has the rows that calibration showed each layer, and a hash of the spans", function()
    -- Four pictures of 7 x 7 patches.
    local rows = {}
    for _, layer in ipairs(m.layers) do rows[layer.name] = 4 * 49 end
    assert.same(rows, m.calibration.rows)
    assert.matches("^%x+$", m.calibration.statistics_xxh3_128)
    local hashes = {}
    local function otherwise(it) assert(it:forward(dit.batch(4, 77))):close() end
    for i, calibrate in ipairs { dit.calibrate, otherwise } do
      local other = dit.open()
      assert(vise.quantize(other, { quant_type = "svdq_int4_r2", calibrate = calibrate,
        regions = { "transformer_blocks.0.attn1.*" } }))
      hashes[i] = other.quantization.calibration.statistics_xxh3_128
      other:close()
    end
    assert.equal(m.calibration.statistics_xxh3_128, hashes[1])
    assert.not_equal(hashes[1], hashes[2])
  end)

  it("has what the quantization says of its calibration and errors, and load gives it back", function()
    local q = model.quantization
    q.calibration = { samples = 4, spans_xxh3_128 = core.xxh3 "spans" }
    q.layers[2].output_error, q.layers[3].output_error = 0.25, 0 / 0
    local other, remove_other = dit.folder()
    assert(vise.save(model, other))
    local text = read(other .. "/quant_config.json")
    local again = assert(core.json_decode(text))
    assert.same({ samples = 4, spans_xxh3_128 = core.xxh3 "spans" }, again.calibration)
    assert.equal(0.25, again.layers[2].output_error)
    assert.is_nil(again.layers[3].output_error) -- not finite: JSON has no word for it
    local loaded, third, remove_third = assert(vise.load(dit.open(), other)), dit.folder()
    assert.equal(0.25, loaded.quantization.layers[2].output_error)
    assert(vise.save(loaded, third))
    assert.equal(text, read(third .. "/quant_config.json"))
    loaded:close()
    remove_other()
    remove_third()
  end)

  it("holds no time and no path", function()
    local text = read(folder .. "/quant_config.json")
    assert.is_nil(text:find("/", 1, true))
    assert.is_nil(text:find(os.date "!%Y-%m", 1, true))
  end)
end)

describe("verify", function()
  local verify = require("vise.verify").verify
  local folder, remove
  setup(function()
    local model
    folder, remove, model = saved "svdq_int4_r2_dq"
    model:close()
  end)
  teardown(function() remove() end)

  -- Where the tensor data begin, and the tensor that owns a byte of the file.
  local function owner_of(path)
    local bytes, ends = read(path), {}
    local at = 8 + string.unpack("<I8", bytes)
    local header = assert(core.json_decode(bytes:sub(9, at)))
    for name, info in pairs(header) do
      if name ~= "__metadata__" then ends[#ends + 1] = { name, info.data_offsets[1], info.data_offsets[2] } end
    end
    return at, function(i)
      for _, e in ipairs(ends) do
        if i >= at + e[2] and i < at + e[3] then return e[1] end
      end
    end
  end

  local function flip(path, bit)
    local bytes = read(path)
    local i = bit // 8
    write(path, bytes:sub(1, i) .. string.char(bytes:byte(i + 1) ~ (1 << bit % 8)) .. bytes:sub(i + 2))
  end

  it("finds nothing in a whole artefact, whichever way it is named", function()
    for _, given in ipairs { folder, folder .. "/", folder .. "/svdq_int4_r2_dq.safetensors" } do
      local report = verify(given)
      assert.same({}, { table.unpack(report.problems) })
      assert.is_true(report.ok and report.hashed)
      assert.equal("vise", report.layout)
    end
  end)

  it("sees every flipped bit of the checkpoint, and names the tensor it lies in", function()
    local path = folder .. "/svdq_int4_r2_dq.safetensors"
    local first, owner = owner_of(path)
    local size, state = disk.size(path), 12345
    for n = 1, 160 do
      state = (state * 1664525 + 1013904223) & 0xffffffff
      local bit = n <= 40 and state % (first * 8) or first * 8 + (state << 8 | n) % ((size - first) * 8)
      flip(path, bit)
      local report, named = verify(folder), {}
      for _, problem in ipairs(report.problems) do named[problem.tensor or ""] = true end
      assert.is_false(report.ok, ("bit %d"):format(bit))
      local damaged = owner(bit // 8)
      if damaged then assert.is_true(named[damaged], ("bit %d of %s"):format(bit, damaged)) end
      flip(path, bit)
    end
    assert.is_true(verify(folder).ok)
  end)

  it("sees every flipped bit of the manifest", function()
    local path = folder .. "/quant_config.json"
    local size, state = disk.size(path), 99
    for _ = 1, 160 do
      state = (state * 1664525 + 1013904223) & 0xffffffff
      local bit = (state >> 3) % (size * 8)
      flip(path, bit)
      assert.is_false(verify(folder).ok, ("bit %d"):format(bit))
      flip(path, bit)
    end
    assert.is_true(verify(folder).ok)
  end)

  it("names all that is wrong, not the first", function()
    local path = folder .. "/svdq_int4_r2_dq.safetensors"
    local bytes, first = read(path), owner_of(path)
    write(path, bytes:sub(1, first) .. ("\0"):rep(#bytes - first))
    local seen = {}
    for _, problem in ipairs(verify(folder).problems) do seen[problem.tensor or "file"] = problem.id end
    write(path, bytes)
    for _, layer in ipairs { "to_q", "to_k", "to_v", "to_out.0" } do
      for _, param in ipairs { "codes", "scale", "down", "up", "bias" } do
        assert.equal("E-AR-11", seen[("transformer_blocks.0.attn1.%s.%s"):format(layer, param)])
      end
    end
    assert.equal("E-AR-19", seen.file)
  end)

  it("reports a file that is missing, cut short, or none of ours", function()
    assert.equal("E-AR-05", verify("nowhere").problems[1].id)
    assert.equal("E-AR-01", verify("tests").problems[1].id)
    local path = folder .. "/svdq_int4_r2_dq.safetensors"
    local bytes = read(path)
    write(path, bytes:sub(1, -2))
    assert.equal("E-AR-18", verify(folder).problems[1].id)
    write(path, bytes)
    assert.equal("E-AR-06", verify(dit.path .. "/diffusion_pytorch_model.fp16.safetensors").problems[1].id)
  end)
end)
