// Shows the options of a newly chosen driver or codec at once; without this, the button beside the list does the same.
"use strict";
document.addEventListener("change", (event) => {
  const button = event.target.dataset && event.target.dataset.showsOptions && document.getElementsByName("_options")[0];
  if (button) button.click();
});
