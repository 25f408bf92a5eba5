// Enhancement only: every page works without this module.
// It marks a pressed button as busy, keeps drafts of forms on the device, says when the network is slow or gone,
// helps with document numbers, counts down holds, and asks again for an outcome that is not known yet.

const DRAFT_AGE_MS = 24 * 60 * 60 * 1000;
const SLOW_AFTER_MS = 2500;

const netbar = document.querySelector("[data-netbar]");

function showNet(state) {
  if (!netbar) return;
  netbar.hidden = !state;
  netbar.querySelector("[data-netbar-off]").hidden = state !== "off";
  netbar.querySelector("[data-netbar-slow]").hidden = state !== "slow";
}

// Whether the service can be reached is known from a request of this page's own: browsers say "online" beside a dead line, and on a page
// that was kept. It is made only when something hints that the answer may be no; then again, more and more seldom, until it is yes.
const PROBE_WITHIN_MS = 5000;
const PROBE_PAUSES_MS = [2000, 4000, 8000, 15000, 30000];
const PROBES_MAX = 60;
let isProbing = false;

async function isReachable() {
  const patience = new AbortController();
  setTimeout(() => patience.abort(), PROBE_WITHIN_MS);
  try {
    await fetch("/healthz", { cache: "no-store", credentials: "omit", signal: patience.signal });
    return true; // whatever it said, it answered
  } catch {
    return false;
  }
}

function isSeen() {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

async function probe() {
  if (isProbing) return;
  isProbing = true;
  for (let turn = 0; turn < PROBES_MAX; turn += 1) {
    await isSeen();
    if (await isReachable()) {
      showNet("");
      dispatchEvent(new Event("wenyue:reached"));
      break;
    }
    showNet("off");
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSES_MS[Math.min(turn, PROBE_PAUSES_MS.length - 1)]));
  }
  isProbing = false;
}

function wasKept() {
  const [loaded] = performance.getEntriesByType("navigation");
  return "copy" in document.documentElement.dataset || loaded?.deliveryType === "cache" || loaded?.transferSize === 0;
}

addEventListener("offline", probe);
addEventListener("online", probe);
if (navigator.onLine === false || wasKept()) probe();
else if (/(^|-)2g$/.test(navigator.connection?.effectiveType ?? "")) showNet("slow");

// Vouchers that were kept for somebody are forgotten at sign-out, and where somebody else may sign in.
async function forgetVouchers() {
  if (!("caches" in window)) return;
  for (const name of await caches.keys()) if (name.startsWith("wenyue-voucher")) await caches.delete(name);
}
if (document.querySelector("[data-forget-vouchers]")) forgetVouchers();

// A form is sent once: the second press of the same button does nothing until the page comes back.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  event.submitter?.classList.add("is-busy");
  setTimeout(async () => ((await isReachable()) ? showNet("slow") : probe()), SLOW_AFTER_MS);
});
// The back button shows the page as it was left: ready to be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
  showNet("");
  probe();
});

// Drafts: nothing typed is lost by an error, a reload or a dead battery. Secrets are never kept, and identity numbers
// only for the session of this tab. A page that says the form was done (data-draft-done) forgets it.
for (const done of document.querySelectorAll("[data-draft-done]")) sessionStorage.removeItem(draftKey(done.dataset.draftDone));
for (const form of document.querySelectorAll("form[data-draft]")) keepDraft(form);
for (const form of document.querySelectorAll('form[action="/signout"]')) form.addEventListener("submit", () => (sessionStorage.clear(), forgetVouchers()));

function draftKey(name) {
  return `wenyue.draft.${name}`;
}

function keepDraft(form) {
  const key = draftKey(form.dataset.draft);
  const fields = () => [...form.elements].filter((field) => field.name && !field.name.startsWith("_") && !/hidden|password|submit/.test(field.type) && !("secret" in field.dataset));
  const stored = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (stored && Date.now() - stored.at < DRAFT_AGE_MS) {
    for (const field of fields()) {
      const value = stored.values[field.name];
      if (value === undefined) continue;
      if (field.type === "radio" || field.type === "checkbox") field.checked = value.includes(field.value);
      else if (!field.value || field.tagName === "SELECT") field.value = value[0] ?? "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  const save = () => {
    const values = {};
    for (const field of fields()) {
      values[field.name] ??= [];
      if (!/radio|checkbox/.test(field.type) || field.checked) values[field.name].push(field.value);
    }
    sessionStorage.setItem(key, JSON.stringify({ at: Date.now(), values }));
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
}

// A secret can be looked at while it is typed, and is hidden again when it is sent.
for (const button of document.querySelectorAll("[data-show]")) {
  const field = document.getElementById(button.dataset.show);
  const show = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    show(field.type === "password");
    field.focus();
  });
  field.form.addEventListener("submit", () => show(false));
}

// Document numbers: the right keyboard, an X key, the number in groups of 6-8-4, and the age it says.
for (const number of document.querySelectorAll("[data-document]")) helpWithDocument(number);

function helpWithDocument(number) {
  const form = number.form;
  const echo = form.querySelector("[data-document-echo]");
  const xKey = form.querySelector("[data-document-x]");
  const ofSomeKinds = form.querySelectorAll("[data-kinds]");
  const kind = () => form.querySelector('[name="kind"]:checked')?.value ?? "resident_id";
  const refresh = () => {
    const isId = ["resident_id", "residence_permit"].includes(kind());
    number.inputMode = isId ? "numeric" : "text";
    if (xKey) xKey.hidden = !isId;
    for (const part of ofSomeKinds) part.hidden = !part.dataset.kinds.split(" ").includes(kind());
    const plain = number.value.replace(/[\s-]/g, "").toUpperCase();
    const groups = isId && plain.length > 6 ? [plain.slice(0, 6), plain.slice(6, 14), plain.slice(14, 18)].filter(Boolean).join(" ") : "";
    const age = isId && plain.length === 18 ? ageOf(plain.slice(6, 14)) : null;
    echo.textContent = groups + (age === null ? "" : `  ·  ${echo.dataset.age.replace("{n}", String(age))}`);
  };
  form.addEventListener("input", refresh);
  form.addEventListener("change", refresh);
  xKey?.addEventListener("click", () => {
    if (!/x$/i.test(number.value)) number.value += "X";
    number.focus();
    number.dispatchEvent(new Event("input", { bubbles: true }));
  });
  refresh();
}

function ageOf(birth) {
  const [year, month, day] = [birth.slice(0, 4), birth.slice(4, 6), birth.slice(6)].map(Number);
  const today = new Date();
  const had = today.getMonth() + 1 > month || (today.getMonth() + 1 === month && today.getDate() >= day);
  const age = today.getFullYear() - year - (had ? 0 : 1);
  return age >= 0 && age < 130 ? age : null;
}

// A filter applies itself when it changes.
for (const select of document.querySelectorAll("select[data-autosubmit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// A hold runs out: count down, then load the page again, which says so.
for (const clock of document.querySelectorAll("[data-until]")) {
  const tick = () => {
    const left = Math.max(0, Math.round((Date.parse(clock.dataset.until) - Date.now()) / 1000));
    clock.textContent = `${String(Math.floor(left / 60)).padStart(2, "0")}:${String(left % 60).padStart(2, "0")}`;
    if (left > 0) setTimeout(tick, 1000);
    else if (!clock.dataset.over) location.reload();
  };
  if (Date.parse(clock.dataset.until) > Date.now()) tick();
}

// An outcome that is not known yet is asked for again with the same number, more slowly each time.
for (const form of document.querySelectorAll("form[data-ask-again]")) {
  setTimeout(() => form.requestSubmit(), Number(form.dataset.askAgain) * 1000);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
document.querySelector("[data-focus]")?.focus();
