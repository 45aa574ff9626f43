-- The texts that the sources fail with, read from the sources: what `failures_spec` cannot provoke one by one.

-- The literals that follow an id, joined: "a" .. "b" in Lua, "a" "b" in C.
local function text_after(source, at)
  local parts = {}
  while true do
    local literal, after = source:match('^[%s.]*"([^"\n\\]*)"()', at)
    if not literal then
      literal, after = source:match('^[%s.]*"(.-[^\\])"()', at)
      if not literal or literal:find "\n" then break end
    end
    parts[#parts + 1], at = literal, after
  end
  return table.concat(parts)
end

-- Each: { id, text, path }.
local function messages()
  local list = {}
  local find <close> = io.popen "find engine backends lua -name '*.c' -o -name '*.lua'"
  for path in find:lines() do
    if not path:find "^lua/vise/errors/" and not path:find "/reference/" then
      local file <close> = assert(io.open(path))
      local source = file:read "a"
      for id, at in source:gmatch '"(E%-%u%u%-%d%d)",%s*()"' do
        list[#list + 1] = { id, text_after(source, at), path }
      end
    end
  end
  return list
end

describe("the messages in the sources", function()
  local list = messages()

  it("are one line with room for what is found, below 200 characters", function()
    assert.is_true(#list > 300, #list .. " messages")
    for _, message in ipairs(list) do
      local id, text, path = table.unpack(message)
      local where = ("%s in %s: %s"):format(id, path, text)
      assert.is_true(#text > 0 and #text < 200, where)
      -- What a recipe's body raised comes with its traceback.
      assert.is_true(id == "E-RC-07" or not text:find "\\n", where)
      assert.is_true(not text:find "%.$" or text:find "%.%.%.$" ~= nil, where)
    end
  end)

  it("name a place or a value, but for the few that have neither", function()
    local bare = {}
    for _, message in ipairs(list) do
      if not message[2]:find "%%[%-%d.*]*[%a]" then bare[#bare + 1] = message[1] .. ": " .. message[2] end
    end
    -- No memory, Ctrl-C, and objects that are closed have no place.
    assert.is_true(#bare * 6 < #list, table.concat(bare, "\n"))
  end)
end)
