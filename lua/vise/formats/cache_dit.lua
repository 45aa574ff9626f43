--- cache-dit's SVDQuant checkpoints, written and read: `<quant_type>.safetensors` with the metadata
--- key cache_dit_svdq_ptq, and quant_config.json.  docs/artefact.md describes them.

local header = require "vise.formats.cache_dit_header"
local read = require "vise.formats.cache_dit_read"

return {
  name = "cache-dit",
  manifest = header.MANIFEST,
  metadata = header.METADATA,
  check_manifest = header.check_manifest,
  read_metadata = header.read_metadata,
  survey = read.survey,
  build = read.build,
  save = require("vise.formats.cache_dit_write").save,
}
