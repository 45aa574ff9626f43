--- The page around the sections: one file that asks for nothing else.

local markup = require "vise.html.markup"
local script = require "vise.html.script"
local style = require "vise.html.style"

local M = {}

local h, raw = markup.h, markup.raw

-- Nothing is loaded from anywhere, and no script runs but this program's.
local POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-" .. script.hash
  .. "'; base-uri 'none'; form-action 'none'"

---@class vise.html.Section
---@field id string
---@field title string
---@field content any

--- Puts a page together.
---@param page { title: string, header: any, sections: vise.html.Section[], footer: any }
---@return string html
function M.assemble(page)
  local links, sections = {}, {}
  for i, section in ipairs(page.sections) do
    links[i] = h.li { h.a { href = "#" .. section.id, section.title } }
    sections[i] = h.section { id = section.id, ["aria-labelledby"] = section.id .. "-title",
      h.h2 { id = section.id .. "-title", section.title }, section.content, markup.BREAK }
  end
  local document = h.html { lang = "en",
    h.head {
      h.meta { charset = "utf-8" },
      h.meta { ["http-equiv"] = "Content-Security-Policy", content = POLICY },
      h.meta { name = "viewport", content = "width=device-width, initial-scale=1" },
      h.meta { name = "referrer", content = "no-referrer" },
      h.title { page.title }, markup.BREAK,
      h.style { raw("\n" .. style) },
    }, markup.BREAK,
    h.body {
      h.div { class = "page",
        h.header { page.header }, markup.BREAK,
        #links > 1 and h.nav { ["aria-label"] = "Sections", h.ul { links } } or false, markup.BREAK,
        h.main { sections }, markup.BREAK,
        h.footer { page.footer },
      }, markup.BREAK,
      h.script { raw(script.text) },
    },
  }
  return "<!DOCTYPE html>\n" .. document.html .. "\n"
end

return M
