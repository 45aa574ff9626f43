--- SQ: calibration block by block.

---@type table<string, vise.ErrorEntry>
return {
  ["E-SQ-01"] = {
    title = "no calibration block by block",
    next = "Leave calibration.mode out, or say mode = \"whole\".",
    explain = "Block by block, every block is calibrated on what the quantized blocks before it give. That takes a "
      .. "model whose family describes its forward as a chain of blocks (docs/own-model.md), a calibrate function, and "
      .. "layers that wait for no forwards of their own.",
    exit = 64,
  },
  ["E-SQ-02"] = {
    title = "a forward that cannot be run again",
    next = "Calibrate on whole texts: model:forward(ids).",
    explain = "Calibration block by block notes the inputs of every forward and runs them again, one block at a time. "
      .. "A forward that goes on from a cache, or is given anything but tensors, numbers and words, cannot be noted.",
  },
  ["E-SQ-03"] = {
    title = "a journal of another quantization",
    next = "Put back what is named, or quantize without resume, which begins again.",
    explain = "A quantization block by block keeps a journal beside its output. Going on from it is possible only "
      .. "where nothing differs: the plan of every layer, the configuration, the model, the calibration data, the "
      .. "version of vise and how this machine computes. Otherwise the artefact would be of two minds.",
    exit = 64,
  },
  ["E-SQ-04"] = {
    title = "folder of a journal holds something else",
    next = "Choose another folder with calibration.work, or empty that one.",
    explain = "The journal of a quantization lies in a folder of its own, beside the output unless calibration.work "
      .. "names one. What is not vise's is never removed.",
    exit = 73,
  },
  ["E-SQ-05"] = {
    title = "a damaged journal",
    next = "Quantize without resume, which begins again.",
    explain = "journal.json is replaced in one step after the files that it names, so a crash leaves it whole. It was "
      .. "edited, or the disk lost it.",
    exit = 65,
  },
}
