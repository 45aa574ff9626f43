local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local disk = core.disk

local types = { "float8_per_tensor", "float8_per_tensor_static", "float8_per_row", "float8_per_row_static",
  "float8_per_block", "float8_weight_only", "int8_per_tensor", "int8_per_tensor_static", "int8_per_row",
  "int8_per_row_static", "int8_weight_only", "int4_weight_only", "int4_weight_only_g16", "int4_weight_only_g64",
  "int4_weight_only_g128", "int4_weight_only_row", "int3_weight_only",
  "int3_weight_only_row", "int2_weight_only_g64", "w4a8", "w4a8_g32", "nvfp4", "nvfp4_weight_only", "svdq_int4_r0",
  "svdq_int4_r0_dq", "svdq_int4_r8",
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

  it("comes back whatever the layers were smoothed by, and says it", function()
    for quant_type, strategies in pairs {
      svdq_int4_r2 = { "activation", "balance", "search" }, svdq_nvfp4_r2_dq = { "identity", "weight", "weight_inv" },
    } do
      for _, strategy in ipairs(strategies) do
        local folder, remove, model = saved(fields_of(quant_type, { svdq = { smooth_strategy = strategy },
          regions = { "transformer_blocks.0.attn1.to_q" } }))
        local again = assert(vise.load(dit.open(), folder))
        assert.equal(dit.answer(model), dit.answer(again))
        assert.equal(strategy, again:layer("transformer_blocks.0.attn1.to_q").quantized.type.smooth)
        again:close()
        model:close()
        remove()
      end
    end
  end)

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
