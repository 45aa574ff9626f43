-- Every algorithm on small real models: `vise bench/quality/table.lua [--record] [stories|chem|dit ...]
-- [--only=WORDS]`, where only rows with these words in their names are made.
--
--   stories   stories260K, calibrated on stories 1-128, predicting stories 1500-1539
--   chem      a GPT-2 over SMILES, calibrated on GuacaMol lines 0-999, predicting lines 1000-1299
--   dit       the diffusion transformer at W4A4: images of 20 steps against float (bench/quality/images.lua)
--
--   metric    perplexity of language models, PSNR in dB of images
--   KLD       divergence of the predictions from the float model's, in nats a token, all ids counted
--   same      how often the likeliest id is the same, percent
--   direct    images: signal over noise of the answers on the float model's own path, dB
--   bits      of a weight, everything counted that the artefact's layers hold
--   seconds   calibration and quantizing, on whatever machine this runs

package.path = "bench/quality/?.lua;" .. package.path

local record = require "record"
local rows_of = require "rows"
local vise = require "vise"

io.stdout:setvbuf "line"

local function quantized(case, row)
  local model = case.open()
  local cfg, started = rows_of.config(case, row, model), vise.machine.clock()
  local extra = 0
  if row.transform then extra = vise.machine.clock() - started end
  local report = assert(vise.quantize(model, cfg))
  return model, report, report.seconds + extra
end

-- A row of the table, and what was measured.
local function measure(case, row)
  local started = vise.machine.clock()
  local model, report = quantized(case, row)
  local seconds = vise.machine.clock() - started
  local result = case.measure(model)
  local cells = { row.name }
  for _, column in ipairs(case.columns) do cells[#cells + 1] = column.format:format(result[column.name]) end
  cells[#cells + 1] = ("%.2f"):format(report.bits_per_weight)
  cells[#cells + 1] = ("%.1f"):format(seconds)
  print(table.concat(cells, "  "))
  model:close()
  return cells, result
end

local wanted, tables, only = {}, {}, ""
for _, word in ipairs(arg) do
  only = word:match "^%-%-only=(.*)$" or only
  if not word:find "^%-" then wanted[word] = true end
end

for _, name in ipairs { "stories", "chem", "dit" } do
  if next(wanted) == nil or wanted[name] then
    local case = require("cases")[name]()
    for _, target in ipairs(case.targets) do
      local rows = { { "method" } }
      for _, column in ipairs(case.columns) do table.insert(rows[1], column.title) end
      table.insert(rows[1], "bits")
      table.insert(rows[1], "seconds")
      print("\n" .. target.title)
      for _, row in ipairs(rows_of.list(case, target)) do
        if row.name:find(only, 1, true) then rows[#rows + 1] = measure(case, row) end
      end
      tables[#tables + 1] = { title = target.title .. ": " .. case.about, rows = rows }
    end
  end
end
record.show("table", tables)
