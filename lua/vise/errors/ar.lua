--- AR: artefacts.

---@type table<string, vise.ErrorEntry>
return {
  ["E-AR-01"] = {
    title = "no manifest",
    next = "Check the path; if a save was interrupted, save again.",
    explain = "An artefact is a folder with quant_config.json, its manifest, which is written last. Where "
      .. "it is missing, the save did not finish, the folder is another one, or only a part was "
      .. "copied. A save that was interrupted leaves what was there before untouched.",
    exit = 66,
  },
  ["E-AR-02"] = {
    title = "manifest or metadata of another format",
    next = "Give an artefact written by this version of vise.",
    explain = "The manifest says which format it has and in which version. This one names a format that "
      .. "this program does not know, or is no JSON object at all. Artefacts of later versions may "
      .. "hold what this version cannot load.",
  },
  ["E-AR-03"] = {
    title = "malformed field in a manifest",
    next = "Save the artefact again; manifests are not edited by hand.",
    explain = "A field of the manifest has a wrong type, an impossible value or a name that no field has. "
      .. "Manifests are written by programs and checked in full before a model is touched; the "
      .. "message names the field.",
  },
  ["E-AR-04"] = {
    title = "file name in a manifest refused",
    next = "An artefact's files lie in its own folder; save it again.",
    explain = "A manifest names its checkpoint as a plain file in the same folder. A path, a link out of "
      .. "the folder or another file's name is refused, so that a manifest from elsewhere cannot make "
      .. "vise read other files.",
  },
  ["E-AR-05"] = {
    title = "checkpoint missing",
    next = "Copy the whole artefact folder again.",
    explain = "The manifest is there, the file with the tensors is not. Often only the small files of a "
      .. "folder were copied, or the large one is still on its way.",
    exit = 66,
  },
  ["E-AR-06"] = {
    title = "not an artefact",
    next = "Give the folder or file that `save` wrote.",
    explain = "The file is readable safetensors, but its metadata does not say that it is a quantized "
      .. "checkpoint. It may be the float model, or a file of a program whose layout vise does not "
      .. "read.",
  },
  ["E-AR-07"] = {
    title = "unreadable metadata",
    next = "The file is damaged; save the artefact again.",
    explain = "The metadata inside the checkpoint describes each layer's type and is JSON. It does not "
      .. "parse, or its fields are not those of this format. Such files are damaged or were edited.",
  },
  ["E-AR-08"] = {
    title = "artefact and request disagree",
    next = "Load with the quant type that the artefact holds.",
    explain = "A config was given to load together with an artefact, or a file beside a manifest, and the "
      .. "two name different quant types. Loading what was not asked for would be silent; so it is "
      .. "refused before the model changes.",
  },
  ["E-AR-09"] = {
    title = "artefact does not fit the model",
    next = "Open the model that the artefact was made from.",
    explain = "Every layer of the artefact must exist in the open model, in the same shape, and be float "
      .. "still. It was made from a model of another architecture or size, or the model was quantized "
      .. "before.",
  },
  ["E-AR-10"] = {
    title = "tensors of the artefact are wrong",
    next = "The file is incomplete or edited; save the artefact again.",
    explain = "The set of tensors that a type needs is known from the manifest. One is missing, "
      .. "superfluous, of another type or shape, or holds a NaN or infinity. Nothing is loaded in "
      .. "part.",
  },
  ["E-AR-11"] = {
    title = "damaged tensor",
    next = "Copy or save the artefact again.",
    explain = "Each tensor's XXH3 hash stands in the manifest. The bytes read differ: the file was damaged "
      .. "on disk or while it was copied. `vise verify` lists all tensors that are.",
  },
  ["E-AR-12"] = {
    title = "another base model",
    next = "Open the base model that the artefact was made from.",
    explain = "An artefact holds only the quantized layers; the rest comes from the base model, which is "
      .. "known by a hash. The open model is another one, if only by a single weight, so the result "
      .. "would be a mixture.",
  },
  ["E-AR-13"] = {
    title = "folder cannot be saved into",
    next = "Choose a new folder, or one that holds an artefact.",
    explain = "A save goes into a new or empty folder, or replaces an artefact. The folder given holds "
      .. "other files, or is a file; vise does not delete what it did not write.",
    exit = 73,
  },
  ["E-AR-14"] = {
    title = "nothing to save",
    next = "Quantize the model first, and give save a folder.",
    explain = "vise.save writes what vise.quantize or vise.load did to a model. This model is float, or no "
      .. "folder was named.",
    exit = 64,
  },
  ["E-AR-15"] = {
    title = "nothing to load",
    next = "Give load a folder, a file, or a config with save_to.",
    explain = "vise.load takes the folder of an artefact, its .safetensors file, or a config whose save_to "
      .. "names one. What was given is none of these.",
    exit = 64,
  },
  ["E-AR-16"] = {
    title = "another layout cannot hold this",
    next = "Export an artefact of types the layout has, or quantize with `exclude` for the layer named.",
    explain = "Layouts of other programs know fewer types than vise: some have no zero points, others only "
      .. "groups of one size. The message names the first layer that cannot be expressed. Nothing was "
      .. "written.",
  },
  ["E-AR-17"] = {
    title = "no such layout",
    next = "Use one of the layouts listed.",
    explain = "The name after --to, or given to export, is no layout. `vise export --help` lists them.",
    exit = 64,
  },
  ["E-AR-18"] = {
    title = "checkpoint of another size",
    next = "The copy was cut short; copy the whole artefact folder again.",
    explain = "The manifest states the checkpoint's size in bytes. A shorter file is a copy that was cut "
      .. "off.",
  },
  ["E-AR-19"] = {
    title = "file is not the one that was written",
    next = "Copy the artefact again, or save it again.",
    explain = "The manifest states the SHA-256 of the checkpoint and one of itself. One of the two files "
      .. "is not the one that was saved; they may come from different saves.",
  },
}
