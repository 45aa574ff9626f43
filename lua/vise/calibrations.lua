--- The workload that each calibration function runs, where one does: what is asked about a function is
--- found here without calling it.

---@type table<function, vise.Workload>
return setmetatable({}, { __mode = "k" })
