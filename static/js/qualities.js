// The studio's qualities: one that is chosen fills in the fields that it sets, and whoever changes one of these
// has a quality of their own. What each takes follows the size.
const group = document.querySelector("[data-qualities]");
const form = group.closest("form");
const own = group.querySelector("[data-own]");
const named = [...group.querySelectorAll("[data-values]")];

const fieldsOf = (radio) => Object.entries(JSON.parse(radio.dataset.values)).map(([name, value]) => [form.elements[name], value]);

group.addEventListener("change", ({ target }) => {
  if (target.dataset.values) for (const [field, value] of fieldsOf(target)) field.value = value;
});

for (const [field] of fieldsOf(named[0])) field.addEventListener("input", () => (own.checked = true));

form.elements.size.addEventListener("change", ({ target }) => {
  for (const radio of named) {
    radio.closest("label").querySelector("[data-cost]").textContent = JSON.parse(radio.dataset.costs)[target.value] ?? "";
  }
});
