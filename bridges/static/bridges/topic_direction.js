// Shows of a topic's form only what its direction uses; without this, everything is shown.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const direction = document.getElementById("id_direction");
  if (!direction) return;
  const ofFields = (...names) => names.flatMap((name) => [...document.querySelectorAll(`.form-row[class*="field-${name}"]`)]);
  const fieldsetsOf = (...names) => ofFields(...names).map((row) => row.closest("fieldset"));
  const parts = {
    in: [...ofFields("device", "codec"), ...fieldsetsOf("option_", "is_stored")],
    out: fieldsetsOf("retain"),
  };
  const show = () => {
    for (const [used, elements] of Object.entries(parts))
      for (const element of elements) element.hidden = used !== direction.value && !element.querySelector(".errorlist");
  };
  direction.addEventListener("change", show);
  show();
});
