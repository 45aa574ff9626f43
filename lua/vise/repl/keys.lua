--- Keys: what the bytes of a terminal mean.  Knows the sequences of xterm, tmux, rxvt and the Linux
--- console, bracketed paste, and bytes that come late or never.
---
--- A key is a name: "left", "ctrl-a", "alt-b", "ctrl-left", "enter", "tab", "backspace"; printable text
--- comes as { "text", s }, a paste as { "paste", s }.

local M = {}

---@alias vise.repl.Key { [1]: string, [2]: string? }

---@class vise.repl.Keys
---@field buffer string  Bytes that do not make a key yet.
---@field pasted? string[]  Parts of the paste that has begun.
local Keys = {}
Keys.__index = Keys

---@return vise.repl.Keys
function M.new()
  return setmetatable({ buffer = "" }, Keys)
end

-- CSI and SS3 finals, and the numbers before "~".
local finals = { A = "up", B = "down", C = "right", D = "left", H = "home", F = "end", Z = "shift-tab", M = "enter" }
local numbers = { [1] = "home", [2] = "insert", [3] = "delete", [4] = "end", [5] = "page-up", [6] = "page-down",
  [7] = "home", [8] = "end" }
local small = { a = "up", b = "down", c = "right", d = "left" } -- rxvt: with ctrl or shift
local controls = { [0] = "ctrl-space", [8] = "backspace", [9] = "tab", [10] = "enter", [13] = "enter",
  [27] = "escape", [28] = "ctrl-\\", [29] = "ctrl-]", [30] = "ctrl-^", [31] = "ctrl-_", [127] = "backspace" }

-- "ctrl-", "alt-", ... of the number that xterm puts behind ";": 1 + shift + 2 alt + 4 ctrl.
local function modifiers(number)
  local bits = math.max((number or 1) - 1, 0)
  return (bits & 4 ~= 0 and "ctrl-" or "") .. (bits & 2 ~= 0 and "alt-" or "")
end

local function control(byte)
  return controls[byte] or "ctrl-" .. string.char(byte + 96)
end

-- A key that is told by its code point: CSI code ; modifiers u.
local function by_code(code, number)
  local prefix = modifiers(number)
  if code < 32 or code == 127 then return { prefix .. control(code) } end
  if code > 0x10ffff then return nil end
  if prefix == "" then return { "text", utf8.char(code) } end
  return { prefix .. utf8.char(code):lower() }
end

-- The key of a whole CSI sequence; nil for one that means nothing here.
local function csi(parameters, final)
  local first, second = parameters:match "^(%d*);?(%d*)"
  local number, modifier = math.tointeger(tonumber(first)), math.tointeger(tonumber(second))
  if final == "~" and numbers[number] then return { modifiers(modifier) .. numbers[number] } end
  if final == "^" and numbers[number] then return { "ctrl-" .. numbers[number] } end
  if final == "u" and number then return by_code(number, modifier) end
  if finals[final] then return { modifiers(modifier) .. finals[final] } end
  if small[final] and parameters == "" then return { small[final] } end
  return nil
end

-- What begins at `at` with ESC: the key, if it is one, and where the rest begins; nothing when bytes
-- are missing.
local function escape(buffer, at)
  local kind = buffer:sub(at + 1, at + 1)
  if kind == "" then return nil end
  if kind == "[" then
    if buffer:sub(at + 2, at + 2) == "[" then -- function keys of the Linux console
      if #buffer < at + 3 then return nil end
      return false, at + 4
    end
    local _, last, parameters = buffer:find("^([\x30-\x3f]*)[\x20-\x2f]*", at + 2)
    local final = buffer:sub(last + 1, last + 1)
    if final == "" then
      if #buffer - at > 64 then return false, last + 1 end
      return nil
    end
    if not final:find "[\x40-\x7e]" then return false, last + 1 end
    if parameters == "200" and final == "~" then return { "paste" }, last + 2 end
    return csi(parameters, final) or false, last + 2
  elseif kind == "O" then
    local final = buffer:sub(at + 2, at + 2)
    if final == "" then return nil end
    if small[final] then return { "ctrl-" .. small[final] }, at + 3 end
    return finals[final] and { finals[final] } or false, at + 3
  elseif kind == "\27" then -- alt with a key that is a sequence itself
    local key, rest = escape(buffer, at + 1)
    if not rest then return nil end
    return key and key[1] ~= "text" and key[1] ~= "paste" and { "alt-" .. key[1] } or key, rest
  end
  local byte = kind:byte()
  if byte < 32 or byte == 127 then return { "alt-" .. control(byte) }, at + 2 end
  if byte >= 0x80 then return false, at + 1 end -- the character follows by itself
  return { "alt-" .. kind:lower(), kind }, at + 2
end

-- The printable text at `at` and where it ends; "" for a byte that is none.  Nothing when bytes are
-- missing.
local function character(buffer, at)
  local byte = buffer:byte(at)
  if byte < 0x80 then
    local last = select(2, buffer:find("^[\x20-\x7e]+", at))
    return buffer:sub(at, last), last + 1
  end
  local size = byte >= 0xf0 and 4 or byte >= 0xe0 and 3 or byte >= 0xc2 and 2 or 1
  local char = buffer:sub(at, at + size - 1)
  if byte < 0xf5 and utf8.len(char) == 1 then
    local code = utf8.codepoint(char)
    return (code < 0xa0) and "" or char, at + size
  end
  local good = char:match "^[\xc2-\xf4][\x80-\xbf]*$"
  if good and #char < size then return nil end
  return "", at + 1
end

-- The end of a paste, or as much as is surely inside it.
local function read_paste(self, events)
  local first, last = self.buffer:find("\27[201~", 1, true)
  if first then
    self.pasted[#self.pasted + 1] = self.buffer:sub(1, first - 1)
    events[#events + 1] = { "paste", table.concat(self.pasted) }
    self.pasted, self.buffer = nil, self.buffer:sub(last + 1)
    return true
  end
  local keep = math.max(#self.buffer - 5, 0) -- the end mark may have begun
  self.pasted[#self.pasted + 1] = self.buffer:sub(1, keep)
  self.buffer = self.buffer:sub(keep + 1)
  return false
end

-- One key from the front of the buffer.  False when bytes are missing.
local function read_key(self, events)
  local buffer = self.buffer
  local byte = buffer:byte()
  local key, rest
  if byte == 27 then
    key, rest = escape(buffer, 1)
  elseif byte < 32 or byte == 127 then
    key, rest = { control(byte) }, 2
  else
    local text
    text, rest = character(buffer, 1)
    key = text and text ~= "" and { "text", text } or false
  end
  if not rest then return false end
  self.buffer = buffer:sub(rest)
  if key and key[1] == "paste" then
    self.pasted = {}
  elseif key then
    events[#events + 1] = key
  end
  return true
end

--- The keys that these bytes complete.
---@param bytes string
---@return vise.repl.Key[]
function Keys:feed(bytes)
  local events = {}
  self.buffer = self.buffer .. bytes
  while self.buffer ~= "" do
    local more
    if self.pasted then more = read_paste(self, events) else more = read_key(self, events) end
    if not more then break end
  end
  return events
end

--- How long to wait for the rest of what has begun, in seconds; nil when nothing has.
---@return number?
function Keys:patience()
  if self.pasted then return 3 end
  if self.buffer == "" then return nil end
  return self.buffer == "\27" and 0.4 or 1
end

--- The rest did not come: what there is counts as it is, a cut sequence as nothing.
---@return vise.repl.Key[]
function Keys:expire()
  local events = {}
  if self.pasted then
    self.pasted[#self.pasted + 1] = self.buffer
    events[1] = { "paste", table.concat(self.pasted) }
    self.pasted = nil
  elseif self.buffer == "\27" then
    events[1] = { "escape" }
  end
  self.buffer = ""
  return events
end

return M
