local disassembly = require "disassembly"

-- The files whose loops hold their sums in vector registers, and how the instruction that
-- multiplies in them begins.
local KERNELS = {
  ["avx512_int8.c"] = "vpdpbusd",
  ["avx512_grouped.c"] = "vpdpbusd",
}

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

-- The innermost loops of a file that multiply.
local function loops_in(functions, file, instruction)
  local found = {}
  for _, f in ipairs(functions) do
    for _, loop in ipairs(f.file == file and disassembly.innermost_loops(f.code) or {}) do
      if multiplies(loop, instruction) then found[#found + 1] = loop end
    end
  end
  return found
end

local function this_program()
  local pipe <close> = assert(io.popen "readlink /proc/$PPID/exe")
  return pipe:read "l"
end

describe("the innermost loops of the products", function()
  local program = this_program()
  local functions, why
  if program:find "/release/" then
    functions, why = disassembly.read(program)
  else
    why = "only the release build is made to keep registers"
  end
  for file, instruction in pairs(KERNELS) do
    it("store no vector register of " .. file, function()
      if not functions then return pending(why) end
      local loops = loops_in(functions, file, instruction)
      assert.is_true(#loops > 0, "no loop found")
      for _, loop in ipairs(loops) do assert.same({}, spills(loop)) end
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
    1010:	vpdpbusd %zmm2,%zmm3,%zmm4
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
    assert.equal(0x1020, loops[1][#loops[1]].at)
  end)

  it("shows a spilled register, but no store to an array", function()
    local loop = disassembly.innermost_loops(disassembly.functions(lines)[1].code)[1]
    assert.same({ "1014: vmovdqa64 %zmm4,-0x80(%rbp)" }, spills(loop))
  end)

  it("names a function's file", function()
    local files = disassembly.files {
      "0000000000000000 l    df *ABS*\t0000000000000000              a.c",
      "0000000000001000 l     F .text\t0000000000000147              f",
      "0000000000000000 l    df *ABS*\t0000000000000000              b.c",
      "0000000000002000 l     F .text\t0000000000000100              g",
    }
    assert.same({ [0x1000] = "a.c", [0x2000] = "b.c" }, files)
  end)
end)
