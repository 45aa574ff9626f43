--- The fields of a recipe's header: what each must be and what it says.

local shape = require "vise.recipe.shape"

local M = {}

local LINE = shape.text "a line of text"

local function lines(words)
  return shape.list(words, LINE)
end

local function field(name, of, help, required)
  return { name = name, shape = of, help = help, required = required }
end

local MODEL = shape.record("a table about the model", {
  field("families", lines "a list of names", "model families that fit, such as dit and llama"),
  field("layers", lines "a list of patterns", "each must match a layer"),
  field("dtypes", lines "a list of types", "that the weights may have, such as f16"),
  field("min_inputs", shape.integer("an integer from 1", 1), "the least inputs of any layer"),
  field("text", LINE, "the same for people"),
})

local DATA = shape.record("a table about the data", {
  field("modality", shape.choice { "text", "images", "tensors" }, "what kind"),
  field("samples", shape.integer("an integer from 1", 1), "how many at least"),
  field("length", shape.integer("an integer from 1", 1), "tokens of each at least"),
  field("license", LINE, "what to know before it is used"),
  field("text", LINE, "the same for people"),
})

local INPUTS = shape.record("a table of inputs", {
  field("model", shape.either(LINE, MODEL), "what --model must be"),
  field("data", shape.either(LINE, DATA), "what --data should be"),
  field("statistics", LINE, "a file of captured statistics that it can start from"),
})

local OUTPUTS = shape.record("a table of outputs", {
  field("formats", lines "a list of formats", "that it writes, such as vise"),
  field("files", lines "a list of file names", "in the output folder, besides the artefact"),
  field("bits_per_weight", shape.number "a number", "what to expect with the defaults"),
  field("text", LINE, "the same for people"),
})

local RESOURCES = shape.record("a table of resources", {
  field("memory", LINE, "how much, as a formula or a size"),
  field("time", shape.choice { "seconds", "minutes", "hours", "days" }, "the class of time on two cores"),
  field("data_free", shape.boolean(), "works without calibration data"),
  field("shards", shape.boolean(), "can be split over machines"),
  field("resumes", shape.boolean(), "goes on where it stopped"),
})

local NEEDS = shape.record("a table of needs", {
  field("backends", lines "a list of backends", "one of them must run on this machine"),
  field("observers", lines "a list of observers", "statistics that it asks for"),
  field("quant_types", lines "a list of quant types", "that it makes"),
  field("read", lines "a list of names", "inputs it reads beside --model and --data"),
  field("plugins", lines "a list of plug-ins", "that must be there"),
  field("gpu", shape.boolean(), "does not run on a CPU alone"),
})

local EXPECTATION = shape.record("an expected result", {
  field("type", LINE, "the quant type that it is about"),
  field("model", LINE, "the model that it was measured on"),
  field("metric", shape.text "the name of a metric", "what was measured", true),
  field("at_least", shape.number "a number", "the least that is met"),
  field("at_most", shape.number "a number", "the most that is met"),
  field("value", shape.number "a number", "what was measured; with `tol` it bounds both sides"),
  field("tol", shape.number "a number", "how far from `value` is still met"),
  field("n", shape.integer("an integer from 1", 1), "on how many samples"),
})

--- The type of a header: a record of these fields, in the order of the reference.
M.fields = {
  field("name", shape.text("lower-case words joined by '-', 64 letters at most",
    { pattern = "^[%l%d][%l%d-]*$", most = 64 }), "what people call it", true),
  field("version", shape.text("three numbers, \"1.0.0\"", { pattern = "^%d+%.%d+%.%d+$", most = 32 }),
    "semantic: the first grows when results change, the second when parameters are added", true),
  field("summary", shape.text("a line of at most 120 characters", { most = 120 }), "one line for lists", true),
  field("license", shape.text("an SPDX name, such as MIT", { pattern = "^[%w(][%w.+() -]*$", most = 100 }),
    "what others may do with it", true),
  field("api", shape.integer("an integer from 1", 1), "the least version of the recipe interface that it needs"),
  field("authors", lines "a list of names", "who wrote it"),
  field("homepage", shape.text("an address that begins with https:// or http://", { pattern = "^https?://%S+$" }),
    "where it is kept"),
  field("tags", shape.list("a list of words", shape.text("a word", { pattern = "^[%w][%w_.+-]*$", most = 40 })),
    "to find it by"),
  field("papers", lines "a list of titles or addresses", "what it follows"),
  field("kind", shape.choice { "transform", "observer", "quantizer", "pipeline", "evaluation" }, "what it is"),
  field("params", shape.map("a table of parameters by name", shape.any "a parameter"), "see below"),
  field("inputs", INPUTS, "what it works on"),
  field("outputs", OUTPUTS, "what it writes"),
  field("resources", RESOURCES, "what it takes"),
  field("needs", NEEDS, "what must be there beyond the usual"),
  field("expects", shape.list("a list of expected results", EXPECTATION), "what a run with the defaults reaches"),
  field("extends", shape.text("a name and a version, \"int8@1.0.0\"",
    { pattern = "^[%l%d][%l%d-]*@%d+%.%d+%.%d+$", most = 100 }), "the recipe that it changes"),
  field("replaces", shape.list("a list of names, each with a version or none",
    shape.text("a name, or a name and a version", { pattern = "^[%l%d][%l%d-]*@?[%d.]*$", most = 100 })),
    "recipes that it makes superfluous"),
  field("assets", shape.list("a list of files and folders of the package",
    shape.text("a name inside the package, without ..", { pattern = "^[^/].*$" })),
    "large, hashed but not copied into results"),
}

return M
