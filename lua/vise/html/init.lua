--- Reports as one HTML file: everything inside it, readable without scripts, on paper and on a phone.
---
--- A report document is plain data; every field but `title` may be missing.  What is in it may come from
--- anywhere: it is shown, and never becomes markup (vise.html.markup).

local core = require "vise.core"
local entries = require "vise.html.entries"
local fail = require "vise.fail"
local markup = require "vise.html.markup"
local page = require "vise.html.page"
local version = require "vise.version"

local M = {}

local h = markup.h

---@class vise.html.Document
---@field title string
---@field kind? "run"|"compare"|"inspect"|"demo"
---@field run? { id?: string, recipe?: string, version?: string, started?: string, seconds?: number, command?: string,
---  status?: any, out?: string }  `version` is the recipe's, `out` the folder of the artefact.
---@field params? { name: string, value: any, default: any, help?: string, unit?: string }[]
---@field quantized? { label?: string, report: table, histograms?: table<string, table> }[]  QuantizeReport:plain()
---@field sensitivity? { layer: string, type?: string, value: number, unit?: string }[]
---@field metrics? { name: string, value: number, stderr?: number, unit?: string, better?: "higher"|"lower",
---  step?: number, target?: number }[]
---@field images? { name: string, png: string }[]
---@field texts? { name: string, text: string }[]
---@field recipe? table<string, string>        Files by name.
---@field resolved? string
---@field manifest? string
---@field environment? { [1]: string, [2]: any }[]
---@field log? string[]
---@field comparison? table                    Of kind "compare": see vise.html.sections.comparison.
---@field tensors? table[]                     Of kind "inspect": see vise.html.sections.tree.

-- The sections in their order: module and function.
local SECTIONS = {
  { "comparison", "verdict" }, { "comparison", "weights" }, { "comparison", "parameters" }, { "tree", "section" },
  { "summary", "models" }, { "quality", "table" }, { "layers", "section" }, { "worst", "section" },
  { "sensitivity", "section" }, { "quality", "steps" }, { "samples", "section" }, { "plan", "sizes" },
  { "plan", "plan" }, { "run", "params" }, { "run", "recipe" }, { "run", "manifest" }, { "run", "environment" },
  { "run", "log" }, { "run", "again" },
}

--- The page of a report document.
---@param doc vise.html.Document
---@return string html
function M.render(doc)
  if type(doc) ~= "table" or doc.title == nil then
    fail.raise("E-RP-01", "html.render takes a report document with a title, got %s",
      type(doc) == "table" and "one without" or type(doc))
  end
  local list, sections = entries.of(doc), {}
  for _, place in ipairs(SECTIONS) do
    sections[#sections + 1] = require("vise.html.sections." .. place[1])[place[2]](doc, list)
  end
  return page.assemble { title = tostring(doc.title), sections = sections,
    footer = h.p { "Made by vise ", version, ". This file loads nothing from anywhere." },
    header = require("vise.html.sections.summary").header(doc, list) }
end

--- Histograms of the worst layers of a quantized model, for a document: see vise.html.histograms.
---@param model vise.Model|table<string, vise.Model>
---@param report vise.QuantizeReport
---@param options? { layers?: integer, bins?: integer, elements?: integer }
---@return table<string, table>?
---@return string? message
---@return string? id
function M.histograms(model, report, options)
  return require("vise.html.histograms").of(model, report, options)
end

--- Writes the page of a report document.
---@param path string
---@param doc vise.html.Document
---@return true?
---@return string? message
---@return string? id
function M.write(path, doc)
  return core.disk.write(path, M.render(doc))
end

return M
