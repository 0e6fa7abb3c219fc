/* The order's form: a known vendor fills in its contact, the outlook follows the amount, the photo shows itself. */
"use strict";
(() => {
  const form = document.getElementById("order-form");
  if (!form) return;
  const options = () => [...form.querySelectorAll("#vendor-options option")];

  const name = form.querySelector("[data-vendor]");
  name?.addEventListener("input", () => {
    const wanted = name.value.trim().toLowerCase(), known = options().filter((option) => option.value.toLowerCase() === wanted);
    const picked = known.length === 1 ? known[0] : null;
    form.elements.vendor.value = picked?.dataset.id || "";
    if (!picked) return;
    ["vendor_contact_name", "vendor_email", "vendor_phone", "vendor_address"].forEach((part) => {
      const field = form.elements[part];
      if (!field || (field.value && field.value !== field.dataset.filled)) return;  // what somebody typed stays
      field.value = field.dataset.filled = picked.dataset[part];
    });
    const contact = form.querySelector(".contact");
    if (contact) contact.open = true;
  });

  const outlook = document.getElementById("outlook");
  let pause, asked = "";
  const refresh = () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      const type = form.querySelector("[name=type]:checked")?.value;
      const now = ["project", "cost_code", "amount", "ceiling_amount"].map((part) => form.elements[part]?.value).concat(type).join("|");
      if (now !== asked) { asked = now; window.htmx.trigger(outlook, "refresh"); }
    }, 300);
  };
  if (outlook) {
    form.addEventListener("input", refresh);
    form.addEventListener("change", refresh);
    document.body.addEventListener("htmx:afterSwap", ({ detail }) => { if (detail.target.id === "code-field") refresh(); });
  }

  const photo = form.querySelector("[name=photo]");
  photo?.addEventListener("change", () => {
    const seen = form.querySelector(".photo-seen"), file = photo.files[0];
    if (seen.src) URL.revokeObjectURL(seen.src);
    seen.hidden = !file;
    if (file) seen.src = URL.createObjectURL(file);
    form.querySelector(".photo").classList.toggle("taken", Boolean(file));
  });
})();
