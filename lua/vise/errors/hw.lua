--- HW: the machine.

---@type table<string, vise.ErrorEntry>
return {
  ["E-HW-01"] = {
    title = "unknown backend",
    next = "Use ref, avx2, avxvnni or avx512, or unset VISE_BACKEND to take the best one.",
    explain = "VISE_BACKEND forces the instruction set that kernels use, mostly to compare. The name is "
      .. "none that this program has.",
  },
  ["E-HW-02"] = {
    title = "backend not supported by this CPU",
    next = "Unset VISE_BACKEND; `vise doctor` lists what this CPU runs.",
    explain = "The instruction set asked for is not available on this processor, or the virtual machine "
      .. "hides it. Nothing is replaced silently, since results would be taken for those of another "
      .. "backend.",
  },
  ["E-HW-03"] = {
    title = "thread count out of range",
    next = "Set VISE_THREADS to a number from 1 to 256.",
    explain = "The number of threads is out of range, or VISE_THREADS is not a number.",
  },
  ["E-HW-04"] = {
    title = "threads could not be started",
    next = "Set VISE_THREADS to a smaller number.",
    explain = "The system did not give as many threads as asked for: a limit of the user or of a container.",
  },
  ["E-HW-05"] = {
    title = "a kernel differs from the reference",
    next = "Set VISE_BACKEND=ref and report it with the output of `vise doctor`.",
    explain = "A kernel was compared with the plain reference on small problems and gave something else. "
      .. "The processor, its emulation or the program is broken; do not use its results.",
  },
  ["E-HW-06"] = {
    title = "libcrypto refuses SHA-256",
    next = "Check the OpenSSL configuration of this machine (OPENSSL_CONF).",
    explain = "SHA-256 comes from libcrypto. A policy on this machine forbids it or its configuration is "
      .. "broken.",
  },
  ["E-HW-07"] = {
    title = "VISE_BLAS is neither 0 nor 1",
    next = "Set it to 0 or 1, or leave it unset.",
    explain = "VISE_BLAS=0 computes float products by vise's own code, 1 by OpenBLAS. Other values are "
      .. "refused, since the choice is visible in the last bits.",
  },
  ["E-HW-08"] = {
    title = "a size to be timed that no kernel takes",
    next = "Give --inputs as a multiple of --group, and --group as a multiple of 8.",
    explain = "A benchmark was asked for a size that no kernel takes: rows must be whole groups.",
  },
  ["E-HW-09"] = {
    title = "a library to compare with is missing",
    next = "Install libdnnl2 (oneDNN 2) if you want it timed; vise needs it for nothing else.",
    explain = "`vise bench peers` compares with libraries that are loaded if they are there. This one is "
      .. "not, or it is of another version.",
  },
}
