/* The editor of quotes and invoices: the page as it will be printed follows what is typed, cases become lines, Enter goes
   to the next field. The lines themselves are lines.js, the customer is customer_field.js. */
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = $("#sell");
  if (!form) return;
  const table = $("[data-lines]", form);

  /* --- The page as it will be printed */
  const pane = $("[data-preview]"), sheet = $("[data-sheet]", pane), image = $("[data-sheet-image]", pane), said = $("[data-sheet-said]", pane), pages = $("[data-pages]", pane);
  const enlarge = $("[data-enlarge]", sheet), large = $("[data-sheet-large]");
  let page = 1, count = 1, pause, running, stale = true;
  const show = (blob) => {
    if (image.src) URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
    large.src = image.src;
    image.hidden = enlarge.hidden = false;
    said.hidden = true;
    pages.hidden = count < 2;
    $("[data-page-said]", pages).textContent = `${page} / ${count}`;
    $$("[data-page]", pages).forEach((button) => { button.disabled = page + Number(button.dataset.page) < 1 || page + Number(button.dataset.page) > count; });
  };
  const draw = async () => {
    clearTimeout(pause);
    if (!pane.offsetParent) { stale = true; return; }  // on a phone it is drawn when it is looked at
    running?.abort();
    const mine = running = new AbortController(), data = new FormData(form);
    stale = false;
    data.set("page", page);
    sheet.classList.add("drawing");
    try {
      const answer = await fetch(form.dataset.previewUrl, { method: "POST", body: new URLSearchParams([...data].filter(([, value]) => typeof value === "string")), headers: { "HX-Request": "true" }, signal: mine.signal });
      if (!answer.ok) throw new Error(answer.status);
      count = Number(answer.headers.get("X-Pages")) || 1;
      if (page > count) { page = count; draw(); return; }
      show(await answer.blob());
    } catch (error) {
      if (error.name === "AbortError") return;
      stale = true;
      said.textContent = navigator.onLine ? said.dataset.failed : said.dataset.offline;
      said.hidden = false;
    }
    if (mine === running) sheet.classList.remove("drawing");
  };
  const soon = (delay = 500) => { clearTimeout(pause); pause = setTimeout(draw, delay); };
  form.addEventListener("input", () => soon());
  form.addEventListener("change", () => soon());
  form.addEventListener("restored", () => soon(0));
  window.addEventListener("online", () => soon(0));
  $$("[data-page]", pages).forEach((button) => button.addEventListener("click", () => {
    page = Math.min(Math.max(page + Number(button.dataset.page), 1), count);
    draw();
  }));
  enlarge.addEventListener("click", () => large.closest("dialog").showModal());
  sheet.addEventListener("keydown", ({ key }) => {
    const step = { PageUp: -1, PageDown: 1 }[key];
    if (step) $(`[data-page="${step}"]`, pages).click();
  });
  $$("[data-show-preview]").forEach((button) => button.addEventListener("click", () => {
    const shown = form.classList.toggle("shows-preview");
    if (shown) { scrollTo(0, 0); if (stale) draw(); $("[data-show-preview]", pane).focus(); }
    else $(".sell-bar [data-show-preview]").focus();
  }));
  new ResizeObserver(() => { if (stale && pane.offsetParent) draw(); }).observe(pane);
  soon(0);

  /* --- A description is as high as its text; most browsers do it by themselves */
  if (!CSS.supports("field-sizing", "content")) {
    const grow = () => $$("textarea", table).forEach((area) => { area.style.height = "auto"; area.style.height = `${area.scrollHeight}px`; });
    form.addEventListener("input", grow);
    form.addEventListener("restored", grow);
    grow();
  }

  /* --- Cases of the customer become lines; one is offered again when its line is gone */
  const cases = $("#ready-cases");
  const offer = () => {
    if (!cases) return;
    const there = new Set($$("[name=line_case]", table).map((field) => field.value));
    const open = $$("[data-offer]", cases).filter((item) => { item.hidden = there.has(item.dataset.offer); return !item.hidden; });
    const section = $(".ready-cases", cases), all = $("[data-add-cases]", cases);
    if (section) section.hidden = !open.length;
    if (all) all.hidden = open.length < 2;
  };
  const bill = (button) => {
    const given = Object.entries(button.dataset).filter(([name]) => name.startsWith("line"));
    const row = form.fillLine(Object.fromEntries(given.map(([name, value]) => [name[4].toLowerCase() + name.slice(5), value])));
    const mark = $("[data-case-mark]", row);
    $("span", mark).textContent = button.dataset.number;
    mark.hidden = false;
    return row;
  };
  cases?.addEventListener("click", (event) => {
    const one = event.target.closest("[data-add-case]"), all = event.target.closest("[data-add-cases]");
    if (!one && !all) return;
    event.preventDefault();
    const rows = (one ? [one] : $$("[data-offer]:not([hidden]) [data-add-case]", cases)).map(bill);
    offer();
    const next = $("[data-offer]:not([hidden]) button", cases);
    (next || $("[name=line_quantity]", rows.at(-1))).focus();
  });
  form.addEventListener("customer-chosen", async ({ detail }) => {
    if (!cases) return;
    const query = new URLSearchParams({ customer: detail.id, ...(form.dataset.item ? { invoice: form.dataset.item } : {}) });
    const answer = await fetch(`${cases.dataset.cases}?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.ok && form.elements.customer.value === detail.id) { cases.innerHTML = await answer.text(); offer(); }
  });
  form.addEventListener("customer-cleared", () => cases?.replaceChildren());
  form.addEventListener("input", offer);
  form.addEventListener("restored", () => {
    const id = form.elements.customer.value;
    if (id) form.dispatchEvent(new CustomEvent("customer-chosen", { detail: { id } }));
  });
  offer();

  /* --- The last day follows the date, until somebody sets it */
  const date = form.elements.issue_date, until = form.elements.due_date || form.elements.expiry_date, days = Number(form.dataset.days);
  const later = (day) => new Date(Date.parse(day) + days * 86400000).toISOString().slice(0, 10);
  let from = date.value;
  date.addEventListener("change", () => {
    if (!date.value) return;
    if (from && until.value === later(from)) until.value = later(date.value);
    from = date.value;
  });

  /* --- Enter goes on, as in the lines; what sends is Ctrl-Enter, or a button */
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key === "Enter" && event.shiftKey && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      form.requestSubmit($("[data-send]", form));
      return;
    }
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.defaultPrevented || !field.matches("input") || table.contains(field)) return;
    event.preventDefault();
    const fields = $$("input:not([type=hidden]), select, textarea", form).filter((one) => one.checkVisibility());
    fields[fields.indexOf(field) + 1]?.focus();
  });

  /* --- What was typed is not left by accident */
  let dirty = "typed" in form.dataset;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("restored", () => { dirty = true; });
  form.addEventListener("saved", () => { dirty = false; });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formTarget === "_blank") return;
    if (!navigator.onLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      document.body.dispatchEvent(new CustomEvent("say", { detail: { items: [{ text: document.body.dataset.sayOffline, tone: "error" }] } }));
      return;
    }
    dirty = false;
  }, { capture: true });
  $("[data-discard]", form)?.addEventListener("click", () => {
    if (form.dataset.kept) localStorage.removeItem(`draft:${form.dataset.autosave}`);
    dirty = false;
  });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
})();
