-- The arrows of the design, read from the #include and require lines.

-- What the C files of each folder may include, besides their own folder and C itself.
local allowed = {
  engine = { "engine/" },
  backends = { "engine/attention_tile.h", "engine/error.h", "engine/floats.h", "engine/kernels.h", "engine/mem.h",
    "engine/products.h", "engine/tensor.h", "backends/" },
  -- Which backends there are, whether they are right, how fast they are.
  ["lua/bind"] = {
    "engine/", "backends/backends.h", "backends/check.h", "backends/onednn.h", "backends/peak.h",
    "backends/timing.h", "lua/bind/",
  },
}
-- Foreign headers: the one file that may include each, or the folder for Lua's.
local owner = {
  ["cblas.h"] = "backends/blas.c",
  ["lapacke.h"] = "engine/linalg/lapack.c",
  ["cjson/cJSON.h"] = "engine/files/json.c",
  ["xxhash.h"] = "engine/files/hash.c",
  ["openssl/evp.h"] = "engine/files/hash_sha256.c",
  ["zlib.h"] = "engine/files/png.c",
  ["lua.h"] = "lua/",
  ["lauxlib.h"] = "lua/",
  ["lualib.h"] = "lua/",
}
-- Headers in angle brackets that belong to C, POSIX, Linux or the compiler.
local system = { immintrin = true, cpuid = true }
for name in ([[assert ctype dirent dlfcn errno fcntl fenv float inttypes limits locale math poll pthread sched
    signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string strings time termios unistd
    sys/file sys/ioctl sys/mman sys/resource sys/stat sys/statvfs sys/syscall sys/types sys/uio linux/fs
    threads]]):gmatch "%S+" do
  system[name] = true
end

local function files(folder, pattern)
  local list = {}
  local command = ("find %s -name '%s' 2>/dev/null | LC_ALL=C sort"):format(folder, pattern)
  local find <close> = assert(io.popen(command))
  for path in find:lines() do list[#list + 1] = path end
  return list
end

local function starts_with_any(name, prefixes)
  for _, prefix in ipairs(prefixes) do
    if name:sub(1, #prefix) == prefix then return true end
  end
  return false
end

-- Every #include of a file: its name and whether it stands in quotes.
local function includes(path)
  local list = {}
  for line in io.lines(path) do
    local mark, name = line:match '^%s*#%s*include%s*(["<])([^">]+)'
    if name then list[#list + 1] = { name = name, quoted = mark == '"' } end
  end
  return list
end

-- What is wrong with an include of `path`, which lies under `folder`; nil if nothing is.
local function wrong_include(path, folder, include)
  local name = include.name
  if owner[name] then
    if path:sub(1, #owner[name]) == owner[name] then return nil end
    return ("%s belongs to %s"):format(name, owner[name])
  end
  if include.quoted then
    if starts_with_any(name, allowed[folder]) then return nil end
    return ("%s/ may not include %s"):format(folder, name)
  end
  if system[name:gsub("%.h$", "")] then return nil end
  return ("<%s> is no header that this test knows"):format(name)
end

for folder in pairs(allowed) do
  describe(folder, function()
    for _, path in ipairs(files(folder, "*.[ch]")) do
      it("keeps to its layer in " .. path, function()
        for _, include in ipairs(includes(path)) do
          assert.is_nil(wrong_include(path, folder, include))
        end
      end)
    end
  end)
end

-- What a Lua file requires.
local function requires(path)
  local list = {}
  for line in io.lines(path) do
    line = line:gsub("%-%-.*$", "")
    for name in line:gmatch [[require%s*%(?%s*["']([^"']+)["']=?]] do list[#list + 1] = name end
  end
  return list
end

describe("lua/vise", function()
  for _, path in ipairs(files("lua/vise", "*.lua")) do
    it("requires only vise in " .. path, function()
      for _, name in ipairs(requires(path)) do
        assert.is_truthy(name == "vise" or name:find "^vise%.", name)
      end
    end)
  end
end)

describe("recipes", function()
  for _, path in ipairs(files("recipes", "*.lua")) do
    if not path:find "/test/" then
      it("uses nothing private in " .. path, function()
        for _, name in ipairs(requires(path)) do
          assert.is_truthy(name == "vise" or name:find "^lib%.", name)
        end
      end)
    end
  end
end)

describe("the layers spec", function()
  it("sees a wrong include", function()
    local function wrong(path, folder, name, quoted)
      return wrong_include(path, folder, { name = name, quoted = quoted ~= false })
    end
    assert.is_string(wrong("engine/a.c", "engine", "backends/backends.h"))
    assert.is_string(wrong("engine/a.c", "engine", "lua/bind/bind.h"))
    assert.is_string(wrong("engine/a.c", "engine", "lua.h", false))
    assert.is_string(wrong("engine/a.c", "engine", "cblas.h", false))
    assert.is_string(wrong("engine/a.c", "engine", "curl/curl.h", false))
    assert.is_string(wrong("backends/a.c", "backends", "engine/pool.h"))
    assert.is_string(wrong("lua/bind/a.c", "lua/bind", "backends/blocked.h"))
    assert.is_nil(wrong("engine/files/json.c", "engine", "cjson/cJSON.h", false))
    assert.is_nil(wrong("lua/bind/sub/a.c", "lua/bind", "lua.h", false))
  end)
end)
