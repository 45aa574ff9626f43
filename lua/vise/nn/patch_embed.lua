--- PatchEmbed: cuts images into patches, projects each and adds its place: fixed sines and cosines
--- of the column in the first half of the width, of the row in the second.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.PatchEmbed: vise.nn.Module
---@field weight vise.Tensor  [width, channels, patch, patch]: a convolution that does not overlap
---@field bias vise.Tensor
---@field positions? vise.Tensor  f32 [patches, width]; nil without a weight
---@field patch integer
local PatchEmbed = module.class "PatchEmbed"

-- `quarter` sines of at * 10000^(-k / quarter), then as many cosines, as f32.
local function waves(at, quarter)
  local out = {}
  for k = 0, quarter - 1 do
    local angle = at * 10000.0 ^ (-k / quarter)
    out[k + 1] = ("<f"):pack(math.sin(angle))
    out[quarter + k + 1] = ("<f"):pack(math.cos(angle))
  end
  return table.concat(out)
end

local function positions(grid, width)
  local along, rows = {}, {}
  for at = 0, grid - 1 do along[at] = waves(at, width // 4) end
  for y = 0, grid - 1 do
    for x = 0, grid - 1 do rows[#rows + 1] = along[x] .. along[y] end
  end
  return try(core.tensor_of("f32", { grid * grid, width }, table.concat(rows)))
end

---@param name string
---@param weight vise.Tensor
---@param bias vise.Tensor
---@param size { patch: integer, grid: integer, width: integer }  grid: patches along one side
---@return vise.nn.PatchEmbed
function PatchEmbed.new(name, weight, bias, size)
  return setmetatable({
    name = name, children = {}, weight = weight, bias = bias,
    positions = weight and positions(size.grid, size.width), patch = size.patch,
  }, PatchEmbed)
end

---@param images vise.Tensor  f32 [B, C, H, W]
---@return vise.Tensor        f32 [B, patches, width]
function PatchEmbed:forward(images)
  local patches <close> = try(core.patchify(images, self.patch))
  local flat <close> = try(self.weight:reshape { (self.weight:shape()), -1 })
  local x = try(core.linear(patches, flat, self.bias))
  return try(x:add(self.positions, x))
end

function PatchEmbed:close()
  if self.positions then self.positions:close() end
end

return PatchEmbed
