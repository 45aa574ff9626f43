--- Reads what objdump says of x86 machine code: functions, and their innermost loops.

local M = {}

---@class Instruction
---@field at integer      Address.
---@field name string     Mnemonic.
---@field operands string In AT&T order: the destination comes last.

local PREFIX = { bnd = true, cs = true, data16 = true, notrack = true, ["{vex}"] = true }

--- The lines of a command's output.
---@param command string
local function lines_of(command)
  local pipe <close> = assert(io.popen(command .. " 2>/dev/null"))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  return lines
end

--- The functions in a disassembly.
---@param lines string[]  Of `objdump -d --no-show-raw-insn`.
---@return { name: string, code: Instruction[] }[]
function M.functions(lines)
  local functions, code = {}, nil
  for _, line in ipairs(lines) do
    local name = line:match "^%x+ <(.+)>:$"
    if name then
      code = {}
      functions[#functions + 1] = { name = name, code = code }
    elseif code then
      local at, text = line:match "^%s*(%x+):%s+(%S.*)$"
      if at then
        local mnemonic, operands = text:match "^(%S+)%s*(.-)%s*$"
        while PREFIX[mnemonic] and operands ~= "" do
          mnemonic, operands = operands:match "^(%S+)%s*(.*)$"
        end
        code[#code + 1] = { at = tonumber(at, 16), name = mnemonic, operands = operands }
      end
    end
  end
  return functions
end

-- For each instruction of `code` the indices of those that may come next.
local function successors(code)
  local index, next_of = {}, {}
  for i, c in ipairs(code) do index[c.at] = i end
  for i, c in ipairs(code) do
    local to = c.name:find "^j" and index[tonumber(c.operands:match "^%x+" or "", 16)]
    local falls = not c.name:find "^jmp" and not c.name:find "^ret" and c.name ~= "ud2"
    next_of[i] = { to or nil }
    if falls and i < #code then table.insert(next_of[i], i + 1) end
  end
  return next_of
end

-- What fills up to an aligned address.
local function is_padding(c)
  return c.name:find "^nop" or c.name == "xchg" and c.operands == "%ax,%ax"
end

-- Blocks of instructions of which each follows from the one before and nowhere else; the
-- first instruction is in block 1.
local function blocks_of(code)
  local next_of, starts = successors(code), { [1] = true }
  for i, list in ipairs(next_of) do
    for _, to in ipairs(list) do
      if to ~= i + 1 or #list > 1 then starts[to] = true end
    end
    starts[i + 1] = starts[i + 1] or #list ~= 1 or list[1] ~= i + 1
  end
  local blocks, of = {}, {}
  for i, c in ipairs(code) do
    if starts[i] then blocks[#blocks + 1] = { first = i, to = {}, from = {}, padding = true } end
    blocks[#blocks].last = i
    blocks[#blocks].padding = blocks[#blocks].padding and is_padding(c)
    of[i] = #blocks
  end
  for b, block in ipairs(blocks) do
    for _, to in ipairs(next_of[block.last]) do
      table.insert(block.to, of[to])
      table.insert(blocks[of[to]].from, b)
    end
  end
  return blocks
end

-- The blocks, each after all that come from it but for those of loops; and those of them that
-- something other than this code's own branches leads to: the first one, and what only a jump
-- table can reach.
local function postorder(blocks)
  local seen, order, entries = {}, {}, {}
  local function visit(root)
    local stack = { { root, 1 } }
    seen[root], entries[root] = true, true
    while #stack > 0 do
      local top = stack[#stack]
      local to = blocks[top[1]].to[top[2]]
      top[2] = top[2] + 1
      if not to then
        table.insert(order, top[1])
        stack[#stack] = nil
      elseif not seen[to] then
        seen[to] = true
        stack[#stack + 1] = { to, 1 }
      end
    end
  end
  visit(1)
  for b, block in ipairs(blocks) do
    if #block.from == 0 and not seen[b] and not block.padding then visit(b) end
  end
  for b, block in ipairs(blocks) do -- where a table leads to the head of a loop
    if not seen[b] and not block.padding then visit(b) end
  end
  return order, entries
end

-- The immediate dominator of each block: the last one that every way to it passes.  0 stands
-- before the first block (Cooper, Harvey, Kennedy).
local function dominators(blocks)
  local order, entries = postorder(blocks)
  local rank, above = { [0] = #order + 1 }, { [0] = 0 }
  for i, b in ipairs(order) do rank[b] = i end
  local function meet(a, b)
    while a ~= b do
      if rank[a] < rank[b] then a = above[a] else b = above[b] end
    end
    return a
  end
  local changed = true
  while changed do
    changed = false
    for i = #order, 1, -1 do
      local b = order[i]
      local new = entries[b] and 0 or nil
      for _, from in ipairs(blocks[b].from) do
        if above[from] then new = new and meet(new, from) or from end
      end
      if above[b] ~= new then
        above[b], changed = new, true
      end
    end
  end
  return above
end

local function dominates(above, a, b)
  while b and b ~= a and b ~= 0 do b = above[b] end
  return a == b
end

-- The blocks of the loop whose branches back to `head` come from `tails`.
local function body_of(blocks, head, tails)
  local body, work = { [head] = true }, {}
  local function add(b)
    if not body[b] then
      body[b] = true
      work[#work + 1] = b
    end
  end
  for _, tail in ipairs(tails) do add(tail) end
  while #work > 0 do
    for _, from in ipairs(blocks[table.remove(work)].from) do
      if not blocks[from].padding then add(from) end
    end
  end
  return body
end

--- The innermost loops of a function.
---@param code Instruction[]
---@return Instruction[][]
function M.innermost_loops(code)
  local blocks = blocks_of(code)
  local above, tails = dominators(blocks), {}
  for b, block in ipairs(blocks) do
    for _, to in ipairs(block.to) do
      if above[b] and dominates(above, to, b) then
        tails[to] = tails[to] or {}
        table.insert(tails[to], b)
      end
    end
  end
  local loops = {}
  for head, list in pairs(tails) do
    local body, innermost = body_of(blocks, head, list), true
    for other in pairs(tails) do innermost = innermost and (other == head or not body[other]) end
    if innermost then
      local loop = {}
      for b in pairs(body) do table.move(code, blocks[b].first, blocks[b].last, #loop + 1, loop) end
      table.sort(loop, function(x, y) return x.at < y.at end)
      loops[#loops + 1] = loop
    end
  end
  table.sort(loops, function(x, y) return x[1].at < y[1].at end)
  return loops
end

--- Disassembles an object file that gcc made: other compilers have faults of their own.
---@param path string
---@return { name: string, code: Instruction[] }[]? functions
---@return string? why  There is no answer.
function M.read(path)
  if #lines_of "objdump --version" == 0 then return nil, "objdump is not installed" end
  local functions = M.functions(lines_of(("objdump -d --no-show-raw-insn '%s'"):format(path)))
  if #functions == 0 then return nil, "there is no " .. path end
  local comment = lines_of(("objdump -s -j .comment '%s'"):format(path))
  if not table.concat(comment):find "GCC: " then return nil, "gcc did not make " .. path end
  return functions
end

return M
