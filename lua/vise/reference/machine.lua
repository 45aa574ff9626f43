--- The machine as the engine uses it.

return {
  name = "machine",
  kind = "module",
  summary = "backend, threads, memory and time",
  functions = {
    {
      name = "backend",
      arguments = { { "name", "string", "ref, avx2, avxvnni or avx512: use it from now on", optional = true } },
      returns = { { "string" }, { "string?" } },
      text = "The backend in use, and the library behind products of f32 matrices, nil if it is our own code.",
      example = "print(vise.machine.backend())",
    },
    {
      name = "clock", arguments = {}, returns = { { "number" } },
      text = "Seconds of a clock that only goes forward.",
      example = "local start = vise.machine.clock()",
    },
    {
      name = "memory", arguments = {}, returns = { { "table" } },
      text = "What the engine has allocated: blocks, bytes, peak, the most bytes since vise.machine.reset_peak, and "
        .. "total, how many blocks were ever allocated. Mapped files do not count.",
      example = "print(vise.machine.memory().peak)",
    },
    {
      name = "memory_limit",
      arguments = { { "bytes", "integer", "the most that may be allocated; -1: no limit" } },
      text = "Bounds the engine's memory. What would pass the limit fails with E-MM-01.",
      example = "vise.machine.memory_limit(1 << 30)",
    },
    {
      name = "reset_peak", arguments = {},
      text = "Lets the peak of vise.machine.memory begin anew.",
      example = "vise.machine.reset_peak()",
    },
    {
      name = "threads",
      arguments = { { "n", "integer", "use so many from now on", range = "from 1 to 256", optional = true } },
      returns = { { "integer" } },
      text = "How many threads compute. Results do not depend on it.",
      example = "vise.machine.threads(1)",
    },
  },
}
