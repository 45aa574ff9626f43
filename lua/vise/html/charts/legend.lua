--- Series: each has a colour and a shape, so that a chart can be read without colour.

local markup = require "vise.html.markup"

local M = {}

local h = markup.h

--- How many series can be told apart.
M.COUNT = 8

-- A marker of radius 4 around 0, 0.
local SHAPES = {
  "m-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z",            -- circle
  "m-3.2-3.2h6.4v6.4h-6.4z",                                     -- square
  "m0-4.4l4.2 7.6h-8.4z",                                        -- triangle
  "m0-4.8l4.2 4.8l-4.2 4.8l-4.2-4.8z",                           -- diamond
  "m0 4.4l4.2-7.6h-8.4z",                                        -- triangle, point down
  "m-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z", -- plus
  "m-4.2-1.6h8.4v3.2h-8.4z",                                     -- bar
  "m-1.6-4.2h3.2v8.4h-3.2z",                                     -- post
}

local function slot(i)
  return (i - 1) % M.COUNT + 1
end

--- The class that colours series `i`.
---@param i integer
---@return string
function M.class(i)
  return "s" .. slot(i)
end

--- The path of series `i`'s marker at a place.
---@param i integer
---@param x string
---@param y string
---@return string
function M.marker(i, x, y)
  return ("M%s %s%s"):format(x, y, SHAPES[slot(i)])
end

--- Names of series beside their markers.
---@param names string[]
---@return vise.html.Node
function M.list(names)
  local items = {}
  for i, name in ipairs(names) do
    items[i] = h.li { h.svg { class = "key " .. M.class(i), viewBox = "-6 -6 12 12", width = 12, height = 12,
      ["aria-hidden"] = "true", h.path { d = M.marker(i, 0, 0) } }, name }
  end
  return h.ul { class = "legend", items }
end

return M
