-- What is typed at the prompt for the picture of it: keys as a terminal sends them.
return {
  columns = 96, rows = 56,
  { "m = vise.open \"recipes/quickstart/models/stories260K\"\r" },
  { "m[\"model.lay\t0.mlp.g\t" }, -- completes the name of a layer
  { "\"].weight\r" },
  { "r = vise.quantize(m, { quant_t\t\"w4a8_g3\t" },
  { " })\r" },
  { "print(r:layer_table(\"output_error\", 3))\r" },
  { "vise.plot.histogram(m:layers()[1].weight, { width = 60, height = 6 })\r" },
  { "m:layr(\"x\")\r" },
  { "vise.config { svdq = { \t" },
}
