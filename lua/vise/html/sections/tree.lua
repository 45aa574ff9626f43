local M = {}
function M.section() end
return M
