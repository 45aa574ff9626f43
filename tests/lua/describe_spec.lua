-- Everything that people can call is described, and nothing else is.

local classes = require "classes"
local reference = require "vise.describe"
local errors = require "vise.errors"
local luacats = require "luacats"
local types = require "vise.describe.types"
local vise = require "vise"

local function sorted(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Every described function, value and class by its full name.
local function described()
  local names, by_class = {}, {}
  local function add(name)
    assert.is_nil(names[name], name .. " is described twice")
    names[name] = true
  end
  for _, ref in reference.each() do
    if ref.class then
      assert.is_nil(by_class[ref.class], ref.class .. " is described twice")
      by_class[ref.class] = ref
    else
      for _, field in ipairs(ref.fields or {}) do
        add((ref.name == "vise" and "vise." or "vise." .. ref.name .. ".") .. field[1])
      end
    end
    for _, fn in ipairs(ref.functions) do
      if ref.kind == "module" or fn.static then add(reference.full_name(ref, fn)) end
    end
  end
  return names, by_class
end

-- Methods of classes that are reached through the public module too: `vise.nn.Linear.forward`.
local function is_method(by_class, path, name)
  for _, ref in pairs(by_class) do
    if ref.path == path then
      for _, fn in ipairs(ref.functions) do
        if fn.name == name and not fn.static then return true end
      end
    end
  end
end

-- What every class table has beside its methods: nn's say their kind, and inherit Module's.
local PLUMBING = { kind = true, layer = true, layers = true }

-- Every name that is reached from `vise` and is no table of names, unless it is known as a value.
local function walk(at, path, names, by_class, known)
  for name, value in pairs(at) do
    local full = path .. "." .. name
    if name:sub(1, 2) == "__" then -- luacheck: ignore 542
      -- metamethods, and the class itself again
    elseif type(value) == "table" and next(value) ~= nil and not value[1] and not known[full] then
      walk(value, full, names, by_class, known)
    elseif not is_method(by_class, path, name)
      and not (path:find "^vise%.nn%.%u" and PLUMBING[name]) then
      names[full] = true
    end
  end
  return names
end

-- Methods that models have for vise's own use: for compiling, and for opening.
local INTERNAL = {
  ["vise.Model"] = { "block_of", "chain", "compute", "inputs", "kind", "layer", "layers", "new", "release", "repeated",
    "settings_of", "stream", "takes" },
  ["vise.nn.Module"] = { "block_of", "chain", "close", "compute", "default_layers", "forward", "inputs", "new",
    "release", "repeated", "settings_of", "stream", "takes" },
  ["vise.models.DiT"] = { "block_of", "chain", "close", "compute", "default_layers", "inputs", "kind", "layer",
    "layers", "new", "release", "repeated", "settings_of", "takes" },
  ["vise.models.Llama"] = { "block_of", "chain", "close", "compute", "default_layers", "inputs", "kind", "layer",
    "layers", "new", "release", "repeated", "settings_of", "stream", "takes", "workload" },
  ["vise.Checkpoint"] = { "add", "add_index", "note_index", "open_file", "open_folder", "read_config" },
  ["vise.Compiled"] = { "new" },
  ["vise.Job"] = { "say", "unfinished" },
}

-- Private classes of the core, which no function of `vise` returns: blocks of bytes, open files, the
-- context, its scratch, timers.
local PRIVATE = { ["vise.array"] = true, ["vise.bytes"] = true, ["vise.context"] = true, ["vise.json"] = true,
  ["vise.map"] = true, ["vise.onednn"] = true, ["vise.timing"] = true, ["vise.tokenizer"] = true,
  ["vise.workspace"] = true }

-- Every value that is described, with where it stands: arguments, results, fields, and theirs.
local function each_value(visit)
  local function visit_all(values, where, what)
    for _, value in ipairs(values or {}) do
      local name = where .. " " .. value[1]
      visit(value, name, what)
      visit_all(value.fields, name, "field")
    end
  end
  for _, ref in reference.each() do
    visit_all(ref.fields, ref.name, "field")
    for _, record in ipairs(ref.records or {}) do visit_all(record.fields, record[1], "field") end
    for _, fn in ipairs(ref.functions) do
      local name = reference.full_name(ref, fn)
      visit_all(fn.arguments, name, "argument")
      for _, result in ipairs(fn.returns or {}) do
        visit(luacats.turned(result), name .. " gives " .. result[2], "result")
        visit_all(result.fields, name .. " gives " .. result[2], "field")
      end
    end
  end
end

-- Raises for a name in a type that nothing describes.
local function check_names(text, where)
  types.parse(text)
  for name in types.names(text) do assert.is_table(reference.type_named(name), ("%s: type %s"):format(where, name)) end
end

describe("the description of the Lua interface", function()
  it("has every name that is reached from vise, and no others", function()
    local names, by_class = described()
    for _, name in ipairs(vise.names()) do assert(vise[name] ~= nil) end -- loads it
    local found = walk(vise, "vise", {}, by_class, names)
    found["vise.names"] = nil -- for the prompt
    assert.same(sorted(found), sorted(names))
  end)

  it("has every method of every class, and no others", function()
    local _, by_class = described()
    for class, ref in pairs(by_class) do
      local methods = classes.methods(class)
      if methods then
        local own = {}
        for name in pairs(methods) do
          if name:sub(1, 2) ~= "__" and not (class:find "^vise%.nn%." and PLUMBING[name]) then own[name] = true end
        end
        for _, name in ipairs(INTERNAL[class] or {}) do own[name] = nil end
        local said = {}
        for _, fn in ipairs(ref.functions) do said[fn.name] = true end
        if class == "vise.nn.Module" then own.layer, own.layers = true, true end
        if ref.path and not ref.path:find "%u" then -- its static functions are in a table of their own
          for _, fn in ipairs(ref.functions) do
            if fn.static then said[fn.name], own[fn.name] = nil, nil end
          end
        end
        assert.same({ class, sorted(own) }, { class, sorted(said) })
      else
        assert.is_true(#ref.functions == 0, class .. " has methods that nothing compares")
      end
    end
  end)

  it("knows the class of an object", function()
    local of = require("vise.describe.classes").of
    for name, object in classes.objects() do
      -- The models are of classes that extend these.
      if name ~= "vise.Model" and name ~= "vise.nn.Module" then assert.equal(name, of(object).class) end
    end
    assert.equal("vise.Tensor", of(vise.tensor("f32", { 1 })).class)
    assert.equal("vise.nn.Linear", of(vise.nn.Linear.new("l", 1, 1, vise.tensor("f32", { 1, 1 }))).class)
    assert.equal("vise.nn.Module", of(setmetatable({ kind = "K", name = "", children = {} }, vise.nn.class "K")).class)
    for _, other in ipairs { 1, "s", {}, setmetatable({}, {}), io.stdout, print } do assert.is_nil(of(other)) end
  end)

  it("leaves out no class that a script can hold", function()
    local known = {}
    for _, name in pairs(classes.registered) do known[name] = true end
    for key, value in pairs(debug.getregistry()) do
      if type(key) == "string" and key:find "^vise%." and type(value) == "table" then
        assert.is_true(known[key] or PRIVATE[key] == true, key)
      end
    end
  end)

  it("lists every part once, in files of that name", function()
    local listed = {}
    for _, part in ipairs(reference.parts) do
      assert.is_nil(listed[part], part)
      listed[part] = true
    end
    local find <close> = io.popen "find lua/vise/reference -name '*.lua' -printf '%P\\n'"
    for file in find:lines() do
      local part = file:gsub("%.lua$", ""):gsub("/", ".")
      assert.is_true(listed[part] or part == "init" or part == "out", file)
    end
  end)

  it("says of every part and function what it does", function()
    for _, ref in reference.each() do
      assert.is_true(ref.kind == "module" or ref.kind == "class", ref.name)
      assert.is_true((ref.kind == "class") == (ref.class ~= nil), ref.name)
      assert.is_true(#ref.summary > 0 and not ref.summary:find "%.$", ref.name)
      for _, fn in ipairs(ref.functions) do
        local name = reference.full_name(ref, fn)
        assert.matches("[%.%)]$", fn.text, nil, name)
        assert.is_string(fn.example, name)
      end
    end
  end)

  it("says of every argument, field and result what it is, and of which type", function()
    each_value(function(value, where, what)
      assert.is_string(value[1], where)
      check_names(value[2], where)
      if what ~= "result" then assert.is_true(type(value[3]) == "string" and #value[3] > 0, where) end
      if value.choices then assert.equal("string", value[2], where) end
      if value.default ~= nil then assert.is_nil(luacats.check_value(value.default, value), where) end
      -- Options of one function are described where they are taken.
      if what == "argument" and value[1] == "options" and value[2] == "table" then
        assert.is_true(value.fields ~= nil or value[3]:find "fields of vise" ~= nil, where)
      end
    end)
    for _, ref in reference.each() do
      for _, list in ipairs { ref.records or {}, ref.aliases or {} } do
        for _, record in ipairs(list) do
          if record.type then check_names(record.type, record[1]) end
          if record.extends then check_names(record.extends, record[1]) end
        end
      end
      if ref.extends then check_names(ref.extends, ref.name) end
    end
  end)

  it("fits a page 80 columns wide and one of 96", function()
    local text, page = require "vise.describe.text", require "vise.text"
    local usual = page.page_width
    finally(function() page.page_width = usual end)
    for _, width in ipairs { 80, 96 } do
      page.page_width = function() return width end
      for _, ref in reference.each() do
        local all = { text.of_part(ref) }
        for _, fn in ipairs(ref.functions) do
          all[#all + 1] = text.of_function(ref, fn)
        end
        for _, record in ipairs(ref.records or {}) do all[#all + 1] = text.of_record(record) end
        for line in table.concat(all, "\n"):gmatch "[^\n]+" do
          assert.is_true(#line <= width, line)
        end
      end
    end
  end)

  it("folds the code of examples into lines that are still Lua", function()
    local code = require "vise.describe.code"
    for _, ref in reference.each() do
      for _, fn in ipairs(ref.functions) do
        local folded = table.concat(code.fold(fn.example, 60), "\n")
        assert.is_truthy(load((folded:gsub("%s+%-%->[^\n]*", ""))), folded)
      end
    end
    assert.same({ 'f("a, b, c, d, e",', "  1)" }, code.fold('f("a, b, c, d, e", 1)', 20))
  end)

  it("finds a function by each way of writing it", function()
    for _, name in ipairs { "tensor:rows", "tensor.rows", "rows", "vise.open", "open", "vise.ops.rope", "ops.rope",
      "Rope", "Linear.new", "vise.nn.Linear.new", "vise.Tensor", "Split", "refine_iters", "svdq_int4_r32",
      "E-ST-07" } do
      assert.is_string(reference.help(name), name)
    end
    local shown, message, id = reference.help "ops.roep"
    assert.is_nil(shown)
    assert.equal("E-US-08", id)
    assert.matches("did you mean 'ops.rope'", message, 1, true)
  end)

  it("lists what words are found in where nothing has the name", function()
    local shown = reference.help "quant type"
    assert.matches("^%d+ topics on", shown)
    assert.matches("\n  vise.quant_types.parse", shown, 1, true)
    assert.matches("quant_type +field", shown)
    for line in shown:gmatch "[^\n]+" do assert.is_true(#line <= 96, line) end
    assert.matches("no help on 'zz\\x1b'", select(2, reference.help "zz\27"), 1, true)
  end)

  it("counts what is described", function()
    local counts = reference.counts()
    assert.equal(counts.functions, counts.examples)
    print(("described: %d functions, %d with an example; %d arguments, %d types, %d fields"):format(counts.functions,
      counts.examples, counts.arguments, counts.types, counts.fields))
  end)
end)

describe("the error ids", function()
  local function read(path)
    local f <close> = assert(io.open(path))
    return f:read "a"
  end

  -- Every id in the sources, with a file that names it.
  local function ids_in_sources()
    local used = {}
    local find <close> = io.popen "find engine backends lua -name '*.c' -o -name '*.h' -o -name '*.lua'"
    for path in find:lines() do
      if not path:find "^lua/vise/errors/" and not path:find "^lua/vise/reference/" then
        for id in read(path):gmatch "E%-%u%u%-%d%d" do used[id] = path end
      end
    end
    return used
  end

  it("are all in the table, and the table has no others", function()
    local used = ids_in_sources()
    for id, path in pairs(used) do assert.is_truthy(errors[id], ("%s in %s"):format(id, path)) end
    for id in pairs(errors) do assert.is_truthy(used[id], id .. " is used nowhere") end
  end)

  it("stand in the table once", function()
    local find <close> = io.popen "find lua/vise/errors -name '*.lua'"
    for path in find:lines() do
      local seen = {}
      for id in read(path):gmatch '%["(E%-%u%u%-%d%d)"%]' do
        assert.is_nil(seen[id], id)
        seen[id] = true
      end
    end
  end)

  it("have a title and a next step, and an exit status with a meaning", function()
    local meanings, failure = {}, require "vise.cli.failure"
    for _, entry in ipairs(failure.meanings) do meanings[entry[1]] = true end
    for id, entry in pairs(errors) do
      assert.is_true(#entry.title > 0, id)
      assert.matches("%.$", entry.next, nil, id)
      assert.is_true(meanings[failure.status(id)], id)
    end
  end)
end)
