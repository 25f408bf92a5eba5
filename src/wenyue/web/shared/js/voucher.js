// Enhancement of the pages that show or list vouchers: vouchers are kept on this phone for places without a network (in a secure
// context: HTTPS or this machine), and a voucher that stays open says what is true now, or as of when.

const WORKER = "/bookings/voucher-worker.js";
const SCOPE = "/bookings/";
const ASK_AGAIN_MS = 60 * 1000;
const ANSWER_WITHIN_MS = 8000;

const root = document.documentElement;
const shown = document.querySelector("[data-voucher-page]");
const mentioned = [...document.querySelectorAll("[data-voucher]")];

if ("serviceWorker" in navigator && isSecureContext && mentioned.length && !("copy" in root.dataset)) keepVouchers();
if (shown) keepTrue();

async function keepVouchers() {
  const paths = (isGone) => mentioned.filter((one) => "voucherGone" in one.dataset === isGone).map((one) => one.dataset.voucher);
  const [keep, gone] = [paths(false), paths(true)];
  try {
    const registered = keep.length
      ? await navigator.serviceWorker.register(WORKER, { scope: SCOPE })
      : await navigator.serviceWorker.getRegistration(SCOPE);
    if (!registered) return;
    const answered = new MessageChannel();
    answered.port1.onmessage = ({ data }) => {
      const note = shown?.querySelector("[data-kept]");
      if (note) note.hidden = !data.kept.includes(shown.dataset.voucher);
    };
    const worker = registered.active ?? (await isActive(registered.installing ?? registered.waiting));
    // The list fills gaps; a voucher that the worker itself has just brought is kept already.
    const isMissingOnly = Boolean(document.querySelector("a[data-voucher]") || (shown && navigator.serviceWorker.controller));
    worker.postMessage({ keep, gone, isMissingOnly }, [answered.port2]);
  } catch {
    // A browser that keeps nothing (private windows): the page does not say that it is kept.
  }
}

function isActive(worker) {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (worker.state === "activated") resolve(worker);
      if (worker.state === "redundant") reject(new Error("not installed"));
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

// While it is looked at: the service is asked again each minute, on return from another app, and when the network is back. The page is
// loaded anew only when the booking has changed; when there is no answer, the page says as of when it was true.
function keepTrue() {
  let askedAt = Date.now();
  const check = async () => {
    askedAt = Date.now();
    const state = await ask();
    if (state === "changed") location.reload();
    else root.toggleAttribute("data-copy", state === "unknown");
  };
  const checkIfOld = () => {
    if (document.visibilityState === "visible" && Date.now() - askedAt >= ASK_AGAIN_MS / 2) check();
  };
  setInterval(checkIfOld, ASK_AGAIN_MS);
  document.addEventListener("visibilitychange", checkIfOld);
  addEventListener("pageshow", (event) => event.persisted && check());
  addEventListener("wenyue:reached", check);
}

async function ask() {
  const patience = new AbortController();
  setTimeout(() => patience.abort(), ANSWER_WITHIN_MS);
  try {
    const how = { cache: "no-store", redirect: "manual", headers: { Accept: "text/html" }, signal: patience.signal };
    const answer = await fetch(shown.dataset.voucher, how);
    if (answer.status >= 500 || answer.status === 429) return "unknown";
    if (answer.status !== 200) return "changed";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-voucher-page]");
    if (fresh?.dataset.version !== shown.dataset.version) return "changed";
    for (const at of shown.querySelectorAll("[data-as-of]")) at.textContent = fresh.querySelector("[data-as-of]").textContent;
    return "same";
  } catch {
    return "unknown";
  }
}
