--- A strict reader of pages: what it takes is well formed, and says what an element may hold.

local M = {}

local VOID = { br = true, hr = true, img = true, input = true, link = true, meta = true }

-- Every element that a page of ours may have.
local KNOWN = {}
for name in ([[html head body meta title style script div header nav main section footer h1 h2 h3 h4 p ul li dl dt dd
    a span b i code pre table caption thead tbody tr th td figure figcaption img input label details summary
    svg g path rect line text desc]]):gmatch "%S+" do
  KNOWN[name] = true
end

-- Text whose markup is none.
local RAW = { style = true, script = true }

-- What an element's parent must be.
local PARENT = { li = "ul", dt = "dl", dd = "dl", tr = { thead = true, tbody = true }, td = "tr", th = "tr",
  thead = "table", tbody = "table", caption = "table", summary = "details", figcaption = "figure" }

local function fits(name, parent)
  local wanted = PARENT[name]
  if not wanted then return true end
  return wanted == parent or type(wanted) == "table" and wanted[parent] == true
end

-- Text and the values of attributes hold no bare & and no < or >.
local function check_text(s, where)
  assert(not s:find "[<>]", where .. ": bare < or >: " .. s:sub(1, 60))
  for at in s:gmatch "()&" do
    assert(s:find("^&%a+;", at) or s:find("^&#%d+;", at), where .. ": bare &: " .. s:sub(at, at + 20))
  end
end

local function attributes_of(inside, where)
  local out, at = {}, 1
  while at <= #inside do
    local name, value, after = inside:match('^ ([%a][%w-]*)="([^"]*)"()', at)
    if not name then
      name, after = inside:match("^ ([%a][%w-]*)()", at)
      value = true
    end
    assert(name, where .. ": attributes: " .. inside:sub(at, at + 40))
    assert(out[name] == nil, where .. ": attribute twice: " .. name)
    assert(not name:find "^on", where .. ": handler " .. name)
    if value ~= true then check_text(value, where) end
    out[name], at = value, after
  end
  return out
end

local function check_references(ids, targets, labels)
  for _, target in ipairs(targets) do assert(ids[target], "no element has the id " .. target) end
  for _, target in ipairs(labels) do assert(ids[target], "a label is for no element: " .. target) end
end

-- Nothing is loaded: links lead into the page, pictures are inside it.
local function check_loading(name, attributes, found)
  if attributes.href then
    local target = attributes.href:match "^#(.+)$"
    assert(target, name .. " leads out of the page: " .. attributes.href)
    found.targets[#found.targets + 1] = target
  end
  if attributes.src then assert(attributes.src:find "^data:image/png;base64,[%w+/]+=*$", "src of " .. name) end
  if name == "script" then assert(next(attributes) == nil, "attributes of script") end
  assert(not (attributes.style or ""):find "url", "url in style")
end

local function check_characters(html)
  assert(utf8.len(html), "invalid UTF-8")
  assert(not html:find "[\0-\9\11-\31\127]", "control character")
  for _, code in utf8.codes(html) do
    assert(not (code >= 0x80 and code <= 0x9f) and not (code >= 0x200b and code <= 0x200f)
      and not (code >= 0x2028 and code <= 0x202e) and not (code >= 0x2066 and code <= 0x2069) and code ~= 0x61c
      and code & 0xfffe ~= 0xfffe, ("code point %x"):format(code))
  end
end

--- Reads a page; raises what is wrong with it.
---@param html string
---@return table page  text, elements (counts by name), ids
function M.read(html)
  check_characters(html)
  assert(html:sub(1, 16) == "<!DOCTYPE html>\n", "doctype")
  local stack, texts, counts = {}, {}, {}
  local found = { ids = {}, targets = {}, labels = {} }
  local at = 16
  while at <= #html do
    local close, name, inside, after = html:match("^<(/?)(%a%w*)([^>]*)>()", at)
    if name then
      assert(KNOWN[name], "unknown element " .. name)
      if close == "/" then
        assert(stack[#stack] == name and inside == "", ("</%s> ends <%s>"):format(name, tostring(stack[#stack])))
        stack[#stack] = nil
      else
        assert(fits(name, stack[#stack]), ("<%s> in <%s>"):format(name, tostring(stack[#stack])))
        local attributes = attributes_of(inside, "<" .. name .. ">")
        if attributes.id then
          assert(not found.ids[attributes.id], "id twice: " .. attributes.id)
          found.ids[attributes.id] = true
        end
        if attributes["for"] then found.labels[#found.labels + 1] = attributes["for"] end
        check_loading(name, attributes, found)
        counts[name] = (counts[name] or 0) + 1
        if RAW[name] then
          local body, ended = html:match("^(.-)</" .. name .. ">()", after)
          assert(body and not body:find("</", 1, true), name .. " has no end")
          after = ended
        elseif not VOID[name] then
          stack[#stack + 1] = name
        end
      end
      at = after
    else
      local stop = html:find("<", at + (html:sub(at, at) == "<" and 1 or 0), true) or #html + 1
      local text = html:sub(at, stop - 1)
      check_text(text, "text")
      texts[#texts + 1] = text
      at = stop
    end
  end
  assert(#stack == 0, "open at the end: " .. table.concat(stack, " "))
  check_references(found.ids, found.targets, found.labels)
  local text = table.concat(texts, " "):gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"'):gsub("&#39;", "'")
  return { text = text:gsub("&amp;", "&"), elements = counts, ids = found.ids }
end

return M
