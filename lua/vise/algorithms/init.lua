--- Algorithms: how a layer's weight becomes codes.  An algorithm uses what a user's can use.

return { svdquant = require "vise.algorithms.svdquant" }
