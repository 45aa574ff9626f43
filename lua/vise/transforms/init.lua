--- Transforms by name, those of vise and those of scripts, and rotations to make them of.

local registry = require "vise.transforms.registry"

return {
  names = registry.names,
  register = registry.register,
  rotation = require("vise.transforms.rotation").new,
}
