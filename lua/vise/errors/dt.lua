--- DT: data, sampling and measures.

---@type table<string, vise.ErrorEntry>
return {
  ["E-DT-01"] = {
    title = "data file cannot be read",
    next = "Check the path and its permissions.",
    explain = "The file does not open, is no regular file, or is larger than what is read at once.",
    exit = 66,
  },
  ["E-DT-02"] = {
    title = "no text",
    next = "Give a text file; stories end with <|endoftext|>.",
    explain = "Texts are cut at the lines <|endoftext|>. Nothing is left between them, or fewer texts than "
      .. "the work needs: calibration and measurement use different ones.",
  },
  ["E-DT-03"] = {
    title = "not an IDX file",
    next = "Give an unpacked IDX file of unsigned bytes.",
    explain = "IDX is the format of the MNIST family of data: two zero bytes, a type and the number of "
      .. "dimensions. The file begins otherwise; most often it is still compressed.",
  },
  ["E-DT-04"] = {
    title = "IDX file cut short or too long",
    next = "Download or copy the file again.",
    explain = "The header of an IDX file says how many bytes follow. There are fewer or more of them.",
  },
  ["E-DT-05"] = {
    title = "IDX file of other data",
    next = "Give images with three dimensions, labels with one.",
    explain = "IDX files hold images or labels and differ in their number of dimensions. The other kind "
      .. "was given.",
  },
  ["E-DT-06"] = {
    title = "nothing to predict",
    next = "Give texts of at least one id after the first.",
    explain = "Perplexity is over predicted tokens. Texts of a single id have none.",
  },
  ["E-DT-07"] = {
    title = "no such batches",
    next = "Give columns of one length, and a batch size from 1.",
    explain = "Batches are cut from columns of equal length. One column has another number of rows, there "
      .. "is no column, or the batch size is no positive integer.",
  },
  ["E-DT-08"] = {
    title = "wrong option of a sampler or loss",
    next = "Correct the option that the message names.",
    explain = "A sampler, a loss or perplexity got an option it does not have, or one of a wrong type or "
      .. "range.",
  },
  ["E-DT-09"] = {
    title = "workload used wrongly",
    next = "`vise help workload` says what it takes, and in which order.",
    explain = "A workload remembers what the float model does and compares with it later: reference(model) "
      .. "comes first, quality(model) after the model was quantized. Or an option was given that it "
      .. "does not have.",
  },
  ["E-DT-10"] = {
    title = "model without a workload",
    next = "Use a type that needs no calibration, or statistics = FILE.",
    explain = "Only model families that vise can run have a workload to calibrate and measure on. Bare "
      .. "weights have none.",
  },
  ["E-DT-11"] = {
    title = "wrong option of texts",
    next = "`vise help data.texts` lists the options and what they take.",
    explain = "vise.data.texts got an option it does not have, or one of a wrong type or range.",
  },
  ["E-DT-12"] = {
    title = "malformed file of ids",
    next = "Give a JSON list of ids or of lists of ids, or raw numbers with format ids-u16 or ids-i32.",
    explain = "Ids count from 0 and fit 31 bits. The file holds something else, or its bytes are no whole number "
      .. "of ids.",
  },
}
