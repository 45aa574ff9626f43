local core = require "vise.core"
local support = require "support"

--- CRC-32 by its definition.
local function crc32(s)
  local crc = 0xffffffff
  for i = 1, #s do
    crc = crc ~ s:byte(i)
    for _ = 1, 8 do crc = (crc >> 1) ~ (0xedb88320 & -(crc & 1)) end
  end
  return crc ~ 0xffffffff
end

--- Canonical Huffman codes as a table from "1" .. bits (as a number) to the symbol.
local function huffman(lengths)
  local codes, code = {}, 0
  for len = 1, 15 do
    for symbol = 0, #lengths do
      if lengths[symbol] == len then
        codes[1 << len | code] = symbol
        code = code + 1
      end
    end
    code = code << 1
  end
  return codes
end

--- RFC 1951 in plain loops.
local function inflate(s)
  local out, at, bit = {}, 1, 0
  local function bits(n)
    local v = 0
    for i = 0, n - 1 do
      v = v | (s:byte(at) >> bit & 1) << i
      bit = bit + 1
      if bit == 8 then at, bit = at + 1, 0 end
    end
    return v
  end
  local function symbol(codes)
    local code = 1
    repeat code = code << 1 | bits(1) until codes[code]
    return codes[code]
  end
  local function lengths(n, codes)
    local list, i = {}, 0
    while i < n do
      local c = symbol(codes)
      local times, value = 1, c
      if c == 16 then times, value = 3 + bits(2), list[i - 1]
      elseif c == 17 then times, value = 3 + bits(3), 0
      elseif c == 18 then times, value = 11 + bits(7), 0 end
      for _ = 1, times do
        list[i] = value
        i = i + 1
      end
    end
    return list
  end
  local function block(literals, distances)
    while true do
      local c = symbol(literals)
      if c == 256 then return end
      if c < 256 then
        out[#out + 1] = c
      else
        c = c - 257
        local extra = (c < 8 or c == 28) and 0 or c // 4 - 1
        local length = c == 28 and 258 or c < 8 and c + 3 or ((4 + c % 4) << extra) + 3
        length = length + bits(extra)
        local d = symbol(distances)
        extra = d < 4 and 0 or d // 2 - 1
        local distance = (d < 4 and d or (2 + d % 2) << extra) + 1 + bits(extra)
        for _ = 1, length do out[#out + 1] = out[#out + 1 - distance] end
      end
    end
  end
  local last
  repeat
    last = bits(1)
    local kind = bits(2)
    if kind == 0 then
      if bit > 0 then at, bit = at + 1, 0 end
      local n = string.unpack("<I2", s, at)
      for i = at + 4, at + 3 + n do out[#out + 1] = s:byte(i) end
      at = at + 4 + n
    elseif kind == 1 then
      local l, d = {}, {}
      for i = 0, 287 do l[i] = i < 144 and 8 or i < 256 and 9 or i < 280 and 7 or 8 end
      for i = 0, 29 do d[i] = 5 end
      block(huffman(l), huffman(d))
    else
      local nl, nd, nc = bits(5) + 257, bits(5) + 1, bits(4) + 4
      local order, c = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }, {}
      for i = 0, 18 do c[i] = 0 end
      for i = 1, nc do c[order[i]] = bits(3) end
      local all, l, d = lengths(nl + nd, huffman(c)), {}, {}
      for i = 0, nl - 1 do l[i] = all[i] end
      for i = 0, nd - 1 do d[i] = all[nl + i] end
      block(huffman(l), huffman(d))
    end
  until last == 1
  return out
end

--- Checks every chunk, and gives width, height, colour type and the rows with their filter bytes.
local function decode(png)
  assert.equal("\x89PNG\r\n\x1a\n", png:sub(1, 8))
  local at, types, data, header = 9, {}, {}, nil
  while at <= #png do
    local size = string.unpack(">I4", png, at)
    local kind, body = png:sub(at + 4, at + 7), png:sub(at + 8, at + 7 + size)
    assert.equal(crc32(kind .. body), (string.unpack(">I4", png, at + 8 + size)))
    types[#types + 1] = kind
    if kind == "IHDR" then header = body end
    if kind == "IDAT" then data[#data + 1] = body end
    at = at + 12 + size
  end
  assert.same({ "IHDR", "IDAT", "IEND" }, types)
  local width, height, depth, colour, method, filter, interlace = string.unpack(">I4I4BBBBB", header)
  assert.same({ 8, 0, 0, 0 }, { depth, method, filter, interlace })
  local stream = table.concat(data)
  assert.equal(0, (stream:byte(1) * 256 + stream:byte(2)) % 31)
  local out = inflate(stream:sub(3, -5))
  local a, b = 1, 0
  for _, v in ipairs(out) do
    a = (a + v) % 65521
    b = (b + a) % 65521
  end
  assert.equal(b << 16 | a, (string.unpack(">I4", stream, #stream - 3)))
  return width, height, colour, out
end

--- The bytes that the rows of a picture must decode to.
local function rows(t, height, row_bytes)
  local want, flat = {}, t:totable()
  for y = 0, height - 1 do
    want[#want + 1] = 0
    table.move(flat, y * row_bytes + 1, (y + 1) * row_bytes, #want + 1, want)
  end
  return want
end

describe("core.png", function()
  local function picture(shape, f)
    local n, values = 1, {}
    for _, d in ipairs(shape) do n = n * d end
    for i = 1, n do values[i] = f(i) end
    return core.tensor_of("u8", shape, values)
  end

  local state = 5
  local function random()
    state = (state * 1664525 + 1013904223) & 0xffffffff
    return state >> 24
  end

  it("writes grey pictures that decode to their pixels", function()
    for _, shape in ipairs { { 1, 1 }, { 1, 7 }, { 9, 1 }, { 33, 65 } } do
      for _, f in ipairs { random, function() return 0 end, function(i) return i % 11 * 20 end } do
        local t = picture(shape, f)
        local width, height, colour, out = decode(core.png(t))
        assert.same({ shape[2], shape[1], 0 }, { width, height, colour })
        assert.same(rows(t, shape[1], shape[2]), out)
      end
    end
  end)

  it("writes RGB pictures that decode to their pixels", function()
    local t = picture({ 17, 5, 3 }, random)
    local width, height, colour, out = decode(core.png(t))
    assert.same({ 5, 17, 2 }, { width, height, colour })
    assert.same(rows(t, 17, 15), out)
  end)

  it("writes a strided view", function()
    local view = picture({ 8, 12 }, random):columns(3, 9)
    local width, height, _, out = decode(core.png(view))
    assert.same({ 7, 8 }, { width, height })
    assert.same(rows(view:copy(), 8, 7), out)
  end)

  it("refuses what is not a picture", function()
    assert.error_matches(function() core.png(core.tensor("f32", { 2, 2 })) end, "E%-TN%-04: a picture is u8")
    for _, shape in ipairs { {}, { 3 }, { 2, 2, 4 }, { 0, 2 }, { 2, 0 }, { 0, 2, 3 }, { 1, 2, 2, 3 } } do
      assert.error_matches(function() core.png(core.tensor("u8", shape)) end, "E%-TN%-01: a picture is")
    end
  end)

  it("refuses one whose rows and filter bytes pass zlib's 32 bits", function()
    local path, size = os.tmpname(), (1 << 29) + 1 -- a sparse file: mapped, never read
    local header = ('{"t":{"dtype":"U8","shape":[%d,1],"data_offsets":[0,%d]}}'):format(size, size)
    local f = assert(io.open(path, "wb"))
    f:write(string.pack("<s8", header))
    f:seek("cur", size - 1)
    f:write "\0"
    f:close()
    local file <close> = assert(core.safetensors_open(path))
    local t <close> = file:tensor "t"
    core.memory_limit(core.memory().bytes + (1 << 20))
    local ok, message = pcall(core.png, t)
    core.memory_limit(-1)
    os.remove(path)
    assert.is_false(ok)
    assert.matches("E%-TN%-01: a picture is .* at most 1 GiB", message)
  end)

  it("leaks nothing, whichever allocation fails", function()
    local t = core.tensor("u8", { 4, 4 })
    assert.is_true(support.sweep(function() return core.png(t) end) >= 5)
  end)
end)
