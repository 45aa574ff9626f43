--- OB: observers on layers, and statistics.

---@type table<string, vise.ErrorEntry>
return {
  ["E-OB-01"] = {
    title = "no such observer",
    next = "Use a kind that `vise help observe.observer` names, with { channels = n }.",
    explain = "An observer is asked for by its statistic and the number of channels. The statistic is not "
      .. "known or the number is not positive.",
  },
  ["E-OB-02"] = {
    title = "observed shapes differ",
    next = "Give each layer its own observer.",
    explain = "An observer counts one shape of input. Another layer's rows came in, or two observers of "
      .. "different sizes were to be merged.",
  },
  ["E-OB-03"] = {
    title = "observer has seen nothing",
    next = "Run the calibration through this layer, or exclude it.",
    explain = "A statistic was asked for before any row was seen. The calibration did not pass through "
      .. "this layer.",
  },
  ["E-OB-09"] = {
    title = "layer is not observed",
    next = "Attach an observer to the layer, by a pattern in a list.",
    explain = "Statistics were asked for of a layer that no observer is attached to.",
  },
  ["E-OB-10"] = {
    title = "calibration did not reach every layer",
    next = "Let the calibrate function run the whole model, or exclude the layers named.",
    explain = "Calibrated types need to see the input of every layer they are planned for. The calibrate "
      .. "function ran, but some layers got nothing: a branch that was not taken, or a model that was "
      .. "run only in part.",
  },
  ["E-OB-11"] = {
    title = "calibration gave values that are not finite",
    next = "Look at the calibration data and at the layers before the one named.",
    explain = "A NaN or infinity flowed into a layer during calibration, or stands in a statistics file. "
      .. "The message names the first layer; the cause lies in front of it, or in the data.",
  },
  ["E-OB-12"] = {
    title = "the calibrate function failed",
    next = "Correct what the message names; nothing was changed.",
    explain = "The calibrate function raised an error or returned nil and a message. The model is as it "
      .. "was.",
  },
  ["E-OB-13"] = {
    title = "statistics of a wrong shape or value",
    next = "Capture them again from this model.",
    explain = "A statistics file has a tensor of a wrong type, shape or value for its layer. It was "
      .. "captured from another model, or is damaged.",
  },
  ["E-OB-14"] = {
    title = "wrong option of an observer",
    next = "`vise help observe.attach` lists the options.",
    explain = "observe.attach got an option it does not have, or one of a wrong type.",
  },
  ["E-OB-15"] = {
    title = "statistics lack a layer",
    next = "Capture the layer, or exclude it.",
    explain = "A statistics file stands in for calibration and must hold every layer that is planned. One "
      .. "is missing.",
  },
  ["E-OB-16"] = {
    title = "model is armed",
    next = "Run its forwards, or call disarm() on what quantize returned.",
    explain = "With few_shot a model is armed: it calibrates itself in its first forwards. What was asked "
      .. "for is possible before or after, not in between.",
  },
  ["E-OB-17"] = {
    title = "callback refused",
    next = "Register a function while the model is armed.",
    explain = "after() takes a function, once, while the model is armed.",
  },
  ["E-OB-18"] = {
    title = "smoothing needs rows of input",
    next = "Capture samples as well, or take smooth_strategy = \"activation\".",
    explain = "Searching or descending for a smoothing compares outputs and needs rows of input; a file "
      .. "with spans alone has none.",
  },
  ["E-OB-19"] = {
    title = "layers stopped sharing an input",
    next = "Give observe.attach share = false, which observes every layer by itself.",
    explain = "Layers that are given the very same tensor share one observer of moments. One of them was given "
      .. "another tensor later, so what it had shared is not what it saw.",
  },
  ["E-OB-20"] = {
    title = "a moving average cannot be merged",
    next = "Use range, channel_span or histogram, which merge exactly.",
    explain = "A moving average forgets earlier batches at a fixed rate, so it depends on their order and two of "
      .. "them make no third. It is there to compare with programs that use it.",
  },
  ["E-OB-21"] = {
    title = "not a histogram",
    next = "Give the counts and the width that a histogram observer's result() returned.",
    explain = "A range is chosen from a histogram: whole counts of 0 or more, not all of them 0, of bins of one "
      .. "positive width.",
  },
  ["E-OB-22"] = {
    title = "statistics of another model",
    next = "Calibrate this model, or give the one that was calibrated.",
    explain = "A statistics file names the weights it was gathered with, and the transforms they had gone through. "
      .. "The model at hand has others, so what flows into its layers is not what was measured.",
    exit = 65,
  },
  ["E-OB-23"] = {
    title = "statistics that do not belong together",
    next = "Merge shards of one calibration: same model, data, layers and kinds.",
    explain = "Shards are merged when they were gathered from one model over one selection of data with the same "
      .. "layers and kinds. The message says which of them differ.",
    exit = 65,
  },
  ["E-OB-24"] = {
    title = "not a statistics file",
    next = "Write it again with `vise calibrate` or `vise stats convert`.",
    explain = "The file is no statistics file of this program, is of another version of the form, or is damaged: what "
      .. "its metadata says and its tensors are do not agree.",
    exit = 65,
  },
  ["E-OB-25"] = {
    title = "wrong shards",
    next = "Merge each shard once, and all of them: `vise stats show` says which parts a file has.",
    explain = "Data is cut into 16 parts and a shard has some of them. A part came twice, which would count its rows "
      .. "twice, or some are missing where all are needed.",
    exit = 65,
  },
  ["E-OB-26"] = {
    title = "too little calibration data",
    next = "Give more data, longer texts, or fewer shards.",
    explain = "Statistics of a handful of tokens describe those tokens and not the model. Tokens that only begin, end "
      .. "or fill a text do not count.",
    exit = 65,
  },
  ["E-OB-27"] = {
    title = "not an importance matrix",
    next = "Write it again with llama.cpp's imatrix tool.",
    explain = "Importance matrices of llama.cpp are GGUF files with general.type \"imatrix\", or in the older form "
      .. "lists of names and values. This file is neither, ends too early, or says sizes that it cannot have.",
    exit = 65,
  },
  ["E-OB-28"] = {
    title = "importance that cannot be converted",
    next = "Use statistics with the kind importance, of layers without experts.",
    explain = "An importance matrix holds sums of squares of each weight's input. The statistics lack them, or the "
      .. "matrix has one sum for each of several experts, which no layer here has.",
    exit = 65,
  },
}
