--- The script of a page: it adds searching, and turns the order of a table around on a second click.
--- Everything can be read without it.  The page's policy lets only this text run, by its hash.

local M = {}

M.text = [[
(function () {
  "use strict";
  document.querySelectorAll(".tools[hidden]").forEach(function (tools) {
    var input = tools.querySelector("input"), count = document.createElement("output");
    var area = document.getElementById(input.getAttribute("aria-controls"));
    var items = Array.from(area.querySelectorAll("[data-name]"));
    var folds = Array.from(area.querySelectorAll("details")), timer;
    var words = items.map(function (item) { return item.textContent.toLowerCase(); });
    function search() {
      var wanted = input.value.toLowerCase().trim(), shown = 0;
      items.forEach(function (item, i) {
        item.hidden = wanted !== "" && words[i].indexOf(wanted) < 0;
        if (!item.hidden) shown += 1;
      });
      for (var i = folds.length - 1; i >= 0; i -= 1) {
        var any = folds[i].querySelector("[data-name]:not([hidden])") !== null;
        folds[i].hidden = !any;
        if (wanted !== "" && any) folds[i].open = shown <= 200;
      }
      count.textContent = wanted === "" ? "" : shown + " of " + items.length;
    }
    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(search, items.length > 5000 ? 200 : 0);
    });
    count.className = "note";
    tools.append(count);
    tools.hidden = false;
  });
  document.querySelectorAll(".orders label").forEach(function (label) {
    label.addEventListener("click", function () {
      var radio = document.getElementById(label.htmlFor), box = radio.parentNode;
      box.classList.toggle("up", radio.checked && !box.classList.contains("up"));
    });
  });
})();
]]

-- Base64 of the SHA-256 of the text; a test holds it to that.
M.hash = "XxIJurhELuw7A/PEsOEciivhd5emABkPLMTMEI0CgJk="

return M
