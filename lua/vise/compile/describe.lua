--- What a compiled model consists of, as data and as text.

---@class vise.compile.Facts
---@field traced integer         Operators that the forward ran.
---@field replayed integer       Operators that run now.
---@field constant integer       Of those that are gone: computed when it was compiled,
---@field shared integer         done once for several,
---@field fused integer          done by the operator that follows.
---@field values integer         Results that need memory,
---@field buffers integer        which lie in so many places,
---@field value_bytes integer    would take so much each in its own,
---@field arena_bytes integer    and take so much together.
---@field workspace_bytes integer  Scratch of operators.
---@field rows_bytes integer       Of coded activations.
---@field constant_bytes integer   Of what was made or computed when it was compiled.
---@field weight_bytes integer     Of the layers, as their plan counts them.
local Facts = {}
Facts.__index = Facts

local function megabytes(n)
  return ("%.2f MiB"):format(n / 2 ^ 20)
end

function Facts:__tostring()
  return table.concat({
    ("operators   %d traced, %d replayed: %d constant, %d shared, %d fused"):format(self.traced, self.replayed,
      self.constant, self.shared, self.fused),
    ("buffers     %d values in %d places: %s instead of %s"):format(self.values, self.buffers,
      megabytes(self.arena_bytes), megabytes(self.value_bytes)),
    ("memory      arena %s, coded activations %s, workspace %s, constants %s"):format(megabytes(self.arena_bytes),
      megabytes(self.rows_bytes), megabytes(self.workspace_bytes), megabytes(self.constant_bytes)),
    ("weights     %s"):format(megabytes(self.weight_bytes)),
  }, "\n")
end

local function bytes_of(objects)
  local bytes = 0
  for _, object in ipairs(objects) do bytes = bytes + object:bytes() end
  return bytes
end

---@param compiled vise.Compiled
---@return vise.compile.Facts
return function(compiled)
  local facts, program = setmetatable({}, Facts), compiled.program
  for key, value in pairs(compiled.facts) do facts[key] = value end
  local plan = program.plan
  facts.replayed, facts.buffers = #program.steps, #plan.buffers
  facts.values, facts.value_bytes = plan.values, plan.value_bytes
  facts.arena_bytes, facts.workspace_bytes = program.arena:bytes(), program.workspace:bytes()
  facts.rows_bytes = 0
  for _, slot in ipairs(plan.rows) do facts.rows_bytes = facts.rows_bytes + slot.rows:bytes() end
  facts.constant_bytes = bytes_of(compiled.made)
  return facts
end
