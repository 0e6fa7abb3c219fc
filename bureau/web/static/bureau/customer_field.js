/* A customer is chosen by typing: [data-combo] holds the field, its list and the address that answers with options. Enter
   or Tab takes the one that is lit; the last option is somebody new, who is added without leaving the form. The form
   hears "customer-chosen" and "customer-cleared". */
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const combo = $("[data-combo]");
  if (!combo) return;
  const name = $("[data-customer]", combo), list = $("[role=listbox]", combo), form = name.form, hidden = form.elements.customer;
  const card = $("[data-customer-card]", form), fresh = $("[data-new-customer]", form);
  const options = () => $$("[role=option]", list);
  let lit = -1, asked, pause;
  name.removeAttribute("list");  // that was for a browser without script
  Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" }).forEach(([key, value]) => name.setAttribute(key, value));

  const light = (index) => {
    const all = options();
    lit = all.length ? (index + all.length) % all.length : -1;
    all.forEach((option, i) => { option.id = `customer-option-${i}`; option.setAttribute("aria-selected", i === lit); });
    if (lit < 0) name.removeAttribute("aria-activedescendant"); else name.setAttribute("aria-activedescendant", all[lit].id);
    all[lit]?.scrollIntoView({ block: "nearest" });
  };
  const open = (shown) => {
    list.hidden = !shown;
    name.setAttribute("aria-expanded", shown);
    if (!shown) light(-1), name.removeAttribute("aria-activedescendant");
  };
  const show = (html) => {
    list.innerHTML = html;
    if (name.value.trim()) {
      const option = $("[data-new-option]", combo).content.firstElementChild.cloneNode(true);
      $("[data-typed-name]", option).textContent = name.value.trim();
      list.append(option);
    }
    open(options().length > 0);
    light(0);
  };
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(`${combo.dataset.combo}?q=${encodeURIComponent(name.value.trim())}`, { headers: { "HX-Request": "true" }, signal: asked.signal });
      if (answer.ok && document.activeElement === name) show(await answer.text());
    } catch { /* typed on, or offline: the server finds them by name */ }
  };
  const tell = (type, detail) => form.dispatchEvent(new CustomEvent(type, { detail }));
  const choose = (option) => {
    clearTimeout(pause);
    asked?.abort();
    open(false);
    name.value = option.dataset.name;
    hidden.value = option.dataset.id;
    card.innerHTML = $("[hidden]", option).innerHTML;
    name.removeAttribute("aria-invalid");
    name.closest(".field").classList.remove("has-error");
    $(".errorlist", name.closest(".field"))?.remove();
    if (fresh) fresh.open = false;
    name.dispatchEvent(new Event("input", { bubbles: true }));
    tell("customer-chosen", { id: hidden.value });
  };
  /* Whose name was looked for in vain is who is new. */
  const begin = () => {
    open(false);
    const fields = form.elements, [company, first, last] = ["company_name", "first_name", "last_name"].map((part) => fields[`new-${part}`]);
    const words = name.value.trim();
    fresh.open = true;
    if (words.includes("@")) fields["new-email"].value ||= words;
    else if (!company.value && !first.value && !last.value) {
      if ($("[value=person]:checked", fresh)) [first.value, last.value] = [words.split(/\s+/).slice(0, -1).join(" "), words.split(/\s+/).at(-1)];
      else company.value = words;
    }
    const empty = $$("input[type=text], input[type=email], input[type=tel]", fresh).filter((field) => field.checkVisibility() && !field.value);
    (words.includes("@") ? company : empty.find((field) => field.type === "email") || empty[0])?.focus();
  };
  const take = () => {
    const option = options()[lit];
    if (list.hidden || !option) return false;
    if ("new" in option.dataset) begin(); else choose(option);
    return option;
  };

  name.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    if (hidden.value) { hidden.value = ""; card.replaceChildren(); tell("customer-cleared"); }
    clearTimeout(pause);
    pause = setTimeout(ask, 120);
  });
  name.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (list.hidden) ask(); else light(lit + step);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      open(false);
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !list.hidden) {
      event.preventDefault();
      const option = take();
      if (option && !("new" in option.dataset)) form.elements.issue_date.focus();
      event.stopPropagation();
    } else if (event.key === "Tab" && !event.shiftKey && !list.hidden && options()[lit]?.dataset.id && name.value.trim()) take();
  });
  form.addEventListener("restored", async () => {
    if (!hidden.value) return;
    const answer = await fetch(`${combo.dataset.combo}?q=${encodeURIComponent(name.value.trim())}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return;
    const found = document.createElement("div");
    found.innerHTML = await answer.text();
    card.innerHTML = $(`[data-id="${CSS.escape(hidden.value)}"] [hidden]`, found)?.innerHTML || "";
  });
  name.addEventListener("focus", () => { if (!hidden.value && name.value.trim()) ask(); });
  name.addEventListener("blur", () => open(false));
  list.addEventListener("mousedown", (event) => event.preventDefault());  // the field keeps the focus
  list.addEventListener("click", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option) { light(options().indexOf(option)); take(); }
  });

  /* --- Somebody new */
  fresh?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || !event.target.matches("input:not([type=checkbox])")) return;
    event.preventDefault();
    event.stopPropagation();
    $("[data-add-customer]", fresh).click();
  });
  fresh?.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-add-customer]");
    if (!button) return;
    event.preventDefault();
    const data = new FormData(form);
    data.set("do", "customer");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams([...data].filter(([, value]) => typeof value === "string")), headers: { "HX-Request": "true" } });
      const text = await answer.text();
      if (answer.ok) {
        const made = document.createElement("div");
        made.innerHTML = text;
        $$("input, textarea", fresh).forEach((field) => { if (!/radio|checkbox|submit/.test(field.type)) field.value = ""; });
        choose($("[role=option]", made));
        form.elements.issue_date.focus();
      } else if (answer.status === 422) {
        $(".form", fresh).innerHTML = text;
        $(".has-error :is(input, select, textarea), .note input", fresh)?.focus();
      } else throw new Error(answer.status);
    } catch {
      document.body.dispatchEvent(new CustomEvent("say", { detail: { items: [{ text: document.body.dataset[navigator.onLine ? "sayFailed" : "sayOffline"], tone: "error" }] } }));
    }
    button.disabled = false;
  });
})();
