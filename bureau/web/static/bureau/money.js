/* Speeds up the pages about money: fills what is outstanding, shows a bill beside its lines. All of it works without. */
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  /* --- Receiving: one press fills in all that is still to come */
  $("[data-fill]")?.addEventListener("click", (event) => {
    event.preventDefault();
    $$("[data-outstanding]").forEach((input) => { input.value = input.dataset.outstanding; });
    $("[name=direction][value=in]").checked = true;
    $("#note").focus();
  });

  /* --- A bill is seen beside its lines before it is sent */
  const file = $("input[type=file][data-shows-bill]");
  file?.addEventListener("change", () => {
    const pane = $("[data-preview-pane]"), [chosen] = file.files;
    if (!chosen || !pane) return;
    const view = document.createElement(chosen.type === "application/pdf" ? "iframe" : "img");
    view.src = URL.createObjectURL(chosen);
    view[view.tagName === "IMG" ? "alt" : "title"] = chosen.name;
    pane.replaceChildren(view);
    pane.hidden = false;
  });
})();
