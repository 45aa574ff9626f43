-- Everything that people can call is described, and nothing else is.

local reference = require "vise.describe"
local errors = require "vise.errors"
local vise = require "vise"

local function sorted(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- The functions of a module, "name", and of the classes in it, "Class.new" and "Class:method".
local function functions_of(module)
  local found = {}
  for name, value in pairs(module) do
    if type(value) == "function" then
      found[name] = true
    elseif type(value) == "table" then
      for inner, f in pairs(value) do
        if type(f) == "function" and inner:sub(1, 2) ~= "__" then
          found[("%s.%s"):format(name, inner)] = true
        end
      end
    end
  end
  return found
end

-- The names of a reference, methods with a dot: whether a function takes `self` cannot be seen.
local function described(ref)
  local found = {}
  for _, fn in ipairs(ref.functions) do
    local name = fn.name:gsub(":", ".")
    assert.is_nil(found[name], name .. " is described twice")
    found[name] = true
  end
  return found
end

-- The methods of a userdata class, by the name of its metatable.
local function methods_of(class)
  local found = {}
  for name in pairs(debug.getregistry()[class].__index) do found[name] = true end
  return found
end

local classes = {
  ["vise.coded"] = "coded_tensor",
  ["vise.observer"] = "observer",
  ["vise.packed"] = "packed",
  ["vise.rows"] = "rows",
  ["vise.random"] = "generator",
  ["vise.safetensors"] = "safetensors_file",
  ["vise.scheme"] = "scheme",
  ["vise.tensor"] = "tensor",
  ["vise.tokenizer"] = "tokenizer",
}

describe("the description of the Lua interface", function()
  it("has every function of the public module", function()
    local found = {}
    for _, name in ipairs(vise.names()) do
      if type(vise[name]) == "function" then found[name] = true end
    end
    for name, value in pairs(vise) do
      if type(value) == "function" and name ~= "names" then found[name] = true end
    end
    assert.same(sorted(found), sorted(described(reference.reference "vise")))
  end)

  for _, name in ipairs(vise.names()) do
    it("has what vise." .. name .. " holds", function()
      if type(vise[name]) ~= "table" then return end
      local found = functions_of(vise[name])
      -- Every class of nn inherits these; they are described once.
      if name == "nn" then
        for _, full in ipairs(sorted(found)) do
          local method = full:match "%.(layers?)$"
          if method then
            found[full] = nil
            found["Module." .. method] = true
          end
        end
      end
      assert.same(sorted(found), sorted(described(reference.reference(name))))
    end)
  end

  for class, name in pairs(classes) do
    it("has every method of " .. class, function()
      assert.same(sorted(methods_of(class)), sorted(described(reference.reference(name))))
    end)
  end

  it("leaves out no class that a script can hold", function()
    -- Private ones: blocks of bytes, open files, the context, its scratch, timers; no function of `vise` returns them.
    local private = { ["vise.array"] = true, ["vise.bytes"] = true, ["vise.context"] = true, ["vise.json"] = true,
      ["vise.map"] = true, ["vise.onednn"] = true, ["vise.timing"] = true, ["vise.workspace"] = true }
    for key, value in pairs(debug.getregistry()) do
      if type(key) == "string" and key:find "^vise%." and type(value) == "table" then
        assert.is_true(classes[key] ~= nil or private[key] == true, key)
      end
    end
  end)

  it("lists every module and class once, in files of that name", function()
    local listed = {}
    for _, name in ipairs(reference.names) do
      assert.is_nil(listed[name], name)
      listed[name] = true
      assert.equal(name, reference.reference(name).name)
    end
    local find <close> = io.popen "find lua/vise/reference -name '*.lua' ! -name init.lua -printf '%P\\n'"
    for file in find:lines() do assert.is_true(listed[file:gsub("%.lua$", "")], file) end
  end)

  it("says of every function what it does, takes and gives, with an example that is Lua", function()
    for _, name in ipairs(reference.names) do
      local ref = reference.reference(name)
      assert.is_true(ref.kind == "module" or ref.kind == "class", name)
      assert.is_true(#ref.summary > 0)
      for _, fn in ipairs(ref.functions) do
        local full = name .. "." .. fn.name
        assert.matches("[%.%)]$", fn.text, nil, full)
        for _, argument in ipairs(fn.arguments) do
          for i = 1, 3 do assert.is_string(argument[i], full) end
        end
        local example = fn.example:gsub("%s*%-%->.*$", "")
        assert.is_truthy(load(example) or load("return " .. example), full .. ": " .. fn.example)
        for line in reference.function_text(ref, fn):gmatch "[^\n]+" do
          if not line:find "^  > " and line:find "^ " then assert.is_true(#line <= 96, line) end
        end
      end
    end
  end)

  it("finds a function by each way of writing it", function()
    for _, name in ipairs { "tensor:rows", "tensor.rows", "rows", "vise.open", "open", "vise.ops.rope", "ops.rope" } do
      assert.is_string(reference.help(name), name)
    end
    local shown, message, id = reference.help "ops.roep"
    assert.is_nil(shown)
    assert.equal("E-US-08", id)
    assert.matches("did you mean 'ops.rope'", message, 1, true)
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
