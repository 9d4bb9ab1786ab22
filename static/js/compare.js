// Two pictures on top of each other, with an edge between them that a slider moves. Without this script they
// stand side by side.

const root = document.querySelector("[data-compare]");

if (root) {
  const stage = root.querySelector(".compare");
  const control = root.querySelector("[data-scripted]");
  const slider = control.querySelector("input");
  const show = () => stage.style.setProperty("--split", `${slider.value}%`);
  slider.addEventListener("input", show);
  stage.classList.add("is-sliding");
  control.hidden = false;
  show(); // the browser may have kept an earlier value
}
