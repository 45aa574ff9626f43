--- What a terminal shows, as a page: text with colours (SGR) becomes spans.  It reads what
--- `tmux capture-pane -e -p` prints and nothing more.

local markup = require "vise.html.markup"

local M = {}

local h = markup.h

-- The sixteen colours, and the ground they stand on.
local BASE = { [0] = "#3b4249", "#f2867e", "#67c08f", "#dfae5a", "#7fa7ee", "#d59ad8", "#5fc3c9", "#d5dade", "#7d8790",
  "#ff9c94", "#86dba9", "#f0c674", "#9dbcf5", "#e6b3e8", "#7fdbe0", "#ffffff" }
local GROUND, INK = "#15191d", "#d5dade"

local LEVELS = { [0] = 0, 95, 135, 175, 215, 255 }

-- A colour of the 256.
local function indexed(n)
  if n < 16 then return BASE[n] end
  if n >= 232 then return ("rgb(%d,%d,%d)"):format(8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232)) end
  n = n - 16
  return ("rgb(%d,%d,%d)"):format(LEVELS[n // 36], LEVELS[n // 6 % 6], LEVELS[n % 6])
end

-- Takes a colour from the codes after 38 or 48.
local function extended(codes, i)
  if codes[i + 1] == 5 then return indexed(codes[i + 2] or 0), i + 2 end
  return ("rgb(%d,%d,%d)"):format(codes[i + 2] or 0, codes[i + 3] or 0, codes[i + 4] or 0), i + 4
end

local function apply(style, text)
  local codes = {}
  for code in (text == "" and "0" or text):gmatch "%d+" do codes[#codes + 1] = tonumber(code) end
  local i = 1
  while i <= #codes do
    local code = codes[i]
    if code == 0 then
      for key in pairs(style) do style[key] = nil end
    elseif code == 1 then style.bold = true
    elseif code == 2 then style.dim = true
    elseif code == 4 then style.underline = true
    elseif code == 7 then style.reverse = true
    elseif code == 22 then style.bold, style.dim = nil, nil
    elseif code == 24 then style.underline = nil
    elseif code == 27 then style.reverse = nil
    elseif code == 38 then style.ink, i = extended(codes, i)
    elseif code == 48 then style.ground, i = extended(codes, i)
    elseif code == 39 then style.ink = nil
    elseif code == 49 then style.ground = nil
    elseif code >= 30 and code <= 37 then style.ink = BASE[code - 30]
    elseif code >= 40 and code <= 47 then style.ground = BASE[code - 40]
    elseif code >= 90 and code <= 97 then style.ink = BASE[code - 82]
    elseif code >= 100 and code <= 107 then style.ground = BASE[code - 92]
    end
    i = i + 1
  end
end

local function css(style)
  local ink, ground = style.ink, style.ground
  if style.reverse then ink, ground = ground or GROUND, ink or INK end
  local out = {}
  if ink then out[#out + 1] = "color:" .. ink end
  if ground then out[#out + 1] = "background:" .. ground end
  if style.bold then out[#out + 1] = "font-weight:700" end
  if style.dim then out[#out + 1] = "opacity:.65" end
  if style.underline then out[#out + 1] = "text-decoration:underline" end
  return #out > 0 and table.concat(out, ";") or nil
end

-- Letters that some fonts draw narrower or wider than a cell stand in a cell of their own.
local function cells(text)
  local out = {}
  for run, wide in text:gmatch "([\0-\x7f]*)([^\0-\x7f]*)" do
    out[#out + 1] = run
    for c in wide:gmatch(utf8.charpattern) do out[#out + 1] = h.i { c } end
  end
  return out
end

local function spans(screen)
  local out, style, at = {}, {}, 1
  while at <= #screen do
    local from, to, codes = screen:find("\27%[([%d;]*)m", at)
    local text = screen:sub(at, (from or #screen + 1) - 1)
    local look = css(style)
    local first = true
    for line in (text .. "\n"):gmatch "([^\n]*)\n" do
      if not first then out[#out + 1] = markup.BREAK end
      first = false
      if line ~= "" then out[#out + 1] = look and h.span { style = look, cells(line) } or cells(line) end
    end
    if not from then break end
    apply(style, codes)
    at = to + 1
  end
  return out
end

local STYLE = [[
body{margin:0;background:#15191d;color:#d5dade}
pre{margin:0;padding:18px 22px;font:15px/17px "JetBrains Mono","DejaVu Sans Mono","Liberation Mono",monospace}
i{display:inline-block;width:1ch;height:17px;vertical-align:top;font-style:normal;overflow:visible}
]]

--- The page of a screen.
---@param screen string
---@return string
function M.page(screen)
  local document = h.html { lang = "en", h.head { h.meta { charset = "utf-8" }, h.title { "terminal" },
    h.style { markup.raw(STYLE) } }, h.body { h.pre { spans(screen) } } }
  return "<!DOCTYPE html>\n" .. document.html .. "\n"
end

return M
