--- The worst layers: how their weights lie before and after, and by how much each is off.

local histogram = require "vise.html.charts.histogram"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h

local MOST = 20

local function left_out(set)
  local words = {}
  for _, which in ipairs { "before", "after", "error" } do
    local what = histogram.left_out(set[which])
    if what then words[#words + 1] = ("%s: %s"):format(which, what) end
  end
  return #words > 0 and h.p { class = "note", "Not drawn: ", table.concat(words, "; "), "." } or false
end

local function card(layer, set)
  local values = histogram.draw({ { hist = set.before, class = "before" }, { hist = set.after, class = "after" } },
    { title = ("Weights of %s before and after"):format(layer.name), width = 420, height = 130, log = true,
      description = "Counts on a logarithmic scale." })
  local errors = histogram.draw({ { hist = set.error, class = "error" } },
    { title = ("Weight error of %s"):format(layer.name), width = 420, height = 96, log = true,
      description = "After minus before; counts on a logarithmic scale." })
  if not values and not errors then return false end
  return h.div { class = "card", h.h3 { h.a { href = "#" .. layer.id, layer.name } },
    h.p { class = "note", ("%s, %s. Output error %s, weight error %s."):format(layer.type, numbers.shape(layer.shape),
      numbers.percent(layer.output_error), numbers.percent(layer.weight_error)) },
    values, errors and h.h4 { "error of each weight" } or false, errors, left_out(set) }
end

local function cards_of(entry)
  local cards = {}
  for _, layer in ipairs(entry.worst) do
    local set = entry.histograms[layer.name]
    local one = type(set) == "table" and #cards < MOST and card(layer, set)
    if one then cards[#cards + 1] = one end
  end
  return cards
end

local function key()
  return h.ul { class = "legend", h.li { h.svg { class = "swatch", ["aria-hidden"] = "true", viewBox = "0 0 14 10",
    h.rect { class = "before", width = 14, height = 10 } }, "before" },
    h.li { h.svg { class = "swatch", ["aria-hidden"] = "true", viewBox = "0 0 14 10",
      h.rect { class = "after", x = 1, y = 1, width = 12, height = 8 } }, "after" },
    h.li { h.svg { class = "swatch", ["aria-hidden"] = "true", viewBox = "0 0 14 10",
      h.rect { class = "error", x = 1, y = 1, width = 12, height = 8 } }, "after minus before" } }
end

--- Histograms of the worst layers.
---@param _ table
---@param list vise.html.Entry[]
---@return vise.html.Section?
function M.section(_, list)
  local content, shown = {}, 0
  for _, entry in ipairs(list) do
    local cards = cards_of(entry)
    shown = math.max(shown, #cards)
    if #cards > 0 then
      content[#content + 1] = { #list > 1 and h.h3 { entry.label }, h.div { class = "cards", cards } }
    end
  end
  if #content == 0 then return nil end
  return { id = "worst", title = shown == 1 and "Worst layer" or ("Worst %d layers"):format(shown), content = {
    h.p { class = "note", "The largest output errors first. Counts are on a logarithmic scale: outliers show." },
    key(), content } }
end

return M
