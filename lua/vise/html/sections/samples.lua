--- What the model makes: images and texts.

local base64 = require "vise.html.base64"
local blocks = require "vise.html.blocks"
local markup = require "vise.html.markup"

local M = {}

local h = markup.h

-- Bytes of all pictures together: a report is mailed and opened on a phone.
local MOST_BYTES = 1024 * 1024

local SIGNATURE = "\x89PNG\r\n\x1a\n"

local function is_png(bytes)
  return type(bytes) == "string" and #bytes >= 24 and bytes:sub(1, 8) == SIGNATURE
end

local function images(list)
  local out, total = {}, 0
  for i, image in ipairs(list) do
    local name = tostring(image.name or i)
    if not is_png(image.png) then
      out[i] = h.p { class = "note", name, ": no PNG." }
    elseif total + #image.png > MOST_BYTES then
      out[i] = h.p { class = "note",
        ("%s: left out, its %d bytes are too many for this page."):format(name, #image.png) }
    else
      total = total + #image.png
      local width, height = (">I4I4"):unpack(image.png, 17)
      out[i] = h.figure { h.img { alt = name, width = width, height = height,
        src = "data:image/png;base64," .. base64.encode(image.png) }, h.figcaption { name } }
    end
  end
  return h.div { class = "images", out }
end

--- Sample images and texts.
---@param doc table
---@return vise.html.Section?
function M.section(doc)
  local content = {}
  if #(doc.images or {}) > 0 then content[1] = images(doc.images) end
  for i, sample in ipairs(doc.texts or {}) do
    content[#content + 1] = { h.h3 { tostring(sample.name or i) }, blocks.text(sample.text or "", 16 * 1024) }
  end
  if #content == 0 then return nil end
  return { id = "samples", title = "Samples", content = content }
end

return M
