/* Lines as in a spreadsheet: Enter goes down and adds one, arrows move, rows can be pasted, amounts follow as one types.
   A [data-lines] table has one line per row of its body. Controls say what they are: data-cell="quantity", "price",
   "discount" (percent) and, on a select of taxes whose options have data-rate (percent), "rate". Amounts show in
   [data-out=net|tax|total] of the row and [data-sum=net|tax|total] of the form; before the template [data-tax-sum] stands what
   is taxed alike (data-group of the options), a row each. With data-tax-of-net on the table the tax is that of the
   rounded net amount. The server works them out again; it does it the same way. */
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const controls = (row) => $$("input:not([type=hidden]), select, textarea", row);
  const lines = (table) => [...table.tBodies[0].rows];

  /* Exact: whole numbers of thousandths, cents and hundredths of a percent; halves go up, once per amount. */
  const plain = (text) => {
    const tight = text.trim().replace(/[\s_']/g, "");
    if (/^[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(tight)) return tight.replaceAll(",", "");
    const comma = /^((\d+|[1-9]\d{0,2}(\.\d{3})+),\d{1,2}|0,\d+)$/.test(tight);  // 12,50 and 1.234,50, as in numbers.py
    return comma ? tight.replaceAll(".", "").replace(",", ".") : tight;
  };
  const scaled = (text, places) => {
    const found = /^(\d*)\.?(\d*)$/.exec(plain(text));
    if (!found || !(found[1] + found[2])) return null;
    const decimals = found[2].replace(/0+$/, "");
    return decimals.length > places ? null : BigInt(found[1] + decimals.padEnd(places, "0"));
  };
  const rounded = (number, divisor) => (2n * number + divisor) / (2n * divisor);
  const shown = (cents) => {
    const digits = String(cents).padStart(3, "0");
    return `${digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",")}.${digits.slice(-2)}`;
  };
  const amounts = (row) => {
    const given = (name) => $(`[data-cell=${name}]`, row);
    const price = given("price")?.value.trim();
    if (!price) return null;
    const quantity = scaled(given("quantity").value.trim() || "1", 3), each = scaled(price, 2);
    if (quantity === null || each === null) return null;
    const rate = scaled(given("rate")?.selectedOptions[0]?.dataset.rate || "0", 2) ?? 0n;
    const discount = scaled(given("discount")?.value.replace("%", "").trim() || "0", 2);
    if (discount === null || discount > 10000n) return null;
    const exact = quantity * each * (10000n - discount), net = rounded(exact, 10000000n);
    const ofNet = "taxOfNet" in row.closest("table").dataset;
    const tax = ofNet ? rounded(net * rate, 10000n) : rounded(exact * rate, 100000000000n);
    return { net, tax, total: net + tax };
  };
  const price = (row) => {
    const found = amounts(row);
    $$("[data-out]", row).forEach((out) => { out.textContent = found ? shown(found[out.dataset.out]) : ""; });
    return found;
  };
  const sumTaxes = (form, priced) => {
    const shape = $("[data-tax-sum]", form), taxes = new Map();
    if (!shape) return;
    priced.forEach(([row, found]) => {
      const { group, word, rate } = $("[data-cell=rate]", row).selectedOptions[0].dataset;
      const tax = taxes.get(group) || { word, rate: Number(rate), net: 0n, tax: 0n };
      taxes.set(group, { ...tax, net: tax.net + found.net, tax: tax.tax + found.tax });
    });
    $$("[data-tax-row]", form).forEach((row) => row.remove());
    shape.before(...[...taxes].sort(([a, one], [b, other]) => other.rate - one.rate || (a < b ? -1 : 1)).map(([, tax]) => {
      const row = shape.content.firstElementChild.cloneNode(true);
      $("[data-word]", row).textContent = tax.word;
      $("[data-net]", row).textContent = shown(tax.net);
      $("[data-tax]", row).textContent = shown(tax.tax);
      return row;
    }));
  };
  const sum = (table) => {
    const sums = { net: 0n, tax: 0n, total: 0n }, form = table.closest("form");
    const priced = lines(table).map((row) => [row, price(row)]).filter(([, found]) => found);
    priced.forEach(([, found]) => Object.keys(sums).forEach((name) => { sums[name] += found[name]; }));
    sumTaxes(form, priced);
    $$("[data-sum]", form).forEach((out) => { out.textContent = shown(sums[out.dataset.sum]); });
    const value = $("[data-sum-value]", form);
    if (value) value.value = shown(sums.total).replaceAll(",", "");
  };
  const typed = (table) => {
    sum(table);
    table.dispatchEvent(new Event("input", { bubbles: true }));  // the draft saves itself
  };

  const addLine = (table) => {
    const last = lines(table).at(-1), line = last.cloneNode(true);
    controls(line).forEach((control, i) => {
      if (control.tagName === "SELECT") control.value = controls(last)[i].value; else control.value = "";
      ["id", "aria-invalid", "aria-describedby"].forEach((name) => control.removeAttribute(name));
    });
    $$("input[type=hidden]", line).forEach((control) => { control.value = ""; });
    $$("[data-case-mark]", line).forEach((mark) => { mark.hidden = true; });
    $$(".has-error", line).forEach((cell) => cell.classList.remove("has-error"));
    $$(".errorlist", line).forEach((list) => list.remove());
    last.after(line);
    price(line);
    return line;
  };
  const removeLine = (row) => {
    const table = row.closest("table"), all = lines(table), at = all.indexOf(row);
    if (all.length === 1) addLine(table);
    removed.push({ row, at });
    row.remove();
    typed(table);
    offerUndo(table, true);
    return lines(table)[Math.min(at, lines(table).length - 1)];
  };
  /* Until something else is typed, what was removed comes back: each line where it was. */
  const removed = [];
  const offerUndo = (table, offered) => {
    const said = $("[data-undo-said]", table.closest("form"));
    if (said) said.hidden = !offered;
    if (!offered) removed.length = 0;
  };
  const undo = (table) => {
    const { row, at } = removed.pop(), there = lines(table)[at];
    if (there) there.before(row); else table.tBodies[0].append(row);
    typed(table);
    offerUndo(table, removed.length);
    goTo(row, 0);
  };
  const goTo = (row, column) => {
    const target = controls(row)[column];
    target?.focus();
    target?.select?.();
  };
  const wraps = (control) => control.tagName === "TEXTAREA" && control.scrollHeight > 2 * parseFloat(getComputedStyle(control).lineHeight);

  $$("[data-lines]").forEach((table) => {
    const form = table.closest("form");
    form.addLineFor = (name, nth) => {
      if (!table.querySelector(`[name="${CSS.escape(name)}"]`)) return null;
      while (lines(table).length <= nth) addLine(table);
      return lines(table)[nth].querySelector(`[name="${CSS.escape(name)}"]`);
    };
    form.addEventListener("restored", () => sum(table));
    form.fillLine = (cells) => {
      const filled = (row) => $$("input, textarea", row).some((control) => control.value.trim());
      const row = lines(table).find((line) => !filled(line)) || addLine(table);
      Object.entries(cells).forEach(([name, value]) => { const cell = row.querySelector(`[name="line_${CSS.escape(name)}"]`); if (cell) cell.value = value; });
      typed(table);
      return row;
    };
    table.addEventListener("input", ({ target }) => {
      if (target === table) return;
      if (removed.length) offerUndo(table, false);
      sum(table);
    });
    table.addEventListener("keydown", (event) => {
      const control = event.target, row = control.closest("tbody tr");
      if (!row || !control.matches("input, select, textarea")) return;
      const column = controls(row).indexOf(control);
      const beside = { ArrowUp: row.previousElementSibling, ArrowDown: row.nextElementSibling }[event.key];
      if (event.altKey && beside && !event.ctrlKey) {
        event.preventDefault();
        if (event.key === "ArrowUp") beside.before(row); else beside.after(row);
        control.focus();
        typed(table);
      } else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && removed.length) {
        event.preventDefault();
        undo(table);
      } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        goTo(row.nextElementSibling || addLine(table), 0);
      } else if (beside && control.tagName !== "SELECT" && !wraps(control) && !event.altKey) {
        event.preventDefault();
        goTo(beside, column);
      } else if (event.key === "Delete" && event.ctrlKey) {
        event.preventDefault();
        goTo(removeLine(row), column);
      }
    });
    table.addEventListener("click", ({ target }) => {
      const row = target.closest("[data-remove-line]")?.closest("tr");
      if (row) goTo(removeLine(row), 0);
    });
    table.addEventListener("paste", (event) => {
      const rows = event.clipboardData.getData("text").replace(/\r/g, "").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
      if (rows.length < 2 && rows[0].length < 2) return;
      event.preventDefault();
      let row = event.target.closest("tr");
      const first = controls(row).indexOf(event.target);
      const numbers = (cells) => cells.filter((cell, j) => controls(row)[first + j]?.inputMode === "decimal");
      if (rows.length > 1 && numbers(rows[0]).length && !numbers(rows[0]).some((cell) => /\d/.test(cell))) rows.shift();  // headings
      const places = placed(rows, controls(row).slice(first));
      rows.forEach((cells, i) => {
        if (i) row = row.nextElementSibling || addLine(table);
        cells.forEach((cell, j) => fill(controls(row)[first + places[j]], cell.trim()));
      });
      typed(table);
    });
    $("[data-undo-line]", form)?.addEventListener("click", () => undo(table));
    $("[data-add-line]", form)?.addEventListener("click", () => goTo(addLine(table), 0));
    sum(table);
  });

  /* Where the pasted columns go: one after the other, but bare numbers are no units. */
  const placed = (rows, targets) => {
    let next = 0;
    return Array.from({ length: Math.max(...rows.map((cells) => cells.length)) }, (_, j) => {
      const numbers = rows.map((cells) => cells[j]?.trim()).filter(Boolean);
      if (targets[next]?.dataset.cell === "unit" && numbers.length && numbers.every((cell) => /^\P{L}*\d\P{L}*$/u.test(cell))) next += 1;
      return next++;
    });
  };

  /* A pasted cell: numbers without their currency and grouping, choices by their code or the start of their word. */
  const fill = (control, text) => {
    if (!control) return;
    if (control.tagName === "SELECT") {
      const wanted = text.toLowerCase();
      const option = wanted && [...control.options].find((one) => one.value.toLowerCase() === wanted || one.textContent.trim().toLowerCase().startsWith(wanted));
      if (option) control.value = option.value;
    } else if (control.inputMode === "decimal") control.value = plain(text.replace(/[^\d.,\s'_-]/g, ""));
    else control.value = text;
  };
})();
