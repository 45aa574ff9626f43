--- The machine as the engine uses it.

return {
  name = "machine",
  kind = "module",
  summary = "backend, threads, memory and time",
  functions = {
    {
      name = "backend",
      arguments = {
        { "name", "string", "use it from now on", choices = { "ref", "avx2", "avxvnni", "avx512" }, optional = true },
      },
      returns = { { "string", "backend" }, { "string?", "library" } },
      text = "The backend in use, and the library behind products of f32 matrices, nil if it is our own code.",
      example = [[
local before = vise.machine.backend()
vise.machine.backend "ref"
print((vise.machine.backend())) --> ref
vise.machine.backend(before)]],
    },
    {
      name = "clock", arguments = {}, returns = { { "number", "seconds" } },
      text = "A clock that only goes forward.",
      example = [[
local start = vise.machine.clock()
assert(vise.machine.clock() >= start)]],
    },
    {
      name = "memory", arguments = {},
      returns = {
        { "table", "memory", "what the engine has allocated", fields = {
          { "blocks", "integer", "held now" },
          { "bytes", "integer", "held now", unit = "bytes" },
          { "peak", "integer", "the most bytes since reset_peak", unit = "bytes" },
          { "total", "integer", "blocks that were ever allocated" },
        } },
      },
      text = "What the engine has allocated. Mapped files do not count.",
      example = [[
local before = vise.machine.memory().bytes
local t = vise.tensor("f32", { 1000 })
assert(vise.machine.memory().bytes >= before + t:bytes())]],
    },
    {
      name = "memory_limit",
      arguments = { { "bytes", "integer", "the most that may be allocated; -1: no limit", unit = "bytes" } },
      text = "Bounds the engine's memory. What would pass the limit fails with E-MM-01.",
      example = [[
vise.machine.memory_limit(1 << 20)
local ok, message = pcall(vise.tensor, "f32", { 1 << 20 })
vise.machine.memory_limit(-1)]],
    },
    {
      name = "reset_peak", arguments = {},
      text = "Lets the peak of vise.machine.memory begin anew.",
      example = [[
vise.machine.reset_peak()
local memory = vise.machine.memory()
assert(memory.peak == memory.bytes)]],
    },
    {
      name = "threads",
      arguments = { { "n", "integer", "use so many from now on", min = 1, max = 256, optional = true } },
      returns = { { "integer", "threads" } },
      text = "How many threads compute. Results do not depend on it.",
      example = [[
local before = vise.machine.threads()
print(vise.machine.threads(1)) --> 1
vise.machine.threads(before)]],
    },
  },
}
