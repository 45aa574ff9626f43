--- HW: the machine.

---@type table<string, vise.ErrorEntry>
return {
  ["E-HW-01"] = {
    title = "unknown backend",
    next = "Use ref, avx2, avxvnni or avx512, or unset VISE_BACKEND to take the best one.",
  },
  ["E-HW-02"] = {
    title = "backend not supported by this CPU",
    next = "Unset VISE_BACKEND; `vise doctor` lists what this CPU runs.",
  },
  ["E-HW-03"] = {
    title = "thread count out of range",
    next = "Set VISE_THREADS to a number from 1 to 256.",
  },
  ["E-HW-04"] = {
    title = "threads could not be started",
    next = "Set VISE_THREADS to a smaller number.",
  },
  ["E-HW-05"] = {
    title = "a kernel differs from the reference",
    next = "Set VISE_BACKEND=ref and report it with the output of `vise doctor`.",
  },
  ["E-HW-06"] = {
    title = "libcrypto refuses SHA-256",
    next = "Check the OpenSSL configuration of this machine (OPENSSL_CONF).",
  },
  ["E-HW-07"] = {
    title = "VISE_BLAS is neither 0 nor 1",
    next = "Set it to 0 or 1, or leave it unset.",
  },
  ["E-HW-08"] = {
    title = "a size to be timed that no kernel takes",
    next = "Give --inputs as a multiple of --group, and --group as a multiple of 8.",
  },
  ["E-HW-09"] = {
    title = "a library to compare with is missing",
    next = "Install libdnnl2 (oneDNN 2) if you want it timed; vise needs it for nothing else.",
  },
}
