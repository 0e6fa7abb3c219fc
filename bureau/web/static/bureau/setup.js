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

  /* --- Rows are moved by their buttons, or dragged by their grip: mouse, pen and finger alike. The order of the page is
     the order that is sent. */
  const moved = (row) => {
    $$("[data-number]", row.parentElement).forEach((number, i) => { number.textContent = i + 1; });
    $("input", row).dispatchEvent(new Event("change", { bubbles: true }));
  };
  on("click", "[data-move]", (event, button) => {
    event.preventDefault();
    const row = button.closest("li"), up = button.dataset.move === "up", rows = $$(".row-box", row.parentElement);
    const other = rows[rows.indexOf(row) + (up ? -1 : 1)];
    if (!other) return;
    if (up) other.before(row); else other.after(row);
    button.focus();
    row.scrollIntoView({ block: "nearest" });
    moved(row);
  });
  on("click", "[data-drop-row]", (event, button) => {
    event.preventDefault();
    const row = button.closest("li"), gone = document.createElement("li"), undo = document.createElement("button");
    gone.className = "row-gone";
    const choice = $("select[data-names]", row)?.selectedOptions[0]?.textContent;
    gone.append(`${button.dataset.gone}: ${choice ?? $("input:not([type=hidden])", row).value}`, undo);
    undo.type = "button";
    undo.className = "btn small";
    undo.textContent = button.dataset.undo;
    undo.addEventListener("click", () => { gone.replaceWith(row); button.focus(); moved(row); });
    const list = row.parentElement;
    $$(".row-gone", list).forEach((other) => other.remove());
    row.replaceWith(gone);
    undo.focus();
    $("#builder").dispatchEvent(new Event("change", { bubbles: true }));
    $$("[data-number]", list).forEach((number, i) => { number.textContent = i + 1; });
  });
  // Out at once, also when the page is saved before the answer of the server has come.
  document.addEventListener("click", ({ target }) => {
    const picked = target.closest?.("[data-unpick]")?.closest("[data-picked]");
    if (picked) { picked.hidden = true; $("input", picked).disabled = true; }
  }, true);
  on("pointerdown", "[data-grip]", (event, grip) => {
    if (event.button) return;
    event.preventDefault();
    const row = grip.closest("li"), list = row.parentElement;
    grip.setPointerCapture(event.pointerId);
    row.classList.add("dragged");
    const move = ({ clientY }) => {
      const others = $$(".row-box", list).filter((other) => other !== row);
      const next = others.find((other) => { const box = other.getBoundingClientRect(); return clientY < box.top + box.height / 2; });
      if (next && next !== row.nextElementSibling) next.before(row);
      if (!next && others.length && others.at(-1).nextElementSibling !== row) others.at(-1).after(row);
      if (clientY < 80) scrollBy(0, -12); else if (clientY > innerHeight - 80) scrollBy(0, 12);
    };
    const end = () => {
      row.classList.remove("dragged");
      ["pointermove", "pointerup", "pointercancel", "lostpointercapture"].forEach((type) => grip.removeEventListener(type, type === "pointermove" ? move : end));
      moved(row);
    };
    grip.addEventListener("pointermove", move);
    ["pointerup", "pointercancel", "lostpointercapture"].forEach((type) => grip.addEventListener(type, end));
  });

  /* --- Enter goes to the next row and adds one after the last; it never saves */
  on("keydown", "#builder .row-fields input:not([type=checkbox])", (event, input) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = input.closest("li").nextElementSibling?.closest(".row-box"), list = input.closest("ol");
    if (next) $("input:not([type=hidden]), select", next).focus();
    else list.nextElementSibling.click();
  });

  on("keydown", "#builder .row-box :is(input, select)", (event, control) => {
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!way || !event.altKey) return;
    event.preventDefault();
    $(`[data-move=${way}]`, control.closest("li")).click();
    control.focus();
  });

  /* --- The buttons of a row say its name */
  on("input", "#builder li input:is([name$=-name], [name$=-step_name])", (event, input) => {
    $$(".row-tools [data-says]", input.closest("li")).forEach((button) => button.setAttribute("aria-label", `${button.dataset.says}: ${input.value}`));
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
