--- What was gathered of a model: statistics of its layers, over some or all parts of the data.

local fail = require "vise.fail"
local file = require "vise.statistics.file"
local imatrix = require "vise.statistics.imatrix"
local kinds_of = require "vise.statistics.kinds"
local tree = require "vise.statistics.tree"

local M = {}

---@class vise.Statistics
---@field model? string      The identity of the model; nil if it is not known.
---@field family? string
---@field vise? string       The version that wrote the file.
---@field kinds string[]
---@field layers { name: string, channels: integer }[]
---@field shares table<string, string>  Layers whose moments are those of another.
---@field nodes vise.StatisticsNode[]
---@field data table
local Statistics = {}
Statistics.__index = Statistics

--- Statistics of what was captured or read.
---@param made table
---@return vise.Statistics
function M.new(made)
  return setmetatable(made, Statistics)
end

--- How many of the parts of the data they cover.
---@return integer parts
---@return integer of
function Statistics:parts()
  local sum = 0
  for _, node in ipairs(self.nodes) do sum = sum + node.count end
  return sum, tree.PARTS
end

--- The layer of a name.
---@param name string
---@return { name: string, channels: integer }?
function Statistics:layer(name)
  for _, layer in ipairs(self.layers) do
    if layer.name == name then return layer end
  end
end

--- Whether they have a kind.
---@param kind string
---@return boolean
function Statistics:has(kind)
  for _, known in ipairs(self.kinds) do
    if known == kind then return true end
  end
  return false
end

--- The rows that a layer saw.
---@param name string
---@return integer
function Statistics:rows(name)
  local sum = 0
  for _, node in ipairs(self.nodes) do sum = sum + (node.rows[name] or 0) end
  return sum
end

--- One statistic of a layer, as an observer that the caller closes.
---@param name string
---@param kind string
---@return vise.Observer
function Statistics:observer(name, kind)
  local layer = self:layer(name)
  if not layer or not self:has(kind) then
    fail.raise("E-OB-15", "there is no %s of layer %s", tostring(kind), tostring(name))
  end
  local from = kind == "moments" and self.shares[name] or name
  return tree.fold(self.nodes, from, kind, kinds_of.ALL[kind].observer, { channels = layer.channels })
end

--- Writes a file; one that is there is replaced in one step.
---@param path string
---@return string? sha256
---@return string? message
---@return string? id
function Statistics:save(path)
  return file.save(self, path)
end

--- Writes the importance as a matrix of llama.cpp: GGUF, or in the older form.
---@param path string
---@param form? "imatrix"|"imatrix-dat"
---@return true?
---@return string? message
---@return string? id
function Statistics:to_imatrix(path, form)
  return imatrix.write(self, path, form or "imatrix")
end

--- Frees everything.
function Statistics:close()
  tree.close(self.nodes)
  self.nodes = {}
end

Statistics.__close = Statistics.close

return M
