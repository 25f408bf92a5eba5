// A second person confirms with a passkey where they stand: their password is sent first, and answered with what their passkey is to
// sign for this act alone; that goes with the form. Nothing is typed twice. Forms come and go here, so the page listens for them.

import { answerTo, hidden } from "./passkey.js";

if (window.PublicKeyCredential) {
  document.documentElement.classList.add("has-passkeys"); // the button is shown
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-second-passkey]");
    if (button?.form?.reportValidity()) confirmWith(button);
  });
}

async function whatToSign(form) {
  const fields = new URLSearchParams([...new FormData(form), ["second_by", "ask"]]);
  const response = await fetch(form.getAttribute("action"), { method: "POST", headers: { Accept: "application/json" }, body: fields });
  return response.json();
}

async function confirmWith(button) {
  const { form } = button;
  const problem = form.querySelector("[data-second-problem]");
  const text = problem.querySelector("span");
  text.textContent = text.dataset.plain ??= text.textContent; // nothing of what was said before
  problem.hidden = true;
  button.disabled = true;
  let proof = [];
  try {
    const said = await whatToSign(form);
    if (said.text) {
      text.textContent = said.text;
      form.elements[said.field]?.focus();
    }
    const answer = await answerTo(JSON.parse(said.options), "second_answer");
    proof = [hidden("second_by", "passkey"), hidden("second_at", said.at), ...answer];
    form.append(...proof);
    form.requestSubmit();
  } catch {
    problem.hidden = false;
  } finally {
    for (const one of proof) one.remove(); // it was sent, and is good once: the next press may be with a code
    button.disabled = false;
  }
}
