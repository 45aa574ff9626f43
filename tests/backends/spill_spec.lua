local disassembly = require "disassembly"

-- The files whose loops hold their sums in vector registers, and how the instruction that
-- multiplies in them begins.
local KERNELS = {
  ["avx512_int8"] = "vpdpbusd",
  ["avx512_grouped"] = "vpdpbusd",
  ["avx512_panels"] = "vfmadd",
  ["avx512_float8"] = "vfmadd",
  ["avx512bf16_panels"] = "vdpbf16ps",
  ["avx512_products"] = "vfmadd",
  ["avx512_few"] = "vfmadd",
  ["avx512_attention"] = "vfmadd",
  ["avx512_attention_few"] = "vfmadd",
  ["avxvnni_integer"] = "vpdpbusd",
  ["avx2_int8"] = "vpmaddwd",
  ["avx2_grouped"] = "vpmaddubsw",
  ["avx2_tile"] = "vfmadd",
  ["avx2_products"] = "vfmadd",
  ["avx2_few"] = "vfmadd",
  ["avx2_attention"] = "vfmadd",
  ["avx2_attention_few"] = "vfmadd",
}

-- Loops that may store, and how often.  Two rows take eight sums beside the weights they open
-- and what opens them, which is more than sixteen registers hold.
local ALLOWED = { ["avx2_tile"] = { vise_avx2_few = 16 } }

-- Stores of whole vector registers to a fixed place on the stack.  gcc addresses that by rsp,
-- or by rbp where it aligns the stack; what has an index is an array of the program's own.
local function spills(loop)
  local found = {}
  for _, c in ipairs(loop) do
    if c.name:find "^vmov" and c.operands:find "^%%[yz]mm%d+,%-?%w*%(%%r[sb]p%)$" then
      found[#found + 1] = ("%x: %s %s"):format(c.at, c.name, c.operands)
    end
  end
  return found
end

local function multiplies(loop, instruction)
  for _, c in ipairs(loop) do
    if c.name:find("^" .. instruction) then return true end
  end
  return false
end

-- What the innermost loops that multiply store beyond what is allowed, and how many such loops
-- there are.
local function spills_in(functions, file)
  local found, count = {}, 0
  for _, f in ipairs(functions) do
    for _, loop in ipairs(disassembly.innermost_loops(f.code)) do
      if multiplies(loop, KERNELS[file]) then
        local stores, allowed = spills(loop), ALLOWED[file] and ALLOWED[file][f.name] or 0
        if #stores > allowed then table.move(stores, 1, #stores, #found + 1, found) end
        count = count + 1
      end
    end
  end
  return found, count
end

local function this_program()
  local pipe <close> = assert(io.popen "readlink /proc/$PPID/exe")
  return pipe:read "l"
end

describe("the innermost loops of the products", function()
  local folder = this_program():match "^(.*)/"
  for file in pairs(KERNELS) do
    it("store no vector register in " .. file .. ".c", function()
      if not folder:find "/release$" then
        return pending "only the release build is made to keep registers"
      end
      local functions, why = disassembly.read(("%s/backends/%s.o"):format(folder, file))
      if not functions then return pending(why) end
      local found, count = spills_in(functions, file)
      assert.is_true(count > 0, "no loop found")
      assert.same({}, found)
    end)
  end
end)

-- Two loops, one in the other, and a block behind both that jumps back into the outer one.
local TWO_LOOPS = [[
0000000000001000 <f>:
    1000:	vmovaps %zmm1,0x40(%rsp)
    1004:	vpxor  %xmm0,%xmm0,%xmm0
    1008:	test   %eax,%eax
    100a:	je     1030 <f+0x30>
    1010:	{vex} vpdpbusd %zmm2,%zmm3,%zmm4
    1014:	vmovdqa64 %zmm4,-0x80(%rbp)
    1018:	vmovdqa64 %zmm5,0x40(%rsp,%rax,4)
    101c:	dec    %rcx
    1020:	jne    1010 <f+0x10>
    1024:	dec    %rdx
    1028:	jne    1008 <f+0x8>
    102c:	ret
    1030:	vmovaps %zmm6,0x80(%rsp)
    1034:	jmp    1024 <f+0x24>
]]

describe("disassembly", function()
  local lines = {}
  for line in TWO_LOOPS:gmatch "[^\n]+" do lines[#lines + 1] = line end

  it("finds the loop inside the other one", function()
    local loops = disassembly.innermost_loops(disassembly.functions(lines)[1].code)
    assert.equal(1, #loops)
    assert.equal(0x1010, loops[1][1].at)
    assert.equal("vpdpbusd", loops[1][1].name)
    assert.equal(0x1020, loops[1][#loops[1]].at)
  end)

  it("shows a spilled register, but no store to an array", function()
    local loop = disassembly.innermost_loops(disassembly.functions(lines)[1].code)[1]
    assert.same({ "1014: vmovdqa64 %zmm4,-0x80(%rbp)" }, spills(loop))
  end)
end)
