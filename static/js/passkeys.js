// Asks the browser for a passkey and sends what it answers with the form. Where there are none, the button stays
// hidden, and the page may say why.
const REASONS = { InvalidStateError: "known", NotAllowedError: "cancelled", SecurityError: "needs" };

const form = document.querySelector("form[data-passkey]");
const button = form.querySelector("[data-passkey-button]");
const error = form.querySelector("[data-passkey-error]");
const needs = document.querySelector("[data-passkey-needs]");
const isNumber = /^[\d.]+$|^\[/.test(location.hostname); // browsers keep passkeys for names alone

async function options() {
  const given = document.getElementById("passkey-options");
  if (given) return JSON.parse(given.textContent);
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

async function answer() {
  const { creation_options: creation, request_options: request } = await options();
  if (request) return window.webauthnJSON.get(request);
  const alone = form.elements.passwordless.checked;
  const selection = creation.publicKey.authenticatorSelection;
  selection.residentKey = alone ? "required" : "discouraged";
  selection.requireResidentKey = alone;
  if (alone) selection.userVerification = "required";
  return window.webauthnJSON.create(creation);
}

async function send(event) {
  event.preventDefault();
  if (button.disabled) return;
  error.hidden = true;
  button.disabled = true;
  try {
    form.elements.credential.value = JSON.stringify(await answer());
    form.submit();
  } catch (problem) {
    error.textContent = error.dataset[REASONS[problem.name] ?? "failed"];
    error.hidden = false;
    button.disabled = false;
  }
}

if (window.PublicKeyCredential && window.webauthnJSON && !isNumber) {
  form.hidden = false;
  button.hidden = false;
  form.addEventListener("submit", send);
  addEventListener("pageshow", () => (button.disabled = false)); // back from where the form led
} else if (needs) {
  needs.hidden = false;
}
