/* Speeds up the administration pages: rows are dragged, what was typed is not left by accident, a logo is seen before it
   is sent. Everything else works by htmx or without script. */
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const on = (type, selector, act) => document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(event, found);
  });

  $(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

  /* --- Drag a row by its grip: mouse, pen and finger alike. The order of the page is the order that is sent. */
  on("pointerdown", "[data-grip]", (event, grip) => {
    if (event.button) return;
    event.preventDefault();
    const row = grip.closest("li"), list = row.parentElement;
    grip.setPointerCapture(event.pointerId);
    row.classList.add("dragged");
    const move = ({ clientY }) => {
      const others = $$(":scope > li", list).filter((other) => other !== row);
      const next = others.find((other) => { const box = other.getBoundingClientRect(); return clientY < box.top + box.height / 2; });
      if ((next || null) !== row.nextElementSibling) list.insertBefore(row, next || null);
      if (clientY < 80) scrollBy(0, -12); else if (clientY > innerHeight - 80) scrollBy(0, 12);
    };
    const end = () => {
      row.classList.remove("dragged");
      ["pointermove", "pointerup", "pointercancel", "lostpointercapture"].forEach((type) => grip.removeEventListener(type, type === "pointermove" ? move : end));
      $("input", row).dispatchEvent(new Event("change", { bubbles: true }));
    };
    grip.addEventListener("pointermove", move);
    ["pointerup", "pointercancel", "lostpointercapture"].forEach((type) => grip.addEventListener(type, end));
  });

  /* --- Enter goes to the next row and adds one after the last; it never saves */
  on("keydown", "#builder .row-fields input:not([type=checkbox])", (event, input) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = input.closest("li").nextElementSibling, list = input.closest("ol");
    if (next) $("input:not([type=hidden])", next).focus();
    else list.nextElementSibling.click();
  });

  /* --- The id that a field gets of its name; one amount only */
  on("input", "#builder input[name^=field-][name$=-name]", (event, input) => {
    const id = $("input[name$=-field_id]", input.closest("li"));
    id.placeholder = input.value.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase().replace(/[^\w\s-]/g, "").trim().replace(/[-\s]+/g, "_").slice(0, 50);
  });
  on("change", "#builder input[name$=-is_amount]", (event, box) => {
    if (box.checked) $$("#builder input[name$=-is_amount]").forEach((other) => { if (other !== box) other.checked = false; });
  });

  /* --- A logo is seen before it is sent */
  on("change", "input[type=file][data-shows]", (event, input) => {
    const pane = document.getElementById(input.dataset.shows), [file] = input.files;
    if (!file || !file.type.startsWith("image/")) return;
    const image = new Image();
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    pane.replaceChildren(image);
  });

  /* --- What was typed is not left by accident */
  let typed = null;
  const mark = (event, form) => { typed = form; };
  on("input", "form[data-guard]", mark);
  on("change", "form[data-guard]", mark);
  document.addEventListener("submit", () => { typed = null; });
  window.addEventListener("beforeunload", (event) => { if (typed?.isConnected) event.preventDefault(); });
})();
