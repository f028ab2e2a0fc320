(function () {
  "use strict";
  var asked = new URLSearchParams(location.search).get("lang") || navigator.language || "zh";
  var boxes = { zh: document.getElementById("lang-zh"), en: document.getElementById("lang-en") };
  function show(language) {
    boxes[language].checked = true;
    document.documentElement.lang = language;
  }
  boxes.zh.addEventListener("change", function () { show("zh"); });
  boxes.en.addEventListener("change", function () { show("en"); });
  show(asked.toLowerCase().indexOf("zh") === 0 ? "zh" : "en");
})();
