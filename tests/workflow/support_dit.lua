--- The embedded DiT, and a short calibration for it.

local core = require "vise.core"
local vise = require "vise"

local M = { path = "recipes/quickstart/models/dit-fashion-mnist", layers = 36 }

function M.open()
  return assert(vise.open(M.path, { variant = "fp16" }))
end

--- A batch of noise with its timesteps and labels.
function M.batch(n, seed)
  local g = core.random(seed or 5)
  local times, labels = {}, {}
  for i = 1, n do
    times[i], labels[i] = 1000 * i / n, (i - 1) % 11
  end
  return g:normal { n, 1, 28, 28 }, core.tensor_of("f32", { n }, times), core.tensor_of("i64", { n }, labels)
end

--- Runs the model once on such a batch.
function M.calibrate(model)
  local noise, times, labels = M.batch(4)
  assert(model:forward(noise, times, labels)):close()
end

--- The bytes that a model answers a batch with.
function M.answer(model)
  local noise, times, labels = M.batch(3, 9)
  local y <close> = assert(model:forward(noise, times, labels))
  return y:tobytes()
end

--- A folder that does not exist yet, and a function that removes it.
function M.folder()
  local path = os.tmpname()
  os.remove(path)
  return path, function() core.disk.remove_tree(path) end
end

return M
