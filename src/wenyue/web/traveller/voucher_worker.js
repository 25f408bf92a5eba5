// Service worker of the vouchers, for /bookings/ alone: a voucher is asked from the network first, and what is kept is shown when
// the network or the service does not answer, marked as a copy that says as of when. Nothing else personal is kept.

const COPIES = "wenyue-vouchers";
const ASSETS = "wenyue-voucher-assets";
const COPIES_MAX = 20;
const KEEP_AT_ONCE_MAX = 5;
const ANSWER_WITHIN_MS = 6000; // then a copy is shown, if there is one
const VOUCHER = /^\/bookings\/[0-9a-f-]{32,36}\/voucher$/i;
const BOOKING = /^\/bookings\/[0-9a-f-]{32,36}$/i;
const ASSET = /\/static\/[\w.-]+/g;
const ASSETS_HEADER = "X-Assets";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate" && VOUCHER.test(pathname)) event.respondWith(voucher(event, pathname));
  else if (mode === "navigate" && BOOKING.test(pathname)) event.respondWith(booking(event.request, pathname));
  else if (pathname.startsWith("/static/")) event.respondWith(asset(event.request));
});

// A page says which vouchers it shows ({keep: paths, isMissingOnly}) and which admit nobody any more ({gone: paths}).
addEventListener("message", (event) => {
  const { keep = [], gone = [], isMissingOnly = false } = event.data ?? {};
  const good = (paths) => [...paths].filter((path) => VOUCHER.test(path));
  const done = (async () => {
    const copies = await caches.open(COPIES);
    for (const path of good(gone)) await copies.delete(path);
    const kept = [];
    for (const path of good(keep).slice(0, KEEP_AT_ONCE_MAX)) {
      if ((isMissingOnly && (await copies.match(path))) || (await fetchCopy(path))) kept.push(path);
    }
    event.ports[0]?.postMessage({ kept });
  })();
  event.waitUntil(done);
});

function ask(path) {
  return fetch(path, { cache: "no-store", credentials: "same-origin", redirect: "manual", headers: { Accept: "text/html" } });
}

// The service could not say anything about the voucher: what was kept stays.
function saysNothing(answer) {
  return answer.status >= 500 || answer.status === 429;
}

async function voucher(event, path) {
  const held = await (await caches.open(COPIES)).match(path);
  const asked = ask(path).then((answer) => {
    if (!saysNothing(answer)) event.waitUntil(keep(path, answer.clone()));
    return answer;
  });
  event.waitUntil(asked.catch(() => null)); // an answer that comes late is kept all the same
  if (!held) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS, null));
  const answer = await Promise.race([asked, late]).catch(() => null);
  return answer === null || saysNothing(answer) ? held : answer;
}

// A tap in the list of bookings, without a network: the voucher is what there is.
async function booking(request, path) {
  try {
    return await fetch(request);
  } catch (error) {
    if (await (await caches.open(COPIES)).match(`${path}/voucher`)) return Response.redirect(`${path}/voucher`);
    throw error;
  }
}

async function asset(request) {
  return (await (await caches.open(ASSETS)).match(request.url)) ?? fetch(request);
}

async function fetchCopy(path) {
  try {
    const answer = await ask(path);
    return !saysNothing(answer) && (await keep(path, answer));
  } catch {
    return false;
  }
}

// Keep a voucher's page with its style and script; anything else that the service answers (it was cancelled, the visit is over,
// nobody is signed in) ends the copy. Whether it was kept.
async function keep(path, answer) {
  const copies = await caches.open(COPIES);
  if (answer.status !== 200) {
    await copies.delete(path);
    return false;
  }
  const html = await answer.text();
  const wanted = [...new Set(html.match(ASSET) ?? [])];
  const assets = await caches.open(ASSETS);
  for (const one of wanted) if (!(await assets.match(one))) await assets.add(one);
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  headers.set(ASSETS_HEADER, wanted.join(" "));
  await copies.delete(path); // the newest stands last
  await copies.put(path, new Response(html.replace("<html ", "<html data-copy "), { headers }));
  await tidy(copies, assets);
  return true;
}

async function tidy(copies, assets) {
  const paths = await copies.keys();
  for (const old of paths.slice(0, Math.max(0, paths.length - COPIES_MAX))) await copies.delete(old);
  const used = new Set();
  for (const one of await copies.matchAll()) for (const name of one.headers.get(ASSETS_HEADER).split(" ")) used.add(name);
  for (const one of await assets.keys()) if (!used.has(new URL(one.url).pathname)) await assets.delete(one);
}
