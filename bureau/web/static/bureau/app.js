/* Speeds up what works without it: theme, menus, dialogs, the side panel, keys, the palette, autosave, uploads, running work.
   No inline handlers anywhere (the content security policy forbids them): elements say what they are in data attributes. */
"use strict";
(() => {
  const root = document.documentElement, body = document.body;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const on = (type, selector, act) => document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(event, found);
  });
  const say = (key) => body.dataset[`say${key}`] || "";
  const keep = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; };
  const csrf = () => JSON.parse(body.getAttribute("hx-headers") || "{}");

  /* --- Toasts */
  const expire = (note) => setTimeout(() => (note.matches(":hover, :focus-within") ? expire(note) : note.remove()), 6000);
  const toast = (text, tone = "info") => {
    const note = $("#toast-template")?.content.firstElementChild.cloneNode(true);
    if (!note || !text) return;
    note.classList.replace("info", tone);
    $("p", note).textContent = text;
    const use = $("use", note), shape = { error: "warning", success: "done", warning: "warning" }[tone];
    if (shape) use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${shape}`));
    if (tone === "error") note.setAttribute("role", "alert"); else expire(note);
    $("#toasts").append(note);
  };
  $$("#toasts .toast:not(.error)").forEach(expire);
  on("click", "[data-toast-close]", (event, button) => button.closest(".toast").remove());
  body.addEventListener("say", ({ detail }) => detail.items.forEach(({ text, tone }) => toast(text, tone)));

  /* --- Theme, rail, menus, dialogs */
  on("click", "[data-theme-toggle]", (event) => {
    event.preventDefault();
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    keep("theme", root.dataset.theme = dark ? "light" : "dark");
  });
  on("click", "[data-fold]", (event, button) => {
    const folded = root.dataset.rail !== "folded";
    keep("rail", root.dataset.rail = folded ? "folded" : "open");
    button.setAttribute("aria-pressed", folded);
  });
  const closeMenus = (except) => $$("details.menu[open]").filter((menu) => menu !== except).map((menu) => { menu.open = false; return menu; });
  document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
  on("keydown", "details.menu[open]", (event, menu) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const choices = $$(".menu-body :is(a, button)", menu), next = choices.indexOf(document.activeElement) + step;
    choices[(next + choices.length) % choices.length]?.focus();
  });
  on("click", "[data-dialog]", (event, opener) => {
    event.preventDefault();
    closeMenus();
    const dialog = document.getElementById(opener.dataset.dialog);
    dialog.showModal();
    $("textarea, [autofocus]", dialog)?.focus();
  });
  on("click", "[data-dialog-close]", (event, button) => { event.preventDefault(); button.closest("dialog").close(); });
  document.addEventListener("click", ({ target }) => {
    if (target.matches?.("dialog") && !$$("textarea", target).some((area) => area.value)) target.close();
  });

  /* --- The side panel: a row opens beside the list it is in */
  const side = $("#side");
  const rows = () => $$("[data-row]").filter((row) => row.offsetParent);
  const at = () => $("[data-row].at");
  const mark = (row) => {
    $$("[data-row].at").forEach((other) => other.classList.remove("at"));
    row?.classList.add("at");
    row?.scrollIntoView({ block: "nearest" });
  };
  const openSide = async (link) => {
    await window.htmx.ajax("GET", link.href, { target: "#side", swap: "innerHTML" });
    if (!side.childElementCount) return;
    const row = link.closest("[data-row]");
    $$("[data-row].open").forEach((other) => other.classList.remove("open"));
    row?.classList.add("open");
    mark(row);
    side.hidden = false;
    side.scrollTop = 0;
    side.focus({ preventScroll: true });
    if (covers.matches && !history.state?.side) history.pushState({ side: true }, "");
  };
  const hideSide = () => {
    side.hidden = true;
    side.replaceChildren();
    const row = $("[data-row].open") || at();
    row?.classList.remove("open");
    $(".title", row || body)?.focus({ preventScroll: true });
  };
  /* Where it covers the page, as on a phone, Back closes it. */
  const covers = matchMedia("(max-width: 760px)");
  const closeSide = () => { if (history.state?.side) history.back(); else hideSide(); };
  window.addEventListener("popstate", (event) => {
    if (!side || side.hidden || event.state?.side) return;
    event.stopImmediatePropagation();  // the list beneath is as it was: nothing to load again
    hideSide();
  }, { capture: true });
  if (history.state?.side) history.back();  // loaded again without its panel
  on("click", "a[data-panel]", (event, link) => {
    if (!side || !window.htmx || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openSide(link);
  });
  on("click", "[data-side-close]", (event) => { event.preventDefault(); closeSide(); });
  const setCounts = (counts) => Object.entries(counts || {}).forEach(([name, number]) => $$(`[data-count="${name}"]`).forEach((badge) => {
    badge.hidden = !number;
    badge.firstChild.nodeValue = number;
  }));
  body.addEventListener("decided", ({ detail }) => {
    setCounts(detail.counts);
    const row = $(`[data-row="${detail.id}"]`), all = rows(), next = all[all.indexOf(row) + 1] || all[all.indexOf(row) - 1];
    row?.remove();
    const link = next && $("a[data-panel]", next);
    if (link && next !== row) { openSide(link); return; }
    closeSide();
    if (row) window.htmx.ajax("GET", location.href, { target: "#main", select: "#main", swap: "outerHTML" });
  });

  /* --- Keys */
  const typing = (element) => element.matches?.("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
  const press = (key) => {
    const found = $$(`[data-key="${key}"]`).filter((element) => element.offsetParent);
    const target = found.find((element) => side?.contains(element)) || found[0];  // the open request before the selected rows
    if (!target) return false;
    if (target.matches("[data-dialog], a")) target.click(); else target.focus();
    return true;
  };
  const move = (step) => {
    const all = rows(), next = all[Math.min(Math.max(all.indexOf(at()) + step, 0), all.length - 1)];
    if (!next) return;
    mark(next);
    const link = $("a.title", next);
    if (side && !side.hidden && link.matches("[data-panel]")) openSide(link); else link.focus({ preventScroll: true });
  };
  const decide = async (key) => {
    if (press(key)) return;
    const link = $("a[data-panel]", at() || rows()[0] || body);
    if (link) { await openSide(link); press(key); }
  };
  let prefix = 0;
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k" && palette) {
      event.preventDefault();
      openPalette();
    } else if ((event.ctrlKey || event.metaKey) && key === "Enter" && target.form) {
      event.preventDefault();
      target.form.requestSubmit($("[data-default]", target.form));
    } else if (key === "Escape") {
      if ($("dialog[open]")) return;
      const menus = closeMenus();
      if (menus.length) $("summary", menus[0]).focus();
      else if (side && !side.hidden) { if (typing(target)) side.focus(); else closeSide(); }
    } else if (event.ctrlKey || event.metaKey || event.altKey || body.dataset.keys === "off" || typing(target) || $("dialog[open]")) {
      return;
    } else if (Date.now() - prefix < 1500) {
      prefix = 0;
      const link = $(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
    } else {
      const act = {
        g: () => { prefix = Date.now(); },
        j: () => move(1),
        k: () => move(-1),
        x: () => $("input[type=checkbox]", at() || body)?.closest("[data-row]") && $("input[type=checkbox]", at()).click(),
        a: () => decide("a"),
        r: () => decide("r"),
        c: () => press("c"),
        n: () => { const start = $("[data-new]"); start?.click(); if (start?.matches("summary")) $("a", start.parentElement).focus(); },
        "/": () => $("#q")?.focus(),
        "?": () => $("#keys-help")?.showModal(),
      }[key] || (/^[a-z]$/.test(key) && $(`[data-key="${key}"]`) && (() => press(key)));
      if (act) { event.preventDefault(); act(); }
    }
  });
  on("focusin", "[data-row] .title", (event, link) => mark(link.closest("[data-row]")));
  on("change", "[data-all]", (event, box) => $$("[data-row] input[type=checkbox]", box.form).forEach((other) => { other.checked = box.checked; }));

  /* --- The palette */
  const palette = $("#palette");
  let openPalette = () => {};
  if (palette) {
    const input = $("input", palette), list = $("#palette-list"), actions = $("#palette-actions").content;
    let asked, chosen = 0;
    const choose = (index) => {
      const options = $$("[role=option]", list);
      chosen = (index + options.length) % (options.length || 1);
      options.forEach((option, i) => {
        option.id = `option-${i}`;
        option.tabIndex = -1;
        option.setAttribute("aria-selected", i === chosen);
      });
      options[chosen]?.scrollIntoView({ block: "nearest" });
      if (options[chosen]) input.setAttribute("aria-activedescendant", `option-${chosen}`); else input.removeAttribute("aria-activedescendant");
    };
    const words = () => input.value.trim().toLowerCase();
    const show = () => {
      list.replaceChildren(...$$("[role=option]", actions).filter((option) => option.textContent.toLowerCase().includes(words())).map((option) => option.cloneNode(true)));
      choose(0);
    };
    const ask = async () => {
      asked?.abort();
      if (words().length < 2) return;
      asked = new AbortController();
      try {
        const answer = await fetch(`${list.dataset.searchUrl}?q=${encodeURIComponent(words())}`, { headers: { "HX-Request": "true", "HX-Target": "palette-list" }, signal: asked.signal });
        if (answer.ok) { show(); list.insertAdjacentHTML("beforeend", await answer.text()); choose(chosen); }
      } catch { /* typed on, or offline: the areas are still there */ }
    };
    openPalette = () => { input.value = ""; show(); palette.showModal(); input.focus(); };
    let pause;
    input.addEventListener("input", () => { asked?.abort(); show(); clearTimeout(pause); pause = setTimeout(ask, 120); });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); choose(chosen + step); }
      if (event.key === "Enter") { event.preventDefault(); $("[aria-selected=true]", list)?.click(); }
    });
  }

  /* --- What the server has taken needs no error beside it any more */
  const settle = (form) => {
    const filled = (control) => (/checkbox|radio/.test(control.type) ? control.checked : control.value.trim());
    $$(".field.has-error, .more-lines, .lines-panel", form).forEach((part) => {
      const controls = $$("input, select, textarea", part);
      if (part.matches(".field") && !controls.some(filled)) return;
      part.classList.remove("has-error");
      $$(".errorlist", part).forEach((list) => list.remove());
      controls.forEach((control) => control.removeAttribute("aria-invalid"));
    });
    if (!$(".errorlist", form)) $("[data-errors]")?.remove();
  };

  /* --- A draft saves itself; what could not be saved stays in this browser until it is */
  const sent = sessionStorage.getItem("sent");
  if (sent && body.matches(".shell")) {  // the server has it, unless its form comes back as it was before
    sessionStorage.removeItem("sent");
    const form = $$("form[data-autosave]").find((one) => `draft:${one.dataset.autosave}` === sent);
    if (!form || "typed" in form.dataset) localStorage.removeItem(sent);
  }
  $$("form[data-autosave]").forEach((form) => {
    const status = $("[data-saved]", form), store = () => `draft:${form.dataset.autosave}`;
    let pause, running, again;
    const entries = () => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
    const tell = (text, bad) => { status.textContent = text; status.classList.toggle("bad", Boolean(bad)); };
    const save = async () => {
      clearTimeout(pause);
      if (form.dataset.kept) { tell(form.dataset.kept); return; }  // it is saved by hand
      if (running) { again = true; return running; }
      tell(say("Saving"));
      running = (async () => {
        try {
          const answer = await fetch(form.dataset.autosave, { method: "POST", body: new URLSearchParams(entries()), headers: { ...csrf(), Accept: "application/json" } });
          const result = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
          if (answer.ok) {
            localStorage.removeItem(store());
            form.dispatchEvent(new Event("saved"));
            settle(form);
            if (result.page) {
              history.replaceState(null, "", result.page);
              form.action = result.page;
              form.dataset.autosave = result.autosave;
              $$("[data-upload]", form).forEach((zone) => { zone.dataset.upload = result.upload; });
            }
            tell(`${say("Saved")} ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
          } else tell(answer.status === 401 || answer.redirected ? say("Gone") : result.message || say("Failed"), !result.kept);
        } catch {
          tell(say("Unsaved"), true);
          pause = setTimeout(save, 8000);
        }
      })();
      await running;
      running = null;
      if (again) { again = false; await save(); }
    };
    form.saveNow = save;
    if (new URL(form.action).pathname !== location.pathname) history.replaceState(null, "", form.action);  // a refused one is a draft by now
    form.addEventListener("input", ({ target }) => {
      if (target.type === "file") return;
      try { localStorage.setItem(store(), JSON.stringify(entries())); } catch { /* private mode */ }
      clearTimeout(pause);
      pause = setTimeout(save, 900);
    });
    form.addEventListener("submit", (event) => {
      if (event.submitter?.formTarget === "_blank") return;
      clearTimeout(pause);
      if (!running) { sessionStorage.setItem("sent", store()); return; }
      event.preventDefault();  // else a draft that is just being made would be made twice
      event.stopPropagation();
      running.then(() => form.requestSubmit(event.submitter));
    });
    window.addEventListener("online", () => localStorage.getItem(store()) && save());
    const lost = localStorage.getItem(store());
    if (lost) document.addEventListener("DOMContentLoaded", () => {  // when the grid of lines is there
      const seen = {};
      JSON.parse(lost).forEach(([name, value]) => {
        const nth = (seen[name] = (seen[name] ?? -1) + 1), found = form.elements[name];
        const several = found instanceof RadioNodeList && found[0].type !== "radio";
        const field = several ? found[nth] || form.addLineFor?.(name, nth) : nth ? form.addLineFor?.(name, nth) : found;
        if (field?.type === "checkbox") field.checked = true; else if (field && field.type !== "file") field.value = value;
      });
      form.dispatchEvent(new Event("restored"));
      toast(form.dataset.restored || say("Restored"));
      save();
    });
  });

  /* --- Drop files, or choose them: one after the other, with progress */
  const send = (zone, file) => new Promise((done) => {
    const list = document.getElementById(zone.dataset.list), item = document.createElement("li"), bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    item.append(`${file.name} `, bar);
    list.append(item);
    const data = new FormData(), request = new XMLHttpRequest();
    data.append("file", file);
    $$("[data-with-file]", zone).forEach((field) => data.append(field.name, field.value));
    request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
    request.onload = () => {
      if (request.status < 300) item.outerHTML = request.responseText;
      else { item.remove(); toast(request.getResponseHeader("Content-Type")?.includes("text/plain") ? request.responseText : `${file.name}: ${say("Failed")}`, "error"); }
      done();
    };
    request.onerror = () => { item.remove(); toast(`${file.name}: ${say("Offline")}`, "error"); done(); };
    request.open("POST", zone.dataset.upload);
    Object.entries(csrf()).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.setRequestHeader("HX-Request", "true");
    request.send(data);
  });
  const sendAll = async (zone, files) => {
    const form = zone.closest("form");
    if (!zone.dataset.upload && form?.saveNow) await form.saveNow();
    if (!zone.dataset.upload) { toast($("[data-saved]", form)?.textContent, "error"); return; }
    for (const file of files) await send(zone, file);
    if ($(".files [data-pending]")) refreshJobs();
    const wanted = $(".wanted");
    if (!wanted) return;
    const page = new DOMParser().parseFromString(await (await fetch(form.action)).text(), "text/html");
    wanted.replaceWith($(".wanted", page));
    if (!$(".wanted .waiting")) {
      zone.classList.remove("has-error");
      $$(".errorlist", zone.parentElement).forEach((list) => list.remove());
    }
    settle(form);
  };
  on("change", "[data-drop] input[type=file]", async (event, input) => {
    const zone = input.closest("[data-drop]"), files = [...input.files];
    if (!("upload" in zone.dataset)) return;
    input.value = "";
    await sendAll(zone, files);
  });
  ["dragover", "dragleave", "drop"].forEach((type) => on(type, "[data-drop]", (event, zone) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", type === "dragover");
    if (type === "drop") sendAll(zone, [...event.dataTransfer.files]);
  }));

  on("click", "[data-remove-file]", async (event, button) => {
    event.preventDefault();
    const answer = await fetch(button.getAttribute("formaction"), { method: "POST", headers: { ...csrf(), "HX-Request": "true" } }).catch(() => null);
    if (answer?.ok) button.closest("li").remove(); else toast(answer ? await answer.text() : say("Offline"), "error");
  });
  on("click", "a[data-preview]", (event, link) => {
    const pane = $("[data-preview-pane]");
    if (!pane || event.ctrlKey || event.metaKey || event.shiftKey || innerWidth < 760) return;
    event.preventDefault();
    const view = document.createElement(/\.pdf$/i.test(link.textContent) ? "iframe" : "img");
    view.src = link.dataset.preview;
    view[view.tagName === "IMG" ? "alt" : "title"] = link.textContent;
    pane.replaceChildren(view);
    pane.hidden = false;
  });

  on("click", "[data-print]", () => { closeMenus(); print(); });
  on("click", "[data-copy]", async (event, button) => {
    closeMenus();
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(button.dataset.done, "success");
  });

  /* --- htmx: what goes wrong is said, what was typed stays */
  body.addEventListener("htmx:sendError", () => toast(say("Offline"), "error"));
  body.addEventListener("htmx:timeout", () => toast(say("Offline"), "error"));
  body.addEventListener("htmx:responseError", ({ detail }) => {
    if (!detail.xhr.getResponseHeader("HX-Trigger")) toast(say(detail.xhr.status === 401 ? "Gone" : "Failed"), "error");
  });
  body.addEventListener("htmx:afterSwap", ({ target }) => $(".has-error :is(input, select, textarea)", target)?.focus());
  on("change", "form[data-live] :is(select, input[type=date])", (event, field) => field.form.requestSubmit());
  $(".has-error :is(input, select, textarea)")?.focus();

  /* --- A form is sent once, however often the button is pressed */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post]")) return;
    if (event.submitter?.formTarget === "_blank") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  /* --- Running work: one stream per job, taken up again on every page */
  const jobs = $("[data-jobs]");
  const watch = (element) => {
    if (!element.dataset.stream || element.watched) return;
    element.watched = true;
    const stream = new EventSource(element.dataset.stream);
    const update = ({ data }) => {
      const job = JSON.parse(data), ended = ["SUCCESS", "FAILURE", "REVOKED"].includes(job.state);
      const bar = $("progress", element);
      if (job.progress != null) bar.value = job.progress;
      if (!ended) return;
      stream.close();
      element.remove();
      refreshDot();
      body.dispatchEvent(new CustomEvent("job-ended", { detail: job }));
    };
    stream.onmessage = update;
    ["state", "progress", "job"].forEach((type) => stream.addEventListener(type, update));
  };
  const refreshDot = () => {
    const some = Boolean($("[data-job]", jobs));
    $("[data-jobs-dot]", jobs).hidden = !some;
    $("[data-jobs-none]", jobs).hidden = some;
  };
  const refreshJobs = async () => {
    const answer = await fetch(jobs.dataset.jobs, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    $("[data-jobs-list]", jobs).innerHTML = await answer.text();
    $$("[data-job]", jobs).forEach(watch);
    refreshDot();
  };
  if (jobs) {
    $$("[data-job]", jobs).forEach(watch);
    body.addEventListener("job-started", refreshJobs);
  }
})();
