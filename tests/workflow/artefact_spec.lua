local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local disk = core.disk

local types = { "float8_per_tensor", "float8_per_tensor_static", "float8_per_row", "float8_per_row_static",
  "float8_per_block", "float8_weight_only", "int8_per_tensor", "int8_per_tensor_static", "int8_per_row",
  "int8_per_row_static", "int8_weight_only", "int4_weight_only", "int4_weight_only_g16", "int4_weight_only_g64",
  "int4_weight_only_g128", "nvfp4", "nvfp4_weight_only", "svdq_int4_r0", "svdq_int4_r0_dq", "svdq_int4_r8",
  "svdq_int4_r8_dq", "svdq_nvfp4_r0", "svdq_nvfp4_r0_dq", "svdq_nvfp4_r8", "svdq_nvfp4_r8_dq" }

local function fields_of(name, more)
  local calibrated = vise.quant_types.parse(name).calibrated
  local fields = { quant_type = name, calibrate = calibrated and dit.calibrate or nil }
  for k, v in pairs(more or {}) do fields[k] = v end
  return fields
end

local function read(path)
  local f = assert(io.open(path, "rb"))
  local bytes = f:read "a"
  f:close()
  return bytes
end

local function write(path, bytes)
  local f = assert(io.open(path, "wb"))
  f:write(bytes)
  f:close()
end

-- A saved artefact of a small part of the model, its folder and what the model answers.
local function saved(fields)
  local folder, remove = dit.folder()
  local model = dit.open()
  assert(vise.quantize(model, fields or fields_of("svdq_int4_r2_dq", { regions = { "transformer_blocks.0.*" } })))
  assert(vise.save(model, folder))
  return folder, remove, model
end

describe("an artefact", function()
  for _, name in ipairs(types) do
    it("of " .. name .. " comes back bit-equal by folder, file and config, and has the planned size", function()
      local folder, remove = dit.folder()
      local model = dit.open()
      -- All layers once, then those of one block: each shape that there is.
      local regions = name ~= "svdq_int4_r8" and { "transformer_blocks.5.*", "proj_out_1" } or nil
      local cfg = vise.config(fields_of(name, { save_to = folder, regions = regions }))
      local plan = vise.plan(model, cfg)
      local bytes = require("vise.artefact").file_bytes(model, plan, cfg)
      local report = assert(vise.quantize(model, cfg))
      local file = folder .. "/" .. name .. ".safetensors"
      assert.equal(bytes, disk.size(file))
      assert.equal(report.plan.disk_bytes, plan.disk_bytes)
      local answer = dit.answer(model)
      for _, source in ipairs { folder, folder .. "/", file, cfg } do
        local again = assert(vise.load(dit.open(), source))
        assert.equal(answer, dit.answer(again))
        again:close()
      end
      model:close()
      remove()
    end)
  end

  it("has the same bytes every time, for any number of threads", function()
    local before, files = core.threads(), {}
    for i, threads in ipairs { 1, 2, 2 } do
      core.threads(threads)
      local folder, remove, model = saved(fields_of "svdq_int4_r8")
      files[i] = read(folder .. "/svdq_int4_r8.safetensors") .. read(folder .. "/quant_config.json")
      model:close()
      remove()
    end
    core.threads(before)
    assert.equal(files[1], files[2])
    assert.equal(files[2], files[3])
  end)

  it("can be saved again by the model that loaded it, with the same bytes", function()
    local folder, remove, model = saved()
    local other, remove_other = dit.folder()
    local again = assert(vise.load(dit.open(), folder))
    assert(vise.save(again, other))
    for _, name in ipairs(disk.list(folder)) do
      assert.equal(read(folder .. "/" .. name), read(other .. "/" .. name))
    end
    again:close()
    model:close()
    remove()
    remove_other()
  end)

  it("takes the place of an older one; files beside it move along", function()
    local folder, remove, model = saved()
    write(folder .. "/notes.txt", "mine")
    local other = dit.open()
    assert(vise.quantize(other, fields_of("int8_per_row", { save_to = folder })))
    local names = disk.list(folder)
    table.sort(names)
    assert.same({ "int8_per_row.safetensors", "notes.txt", "quant_config.json" }, names)
    assert.equal("mine", read(folder .. "/notes.txt"))
    model:close()
    other:close()
    remove()
  end)

  it("replaces the folder behind a link, and not the link", function()
    local folder, remove, model = saved()
    local link = folder .. "-link"
    assert(os.execute(("ln -s '%s' '%s'"):format(folder, link)))
    for _ = 1, 2 do
      local other = dit.open()
      assert(vise.quantize(other, fields_of("int8_per_row", { save_to = link })))
      other:close()
    end
    assert.same({ "int8_per_row.safetensors", "quant_config.json" }, disk.list(folder))
    assert(os.execute(("test -L '%s'"):format(link)))
    local parent, name = folder:match "^(.*)/([^/]+)$"
    local beside = {}
    for _, entry in ipairs(disk.list(parent)) do
      if entry:sub(1, #name) == name then beside[#beside + 1] = entry end
    end
    assert.same({ name, name .. "-link" }, beside)
    model:close()
    os.remove(link)
    remove()
  end)

  it("makes the folders on the way", function()
    local model = dit.open()
    local folder, remove = dit.folder()
    assert(vise.quantize(model, fields_of("int8_per_row", { save_to = folder .. "/a/b" })))
    assert.equal("file", disk.exists(folder .. "/a/b/quant_config.json"))
    model:close()
    remove()
  end)

  it("is refused where an artefact holds a folder", function()
    local folder, remove, model = saved()
    assert(disk.mkdir(folder .. "/more"))
    local ok, message, id = vise.save(model, folder)
    assert.same({ nil, "E-AR-13" }, { ok, id })
    assert.matches("more is a folder", message, 1, true)
    assert.equal("folder", disk.exists(folder .. "/more"))
    model:close()
    remove()
  end)

  it("leaves no parent's files behind, and says when a folder on the way is a file", function()
    local model = dit.open()
    local folder, remove = dit.folder()
    assert(disk.mkdir(folder))
    write(folder .. "/file", "mine")
    local ok, message, id = vise.quantize(model, fields_of("int8_per_row", { save_to = folder .. "/file/x" }))
    assert.same({ nil, "E-FS-15" }, { ok, id })
    assert.matches("a folder on the way is a file", message, 1, true)
    assert.same({ "file" }, disk.list(folder))
    model:close()
    remove()
  end)

  it("is refused in the current folder's own place", function()
    local folder, remove, model = saved()
    local script = folder .. "/save.lua"
    local here = assert(disk.real ".")
    write(script, ([[
      local vise = require "vise"
      local model = assert(vise.open("%s/%s", { variant = "fp16" }))
      assert(vise.quantize(model, { quant_type = "int8_per_row" }))
      local ok, message, id = vise.save(model, ".")
      assert(not ok and id == "E-AR-13" and message:find("current folder", 1, true), message)
    ]]):format(here, dit.path))
    local function from_here(path) return path:find "^/" and path or here .. "/" .. path end
    local sources = os.getenv "VISE_LUA"
    sources = sources and ("VISE_LUA='%s' "):format(from_here(sources)) or ""
    assert(os.execute(("cd '%s' && %s'%s' save.lua"):format(folder, sources, from_here(arg[-1]))))
    model:close()
    remove()
  end)

  it("is refused where something else lies", function()
    local model = dit.open()
    local folder, remove = dit.folder()
    assert(disk.mkdir(folder))
    write(folder .. "/notes.txt", "mine")
    local ok, message, id = vise.quantize(model, fields_of("int8_per_row", { save_to = folder }))
    assert.same({ nil, "E-AR-13" }, { ok, id })
    assert.matches("is no artefact", message, 1, true)
    assert.equal("mine", read(folder .. "/notes.txt"))
    assert.is_nil(model:layer("transformer_blocks.0.attn1.to_q").quantized)
    model:close()
    remove()
  end)
end)

describe("vise.save", function()
  it("raises for what can be nothing but a mistake", function()
    local model = dit.open()
    assert.error_matches(function() vise.save(model, "out") end, "E%-AR%-14.*not quantized")
    assert.error_matches(function() vise.save(model, "") end, "E%-AR%-14.*an empty string")
    assert.error_matches(function() vise.save(nil, "out") end, "E%-MD%-15")
    model:close()
  end)
end)

describe("a manifest", function()
  local folder, remove, model, m
  setup(function()
    folder, remove, model = saved(fields_of("svdq_int4_r8", { regions = { "transformer_blocks.0.attn1.*" } }))
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

describe("vise.verify", function()
  local verify = require("vise.verify").verify
  local folder, remove
  setup(function()
    local model
    folder, remove, model = saved(fields_of("svdq_int4_r2_dq", { regions = { "transformer_blocks.0.attn1.to_*" } }))
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

describe("a save that is stopped", function()
  -- A child process replaces an artefact and dies, or meets an error, at its n-th disk operation.
  local program = arg and arg[-1] or "build/release/vise"

  local function child(folder, n, mode)
    local script = os.tmpname()
    write(script, ([[
      local core = require "vise.core"
      local dit = require "workflow.support_dit"
      local vise = require "vise"
      local model = dit.open()
      assert(vise.quantize(model, { quant_type = "int8_weight_only", regions = { "transformer_blocks.0.*" } }))
      core.io_fault(%d, "%s")
      local before = core.io_count()
      local ok, message, id = vise.save(model, "%s")
      core.io_fault(-1)
      io.write(ok and "saved" or id, " ", core.io_count() - before, "\n")
    ]]):format(n, mode, folder))
    local pipe = io.popen(("LUA_PATH='tests/?.lua;;' %s %s.lua 2>&1"):format(program, script))
    os.rename(script, script .. ".lua")
    local said = pipe:read "a"
    pipe:close()
    os.remove(script .. ".lua")
    return said
  end

  -- The artefact is whole: its manifest, sizes and hashes hold, and it is the old or the new one.
  local function whole(folder, answers)
    local again = assert(vise.load(dit.open(), folder))
    local answer = dit.answer(again)
    again:close()
    assert.is_true(answer == answers.old or answer == answers.new)
    return answer == answers.new
  end

  -- What lies beside a folder under its temporary name.
  local function beside(folder)
    local parent, base = folder:match "^(.*)/([^/]*)$"
    local found = {}
    for _, name in ipairs(disk.list(parent)) do
      if name:find(base .. ".partial", 1, true) then found[#found + 1] = name end
    end
    return found
  end

  it("takes away what dead processes left, and nothing of a living one's", function()
    local folder, remove, model = saved()
    assert(disk.mkdir(folder .. ".partial-1")) -- the first process of the system lives
    assert(disk.mkdir(folder .. ".partial-4194305")) -- one more than Linux counts
    assert(vise.save(model, folder))
    assert.same({ folder:match "[^/]*$" .. ".partial-1" }, beside(folder))
    disk.remove_tree(folder .. ".partial-1")
    model:close()
    remove()
  end)

  for _, mode in ipairs { "kill", "error" } do
    it(("by a%s leaves the old artefact or the new one, whole"):format(mode == "kill" and " kill" or "n error"),
      function()
        local folder, remove, model = saved()
        local new_folder, remove_new, new_model = saved(fields_of("int8_weight_only",
          { regions = { "transformer_blocks.0.*" } }))
        local answers = { old = dit.answer(model), new = dit.answer(new_model) }
        model:close()
        new_model:close()
        remove_new()
        assert.is_string(new_folder)
        local replaced, n = false, 0
        while not replaced do
          n = n + 1
          child(folder, n, mode)
          replaced = whole(folder, answers)
          if mode == "error" and not replaced then assert.same({}, beside(folder)) end
          assert.is_true(n < 200, "never saved")
        end
        assert.is_true(n > 5, "the save has more steps than that")
        -- The next save sweeps what the killed ones left beside the folder.
        child(folder, -1, mode)
        assert.is_true(whole(folder, answers))
        assert.same({}, beside(folder))
        remove()
      end)
  end
end)
