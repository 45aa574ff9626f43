--- The argument that operators share: a place for the result.

---@type vise.Value
return { "out", "vise.Tensor", "where the result goes", otherwise = "a new tensor" }
