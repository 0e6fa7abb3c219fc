/* The customer's page: says which file was chosen, and that it is on its way. */
"use strict";
document.addEventListener("change", ({ target }) => {
  if (!target.matches?.("[data-file]") || !target.files.length) return;
  const form = target.form, chosen = form.querySelector("[data-chosen]");
  form.querySelectorAll("[data-file]").forEach((other) => { if (other !== target) other.value = ""; });
  chosen.textContent = target.files[0].name;
  chosen.classList.add("is");
});
/* What the answer to a form that is not complete would lose is the file: it is asked for before anything is sent, and before
   the form counts as sent. */
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".send-form") || event.target.reportValidity()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("submit", ({ target }) => {
  const button = target.querySelector("[data-sending]");
  if (!button || button.disabled) return;
  setTimeout(() => { button.disabled = true; button.textContent = button.dataset.sending; });
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
