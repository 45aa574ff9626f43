--- AR: artefacts.

---@type table<string, vise.ErrorEntry>
return {
  ["E-AR-01"] = {
    title = "no manifest",
    next = "Check the path; if a save was interrupted, save again.",
    exit = 66,
  },
  ["E-AR-02"] = {
    title = "manifest or metadata of another format",
    next = "Give an artefact written by this version of vise.",
  },
  ["E-AR-03"] = {
    title = "malformed field in a manifest",
    next = "Save the artefact again; manifests are not edited by hand.",
  },
  ["E-AR-04"] = {
    title = "file name in a manifest refused",
    next = "An artefact's files lie in its own folder; save it again.",
  },
  ["E-AR-05"] = {
    title = "checkpoint missing",
    next = "Copy the whole artefact folder again.",
    exit = 66,
  },
  ["E-AR-06"] = {
    title = "not an artefact",
    next = "Give the folder or file that `save` wrote.",
  },
  ["E-AR-07"] = {
    title = "unreadable metadata",
    next = "The file is damaged; save the artefact again.",
  },
  ["E-AR-08"] = {
    title = "artefact and request disagree",
    next = "Load with the quant type that the artefact holds.",
  },
  ["E-AR-09"] = {
    title = "artefact does not fit the model",
    next = "Open the model that the artefact was made from.",
  },
  ["E-AR-10"] = {
    title = "tensors of the artefact are wrong",
    next = "The file is incomplete or edited; save the artefact again.",
  },
  ["E-AR-11"] = {
    title = "damaged tensor",
    next = "Copy or save the artefact again.",
  },
  ["E-AR-12"] = {
    title = "another base model",
    next = "Open the base model that the artefact was made from.",
  },
  ["E-AR-13"] = {
    title = "folder cannot be saved into",
    next = "Choose a new folder, or one that holds an artefact.",
    exit = 73,
  },
  ["E-AR-14"] = {
    title = "nothing to save",
    next = "Quantize the model first, and give save a folder.",
    exit = 64,
  },
  ["E-AR-15"] = {
    title = "nothing to load",
    next = "Give load a folder, a file, or a config with save_to.",
    exit = 64,
  },
  ["E-AR-16"] = {
    title = "another layout cannot hold this",
    next = "Export an artefact of types the layout has, or quantize with `exclude` for the layer named.",
  },
  ["E-AR-17"] = {
    title = "no such layout",
    next = "Use one of the layouts listed.",
    exit = 64,
  },
  ["E-AR-18"] = {
    title = "checkpoint of another size",
    next = "The copy was cut short; copy the whole artefact folder again.",
  },
  ["E-AR-19"] = {
    title = "file is not the one that was written",
    next = "Copy the artefact again, or save it again.",
  },
}
