/* Speeds up imports: a file dropped on the form is sent, and a page whose rows are being worked on shows how far that is.
   Everything else works without script. */
"use strict";
(() => {
  const zone = document.querySelector("[data-drop-file]");
  if (zone) ["dragover", "dragleave", "drop"].forEach((type) => zone.addEventListener(type, (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", type === "dragover");
    if (type !== "drop" || !event.dataTransfer.files.length) return;
    zone.querySelector("input").files = event.dataTransfer.files;
    zone.closest("form").requestSubmit();
  }));

  const shown = document.querySelector("[data-import-stream]");
  if (!shown) return;
  const stream = new EventSource(shown.dataset.importStream);
  const update = ({ data }) => {
    const job = JSON.parse(data);
    if (job.progress != null) shown.querySelector("progress").value = job.progress;
    if (!["SUCCESS", "FAILURE", "REVOKED"].includes(job.state)) return;
    stream.close();
    location.reload();
  };
  ["state", "progress"].forEach((type) => stream.addEventListener(type, update));
})();
