--- What a transform works on: the tensors of a model by the checkpoint's names, and what is to become
--- of each.  Changes are noted first and made at the end, one tensor after the other: all changes of a
--- tensor in f64, and one rounding.

local core = require "vise.core"
local fail = require "vise.fail"
local observe = require "vise.observe"
local progress = require "vise.progress"
local streams = require "vise.models.stream"

local try = fail.try

local ROWS = 256 -- of a matrix that are changed at a time

---@class vise.Rotation
---@field block integer           x is multiplied by an orthogonal matrix on blocks of so many numbers.
---@field diagonal? vise.Tensor   f64: what multiplies x first.
---@field matrix? vise.Tensor     f64 [m, m], under the Walsh-Hadamard matrix of block / m.
---@field center? boolean         Takes the mean out before.

---@class vise.TransformWork
---@field settings table<string, any>  Of the model, as they are.
---@field stream vise.ModelStream      Who writes and who reads its residual stream.
---@field changed table<string, any>   Settings that change.
---@field layers table<string, vise.nn.Linear>  The model's, by name.
local Work = {}
Work.__index = Work

local M = {}

---@param model table
---@param calibrate? fun(model: table)  Runs the model, for transforms that look at what flows through it.
---@return vise.TransformWork
function M.new(model, calibrate)
  local _, blocks = model:repeated()
  local layers = {}
  for _, layer in ipairs(model:layers()) do layers[layer.name] = layer end
  local stream = streams.of(model.stream, model.settings, blocks or 0)
  return setmetatable({ model = model, calibrate = calibrate, layers = layers, weights = model.weights,
    settings = model.settings, changed = {}, order = {}, steps = {}, sources = {}, fresh = {}, whole = {},
    stream = stream }, Work)
end

--- What is known of a tensor, after the transforms before this one; nil if there is none.
---@param name string
---@return { dtype: string, shape: integer[] }?
function Work:info(name)
  if self.fresh[name] then return { dtype = "f32", shape = self.fresh[name] } end
  return self.weights:info(self.sources[name] or name)
end

--- A tensor as it is before this transform; the caller closes it.
---@param name string
---@return vise.Tensor
function Work:tensor(name)
  if not self:info(name) then fail.raise("E-TR-06", "transform: the model has no tensor %s", name) end
  if self.fresh[name] then return try(core.tensor("f32", self.fresh[name])) end
  return try(self.weights:current(self.sources[name] or name))
end

--- Notes a change of a tensor: `f` gets it in f64 and changes it in place, or gives another one.
---@param name string
---@param f fun(w: vise.Tensor): vise.Tensor?
---@param by_rows? boolean  f changes each row of a matrix in place, whatever the others are, and may be given some.
function Work:change(name, f, by_rows)
  if not self:info(name) then fail.raise("E-TR-06", "transform: the model has no tensor %s", name) end
  if not self.steps[name] then
    self.order[#self.order + 1], self.steps[name] = name, {}
  end
  table.insert(self.steps[name], f)
  self.whole[name] = self.whole[name] or not by_rows
end

--- A new tensor that begins as a copy of another, as that one was before this transform.
---@param name string
---@param source string
function Work:copy(name, source)
  self.sources[name] = source
  self:change(name, function() end, true)
end

--- A new tensor of zeros.
---@param name string
---@param shape integer[]
function Work:create(name, shape)
  self.fresh[name] = shape
  self:change(name, function() end)
end

--- Changes a setting of the model, one that its family's stream lists.
---@param name string
---@param value any
function Work:set(name, value)
  self.changed[name] = value
end

-- Rotates what a layer takes in or gives out, for a matrix [out, in], [in, out] if transposed, or a vector.
local function turn(w, side, r, transposed)
  local shape = { w:shape() }
  local columns = #shape == 1 or (side == "out") ~= transposed
  local matrix <close> = #shape == 1 and try(w:reshape { shape[1], 1 }) or w:rows(1, shape[1])
  try(core.rotate(matrix, { block = r.block, center = r.center, columns = columns }, r.diagonal, r.matrix))
end

-- The i-th of n equal parts of a layer's outputs.
local function part_of(w, part, transposed)
  local shape = { w:shape() }
  local count = shape[#shape == 2 and transposed and 2 or 1] // part[2]
  local first, last = (part[1] - 1) * count + 1, part[1] * count
  if #shape == 2 and transposed then return w:columns(first, last) end
  return w:rows(first, last)
end

--- Notes that the inputs ("in") or the outputs ("out") of a layer are rotated: W Q, or Q' W and Q' b.
---@param layer string     Without ".weight".
---@param side "in"|"out"
---@param rotation vise.Rotation
---@param part? integer[]  { i, n }: only of the i-th of n parts of its outputs.
function Work:rotate(layer, side, rotation, part)
  local transposed = self.stream.transposed[layer] or false
  local function change(w)
    local some <close> = part and part_of(w, part, transposed) or nil
    turn(some or w, side, rotation, transposed)
  end
  self:change(layer .. ".weight", change, side == "in" and not transposed)
  if side == "out" and self:info(layer .. ".bias") then self:change(layer .. ".bias", change) end
end

-- All changes of a tensor, and one rounding.
local function change_whole(steps, source, dtype)
  local w = try(source:to "f64")
  for _, f in ipairs(steps) do
    local other = f(w)
    if other and other ~= w then
      w:close()
      w = other
    end
  end
  local wide <close> = w
  return try(wide:to(dtype))
end

-- The same for changes of rows: no more of a large embedding is in f64 at a time than it takes.
local function change_rows(steps, source, dtype)
  local rows, columns = source:shape()
  local out = try(core.tensor(dtype, { rows, columns }))
  for first = 1, rows, ROWS do
    local last = math.min(rows, first + ROWS - 1)
    local some <close> = source:rows(first, last)
    local place <close> = out:rows(first, last)
    local w <close> = try(some:to "f64")
    for _, f in ipairs(steps) do f(w) end
    try(w:to(dtype, place))
  end
  return out
end

-- What a tensor becomes.
local function changed(self, name, dtype)
  local source <close> = self:tensor(name)
  local bad = source:nonfinite()
  if bad then try(nil, ("tensor %s: element %d is not finite"):format(name, bad), "E-NU-01") end
  local by_rows = not self.whole[name] and select("#", source:shape()) == 2
  local out = (by_rows and change_rows or change_whole)(self.steps[name], source,
    dtype == "model" and source:dtype() or dtype)
  bad = out:nonfinite()
  if not bad then return out end
  local message = ("tensor %s: element %d does not fit %s after the transform"):format(name, bad, out:dtype())
  out:close()
  return try(nil, message, "E-TR-07")
end

--- Notes that a vector is rotated.
---@param name string  Of the tensor.
---@param rotation vise.Rotation
function Work:rotate_vector(name, rotation)
  self:change(name, function(w) turn(w, "out", rotation, false) end)
end

local Spans = { __close = function(spans)
  for _, span in pairs(spans) do span:close() end
end }

--- Runs the calibration and gives the largest |x| of every input channel of some layers, to be closed.
---@param names string[]
---@return table<string, vise.Tensor> spans  f32 [inputs], by layer
function Work:spans(names)
  local watch <close> = try(observe.attach(self.model, names, "channel_span", {}))
  self.calibrate(self.model)
  local message, id = watch:failure()
  if message then try(nil, message, id) end
  local unseen = watch:unseen()[1]
  if unseen then try(nil, ("layer %s: nothing flowed into it during calibration"):format(unseen), "E-OB-10") end
  local spans = setmetatable({}, Spans)
  for _, name in ipairs(names) do
    spans[name] = try(watch:observer(name):result())
    if spans[name]:nonfinite() then
      Spans.__close(spans)
      try(nil, ("layer %s: span is not finite during calibration"):format(name), "E-OB-11")
    end
  end
  return spans
end

--- Makes the changes: the tensors of the model that differ from the checkpoint's, those of earlier
--- transforms included.
---@param dtype "model"|"f32"  What they are stored as: each as it was, or f32.
---@return table<string, vise.Tensor>
function Work:finish(dtype)
  local overlay = {}
  local bar <close> = progress.new("transform", #self.order, "tensors")
  local ok, problem = pcall(function()
    for name in pairs(self.weights.overlay) do overlay[name] = try(self.weights:current(name)) end
    for _, name in ipairs(self.order) do
      local made = changed(self, name, dtype)
      if overlay[name] then overlay[name]:close() end
      overlay[name] = made
      bar:step()
    end
  end)
  if ok then return overlay end
  M.close(overlay)
  error(problem, 0)
end

---@param overlay table<string, vise.Tensor>
function M.close(overlay)
  for _, tensor in pairs(overlay) do tensor:close() end
end

return M
