// Passkeys: asks the browser for what the form's options say, and sends the answer in pieces, as a field is bounded.

const PIECE = 500;

const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const described = (list) => (list ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));

async function made(options) {
  const asked = { ...options, challenge: bytesOf(options.challenge), excludeCredentials: described(options.excludeCredentials) };
  asked.user = { ...options.user, id: bytesOf(options.user.id) };
  const found = await navigator.credentials.create({ publicKey: asked });
  return { found, response: { attestationObject: textOf(found.response.attestationObject) } };
}

async function signed(options) {
  const asked = { ...options, challenge: bytesOf(options.challenge), allowCredentials: described(options.allowCredentials) };
  const found = await navigator.credentials.get({ publicKey: asked });
  const { authenticatorData, signature } = found.response;
  return { found, response: { authenticatorData: textOf(authenticatorData), signature: textOf(signature) } };
}

// Asks the browser; the answer as hidden fields of that name, to go with a form.
export async function answerTo(options, name, isNew = false) {
  const { found, response } = await (isNew ? made(options) : signed(options));
  response.clientDataJSON = textOf(found.response.clientDataJSON);
  const answer = JSON.stringify({ id: found.id, rawId: textOf(found.rawId), type: found.type, response });
  const pieces = [];
  for (let at = 0; at < answer.length; at += PIECE) pieces.push(hidden(name, answer.slice(at, at + PIECE)));
  return pieces;
}

export const hidden = (name, value) => Object.assign(document.createElement("input"), { type: "hidden", name, value });

async function send(form) {
  const options = JSON.parse(form.dataset.options);
  form.append(...(await answerTo(options, "answer", form.dataset.passkey === "create")));
  form.submit();
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[data-passkey-problem]");
    const button = form.querySelector("button");
    form.hidden = false;
    form.closest("[data-passkey-part]")?.removeAttribute("hidden");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      button.disabled = true;
      try {
        await send(form);
      } catch {
        problem.hidden = false;
        button.disabled = false;
      }
    });
  }
}
