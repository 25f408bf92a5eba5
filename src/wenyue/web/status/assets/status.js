// Enhancement only: says whether the device, the network or Wenyue is slow, and keeps the page fresh.
const SAMPLES = 3;
const DEADLINE_MS = 6000;
const SLOW_MS = 1500;
const RELOAD_MS = 60000;
const STALE_MS = 180000;

const box = document.querySelector("[data-me]");
const words = document.querySelector("[data-words]")?.dataset ?? {};
const at = document.querySelector("[data-at]");

// How long a request takes; null when there was no answer in time.
async function measure(url, mode) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), DEADLINE_MS);
  const began = performance.now();
  try {
    await fetch(url, { mode, cache: "no-store", credentials: "omit", signal: control.signal });
    return performance.now() - began;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

// The middle of a few, so that the first connection does not count; null when one of them had no answer.
async function middle(url, mode) {
  const times = [];
  for (let n = 0; n < SAMPLES; n += 1) {
    const time = await measure(url, mode);
    if (time === null) return null;
    times.push(time);
  }
  return times.sort((a, b) => a - b)[1];
}

function say(name, time) {
  const field = box.querySelector(`[data-f="${name}"]`);
  field.textContent = time === null ? words.none : `${Math.round(time)} ${words.ms}`;
}

// One of the prepared verdicts, from what was measured here and what the prober says about the service.
function verdict(online, toStatus, toBooking, service) {
  if (!online) return "offline";
  if (toStatus === null) return "unreachable";
  if (service === "down") return "service-down";
  if (toBooking === null) return service === "slow" ? "service-slow" : "path";
  if (toStatus > SLOW_MS) return "slow-network";
  if (service === "slow") return "service-slow";
  if (toBooking > SLOW_MS) return "slow-path";
  return "fine";
}

async function look() {
  const button = box.querySelector("[data-again]");
  button.disabled = true;
  for (const one of box.querySelectorAll("[data-verdict]")) one.hidden = true;
  const online = navigator.onLine !== false;
  box.querySelector('[data-f="device"]').textContent = online ? words.online : words.offline;
  box.querySelector("[data-facts]").hidden = false;
  let service = box.dataset.state;
  const toStatus = online ? await middle("/healthz", "same-origin") : null;
  say("status", toStatus);
  if (toStatus !== null) {
    try {
      const answer = await (await fetch("/status.json", { cache: "no-store" })).json();
      service = answer.components.find((one) => one.name === "booking")?.state ?? service;
    } catch {
      // what the page was made with still holds
    }
  }
  const base = box.dataset.booking;
  const toBooking = online && base ? await middle(`${base}/healthz`, "no-cors") : null;
  say("booking", toBooking);
  const found = verdict(online, toStatus, base ? toBooking : 0, service);
  for (const one of box.querySelectorAll("[data-verdict]")) one.hidden = one.dataset.verdict !== found;
  button.disabled = false;
  button.hidden = false;
}

if (box) {
  // The steps stand there until something better can be said: also where this script never arrives.
  box.querySelector("[data-plain]").hidden = true;
  box.querySelector("[data-again]").addEventListener("click", look);
  addEventListener("offline", look);
  addEventListener("online", look);
  look();
}
if (at) {
  const read = Date.parse(at.dateTime ?? at.getAttribute("datetime"));
  setInterval(() => {
    document.querySelector("[data-stale]").hidden = Date.now() - read < STALE_MS;
  }, 15000);
  setTimeout(async () => {
    if (document.visibilityState === "visible" && navigator.onLine !== false && (await measure("/healthz", "same-origin")) !== null) location.reload();
  }, RELOAD_MS);
}
