local M = {}
function M.verdict() end
function M.weights() end
function M.parameters() end
return M
