--- Base64, for pictures inside a page and for hashes.

local M = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local digit = {}
for i = 0, 63 do digit[i] = ALPHABET:sub(i + 1, i + 1) end

-- Twelve bits at once.
local pair = {}
for i = 0, 4095 do pair[i] = digit[i >> 6] .. digit[i & 63] end

--- RFC 4648, with padding.
---@param bytes string
---@return string
function M.encode(bytes)
  local out = {}
  for i = 1, #bytes - 2, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local v = a << 16 | b << 8 | c
    out[#out + 1] = pair[v >> 12]
    out[#out + 1] = pair[v & 4095]
  end
  local rest = #bytes % 3
  if rest == 1 then
    out[#out + 1] = pair[bytes:byte(-1) << 4] .. "=="
  elseif rest == 2 then
    local v = bytes:byte(-2) << 10 | bytes:byte(-1) << 2
    out[#out + 1] = pair[v >> 6] .. digit[v & 63] .. "="
  end
  return table.concat(out)
end

return M
