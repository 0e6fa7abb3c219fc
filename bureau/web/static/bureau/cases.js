/* The pages of cases: a file dropped on its line, the viewer of a document, the order of what is merged, a known customer. */
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  /* --- A file is dropped on its line: it goes the way of the line's own file field */
  const brings = (event) => [...event.dataTransfer?.types || []].includes("Files");
  const lineOf = (event) => event.target.closest?.("[data-drop-line]");
  document.addEventListener("dragover", (event) => {
    if (!brings(event) || !$(".checklist")) return;
    event.preventDefault();
    const line = lineOf(event);
    $$(".doc.over").forEach((other) => other.classList.toggle("over", other === line));
    line?.classList.add("over");
    event.dataTransfer.dropEffect = line ? "copy" : "none";
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $$(".doc.over").forEach((line) => line.classList.remove("over")); });
  document.addEventListener("drop", (event) => {
    if (!brings(event) || !$(".checklist")) return;
    event.preventDefault();  // beside a line, too: else the browser would leave the page for the file
    const line = lineOf(event), input = line && $("input[type=file]", line);
    $$(".doc.over").forEach((other) => other.classList.remove("over"));
    if (!input) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.body.addEventListener("htmx:xhr:progress", ({ detail, target }) => {
    const form = target.closest?.(".doc-form");
    if (!form || !$("input[type=file]", form)?.files.length || !detail.lengthComputable) return;
    let bar = $("progress", form);
    if (!bar) {
      bar = document.createElement("progress");
      bar.max = 1;
      bar.setAttribute("aria-label", $("input[type=file]", form).files[0].name);
      form.append(bar);
    }
    bar.value = detail.loaded / detail.total;
  });
  /* --- A line saves itself when it is left, and at once with a file. Nothing is drawn anew under somebody's hands. */
  const kept = (form) => Object.fromEntries($$("input:not([type=file], [type=hidden])", form).map((field) => [field.id, field.value]));
  const saved = new WeakMap();
  const dirty = (form) => $$("input:not([type=file], [type=hidden])", form).some((field) => field.value !== (saved.get(form)?.[field.id] ?? field.defaultValue));
  const save = (form) => { saved.set(form, kept(form)); window.htmx.trigger(form, "save"); };
  document.addEventListener("change", ({ target }) => { if (target.matches?.(".doc-form input[type=file]") && target.files.length) save(target.form); });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const form = target.closest?.(".doc-form");
    if (form && !form.contains(relatedTarget) && dirty(form)) save(form);
  });
  let typed = [], at = "";
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const form = detail.target.matches?.(".doc") && $(".doc-form", detail.target);
    if (!form) return;
    typed = Object.entries(kept(form)).filter(([id, value]) => saved.has(form) && saved.get(form)[id] !== value);
    at = detail.target.contains(document.activeElement) ? document.activeElement.id : "";
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    typed.forEach(([id, value]) => { const field = document.getElementById(id); if (field) field.value = value; });
    if (at) document.getElementById(at)?.focus({ preventScroll: true });
    typed = [];
    at = "";
  });

  /* What was being scanned can be looked at when the scan has ended. */
  document.body.addEventListener("job-ended", () => {
    if ($(".doc[data-pending]") && !$$(".doc-form").some(dirty)) window.htmx.ajax("GET", location.href, { target: "#documents", select: "#documents", swap: "outerHTML" });
  });

  /* --- The viewer */
  const viewer = $("#viewer");
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-viewer]");
    if (!link || !viewer || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    $("#viewer-title").textContent = link.dataset.viewer;
    await window.htmx.ajax("GET", link.href, { target: "#viewer-body", swap: "innerHTML" });
    if ($("[data-page-viewer]", viewer) && !viewer.open) viewer.showModal();
  });
  viewer?.addEventListener("close", () => $("#viewer-body").replaceChildren());
  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: "prev", ArrowRight: "next", PageUp: "prev", PageDown: "next" }[event.key];
    if (!step || event.target.matches?.("input, textarea, select")) return;
    const link = $(`[data-page-viewer] a[rel=${step}]`);
    if (link) { event.preventDefault(); link.click(); }
  });

  /* --- Documents are merged in the order in which they were ticked */
  const merge = $("#merge");
  let order = [];
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.("[data-pick]")) return;
    order = order.filter((value) => value !== target.value);
    if (target.checked) order.push(target.value);
  });
  merge?.addEventListener("submit", (event) => {
    event.preventDefault();
    const there = new Set($$("[data-pick]:checked").map((box) => box.value)), query = new URLSearchParams();
    [...order.filter((value) => there.has(value)), ...[...there].filter((value) => !order.includes(value))].forEach((value) => query.append("document", value));
    location.href = `${merge.action}?${query}`;
  });
  const list = $("[data-merge]");
  const number = () => {
    let place = 0;
    $$("input[type=number]", list).forEach((field) => { if (field.value.trim()) field.value = place += 1; });
  };
  list?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-up], [data-down]"), item = button?.closest("li");
    if (!item) return;
    if ("up" in button.dataset) item.previousElementSibling?.before(item); else item.nextElementSibling?.after(item);
    number();
    button.focus();
  });
  /* A download leaves the page where it is: its form can be sent again. */
  $$("form[data-again]").forEach((form) => form.addEventListener("submit", () => setTimeout(() => { delete form.dataset.sent; }, 1500)));

  /* --- A known customer */
  const name = $("[data-customer]");
  if (name) {
    const found = $("#customer-found"), hidden = name.form.elements.customer;
    const match = () => {
      const wanted = name.value.trim().toLowerCase();
      const known = $$("#customer-options option").filter((option) => option.value.toLowerCase() === wanted);
      const picked = known.find((option) => option.dataset.id === hidden.value) || (known.length === 1 ? known[0] : null);
      hidden.value = picked?.dataset.id || "";
      found.textContent = picked ? `${found.dataset.known}${picked.label ? `: ${picked.label}` : ""}` : "";
    };
    name.addEventListener("input", match);
    $(".new-customer")?.addEventListener("toggle", ({ target }) => {  // whose name was looked for in vain is who is new
      const { first_name: first, last_name: last, company_name: company } = name.form.elements, words = name.value.trim().split(/\s+/);
      if (!target.open || hidden.value || first.value || last.value || company.value || !words[0] || /[@\d]/.test(name.value)) return;
      last.value = words.pop();
      first.value = words.join(" ");
    });
    document.body.addEventListener("htmx:afterSwap", ({ detail }) => { if (detail.target.id === "customer-options") match(); });
    match();
  }
})();
