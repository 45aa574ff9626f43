--- What a run was made from, as names, sizes and hashes: model, data, engine.

local core = require "vise.core"
local fail = require "vise.fail"

local disk = core.disk

local M = {}

-- Files of a model folder that are hashed beside its weights: config, index, tokenizer.
local MOST_BESIDE = 64 << 20

---@class vise.InputFile
---@field file string     Its name, without the folder.
---@field bytes integer
---@field sha256 string

local function entry(path)
  return { file = path:match "[^/]*$", bytes = fail.try(disk.size(path)), sha256 = fail.try(disk.sha256(path)) }
end

local WEIGHTS = { safetensors = true, bin = true, pt = true, pth = true, ckpt = true, pkl = true, gguf = true }

-- What a model folder holds beside weights, which may be those of another variant.
local function beside(folder)
  local list = {}
  for _, name in ipairs(fail.try(disk.list(folder))) do
    local path = folder .. "/" .. name
    local weights = WEIGHTS[name:match "%.(%w+)$" or ""] and not name:find "^tok"
    if name:sub(1, 1) ~= "." and not weights and disk.exists(path) == "file"
      and fail.try(disk.size(path)) <= MOST_BESIDE then
      list[#list + 1] = path
    end
  end
  return list
end

--- The files of a model: the weights that are used and what else its folder holds.
---@param path string     A folder or a file.
---@param variant? string
---@return { variant?: string, files: vise.InputFile[] }? model
---@return string? message
---@return string? id
function M.model(path, variant)
  return fail.catch(function()
    local opened <close> = fail.try(require("vise.checkpoint").open(path, { variant = variant }))
    local files = core.array {}
    for i, weights in ipairs(opened:files()) do files[i] = entry(weights) end
    if disk.exists(path) == "folder" then
      for _, other in ipairs(beside(path)) do files[#files + 1] = entry(other) end
    end
    table.sort(files, function(a, b) return a.file < b.file end)
    return { variant = variant, files = files }
  end)
end

--- The files of --data, in their order.
---@param paths string[]
---@return vise.InputFile[]? files
---@return string? message
---@return string? id
function M.data(paths)
  return fail.catch(function()
    local files = core.array {}
    for i, path in ipairs(paths) do files[i] = entry(path) end
    return files
  end)
end

--- What computes: results of one version and class are the same to the bit, for any number of threads.
---@return { vise: string, backend: string, blas: string, matmul: string, class: string }
function M.engine()
  local backend, blas = core.backend()
  local blas_version = "none"
  for _, library in ipairs(blas and require("vise.host").libraries() or {}) do
    if library.name == blas then blas_version = blas .. " " .. library.version end
  end
  return { vise = require "vise.version", backend = backend, blas = blas_version, matmul = core.matmul_rule(),
    class = ("%s, %s"):format(backend, blas and blas_version or "no BLAS") }
end

return M
