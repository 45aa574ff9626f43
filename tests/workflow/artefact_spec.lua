local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local disk = core.disk

local types = { "int8_per_row", "int8_weight_only", "int4_weight_only", "int4_weight_only_g128", "svdq_int4_r0_dq",
  "svdq_int4_r8", "svdq_int4_r8_dq" }

local function fields_of(name, more)
  local fields = { quant_type = name, calibrate = name == "svdq_int4_r8" and dit.calibrate or nil }
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
      local cfg = vise.config(fields_of(name, { save_to = folder }))
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

describe("vise.save and vise.load", function()
  it("raise for what can be nothing but a mistake", function()
    local model = dit.open()
    assert.error_matches(function() vise.save(model, "out") end, "E%-AR%-14.*not quantized")
    assert.error_matches(function() vise.save(model, "") end, "E%-AR%-14")
    assert.error_matches(function() vise.load(model, 7) end, "E%-AR%-15.*got number")
    assert.error_matches(function() vise.load(model, vise.config { quant_type = "int8_per_row" }) end, "E%-AR%-15")
    model:close()
  end)

  -- Each case damages a fresh artefact; the load has to fail with the id and the words, and the
  -- model has to answer as before.
  local folder, remove, pristine, manifest_text, model, float
  local FILE = "svdq_int4_r2_dq.safetensors"
  setup(function()
    local quantized
    folder, remove, quantized = saved()
    quantized:close()
    pristine, manifest_text = read(folder .. "/" .. FILE), read(folder .. "/quant_config.json")
    model = dit.open()
    float = dit.answer(model)
  end)
  teardown(function()
    model:close()
    remove()
  end)

  local function refuses(id, words, source)
    local ok, message, got = vise.load(model, source or folder)
    assert.is_nil(ok)
    assert.equal(id, got, message)
    assert.matches(words, message, 1, true)
    for _, linear in ipairs(model:layers()) do assert.is_nil(linear.quantized) end
    assert.equal(float, dit.answer(model))
  end

  local function with_manifest(change, id, words)
    local text = type(change) == "string" and change
    if not text then
      local m = assert(core.json_decode(manifest_text))
      text = core.json_encode(change(m) or m)
    end
    write(folder .. "/quant_config.json", text)
    refuses(id, words)
    write(folder .. "/quant_config.json", manifest_text)
  end

  it("refuse a folder without a manifest, and one that is none", function()
    os.remove(folder .. "/quant_config.json")
    refuses("E-AR-01", "quant_config.json is missing")
    with_manifest("{", "E-AR-02", "quant_config.json")
    with_manifest("[]", "E-AR-02", "must be an object")
    with_manifest(function(m) m.format = "other" end, "E-AR-02", "format is other")
    with_manifest(function(m) m.version = 9 end, "E-AR-02", "version 9, this program reads 1")
  end)

  it("refuse malformed fields of a manifest, by name", function()
    with_manifest(function(m) m.quant_type = "int9" end, "E-AR-03", "quant_type int9")
    with_manifest(function(m) m.layers = core.array {} end, "E-AR-03", "at least one layer")
    with_manifest(function(m) m.layers[2].name = m.layers[1].name end, "E-AR-03", "appears twice")
    with_manifest(function(m) m.layers[1].storage = "f32" end, "E-AR-03", "storage must be f16 or bf16")
    with_manifest(function(m) m.layers[1].shape = core.array { 128, -1 } end, "E-AR-03", "two positive integers")
    with_manifest(function(m) m.checkpoint = nil end, "E-AR-03", "checkpoint.file is missing")
    with_manifest(function(m) m.config.exclude = 3 end, "E-AR-03", "config.exclude")
    with_manifest(function(m) m.layers[1].xxh3_128 = nil end, "E-AR-03", "has no hashes")
    with_manifest(function(m) m.layers[1].weight_error = "0.1" end, "E-AR-03", "weight_error must be a number")
  end)

  it("refuse a manifest that points out of its folder or at nothing", function()
    with_manifest(function(m) m.checkpoint.file = "../x.safetensors" end, "E-AR-04", "not a plain file name")
    with_manifest(function(m) m.checkpoint.file = "/etc/passwd" end, "E-AR-04", "not a plain file name")
    with_manifest(function(m) m.checkpoint.file = ".." end, "E-AR-04", "not a plain file name")
    with_manifest(function(m) m.checkpoint.file = "gone.safetensors" end, "E-AR-05", "gone.safetensors is missing")
    with_manifest(function(m) m.checkpoint.bytes = 7 end, "E-AR-05", "its manifest says 7")
    refuses("E-AR-05", "nowhere.safetensors is missing", "nowhere.safetensors")
  end)

  it("refuse an artefact of another base, type or model", function()
    with_manifest(function(m) m.base.identity = ("0"):rep(32) end, "E-AR-12", "another base model")
    with_manifest(function(m) m.quant_type = "int8_per_row" end, "E-AR-08", "its manifest says int8_per_row")
    refuses("E-AR-08", "the config asks for int8_per_row",
      vise.config { quant_type = "int8_per_row", save_to = folder })
  end)

  it("refuse damaged bytes, naming the tensor", function()
    local flipped = pristine:sub(1, -2) .. string.char(pristine:byte(-1) ~ 1)
    write(folder .. "/" .. FILE, flipped)
    refuses("E-AR-11", "is damaged")
    write(folder .. "/" .. FILE, pristine:sub(1, -2))
    refuses("E-AR-05", "truncated?")
    write(folder .. "/" .. FILE, pristine)
  end)

  -- Rewrites the file by its own parts, without a manifest beside it.
  local function with_file(change, id, words)
    local handle = assert(core.safetensors_open(folder .. "/" .. FILE))
    local entries, metadata = {}, handle:metadata()
    for _, name in ipairs(handle:names()) do entries[#entries + 1] = { name, handle:tensor(name) } end
    local alone, remove_alone = dit.folder()
    assert(disk.mkdir(alone))
    metadata = change(entries, metadata) or metadata
    local path = alone .. "/" .. FILE
    assert(core.safetensors_write(path, entries, metadata))
    refuses(id, words, path)
    handle:close()
    remove_alone()
  end

  local function meta(change)
    return function(_, metadata)
      local m = assert(core.json_decode(metadata.vise))
      change(m)
      return { vise = core.json_encode(m) }
    end
  end

  it("refuse a file whose metadata is absent, unreadable or wrong", function()
    with_file(function() return {} end, "E-AR-06", "no \"vise\" metadata key")
    with_file(function() return { vise = "{" } end, "E-AR-07", "metadata")
    with_file(meta(function(m) m.version = 0 end), "E-AR-02", "version 0")
    with_file(meta(function(m) m.layers = core.array {} end), "E-AR-03", "at least one layer")
  end)

  it("refuse layers that the model does not have, or has otherwise", function()
    with_file(meta(function(m) m.layers[1].name = "transformer_blocks.0.attn1.to_x" end), "E-AR-09",
      "no linear layer transformer_blocks.0.attn1.to_x; nearest: transformer_blocks.0.attn1.to_")
    with_file(meta(function(m) m.layers[1].shape = core.array { 128, 64 } end), "E-AR-09",
      "[128, 256] in the model, [128, 64] in the artefact")
    with_file(meta(function(m) m.layers[1].bias = nil end), "E-AR-09", "bias is f16 in the model, absent")
  end)

  it("refuse missing, extra and misshapen tensors", function()
    with_file(function(entries) table.remove(entries, 1) end, "E-AR-10", "is missing")
    with_file(function(entries) entries[#entries + 1] = { "extra", entries[1][2] } end, "E-AR-10",
      "tensor extra belongs to no listed layer")
    with_file(function(entries) entries[1][2] = core.tensor("u8", { 2, 2 }) end, "E-AR-10", "is u8 [2, 2], expected")
    with_file(function(entries)
      for _, e in ipairs(entries) do
        if e[1]:find "%.up$" then
          e[2] = e[2]:copy()
          e[2]:set(1, 0 / 0)
          return
        end
      end
    end, "E-AR-10", "element 1 is not finite")
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
