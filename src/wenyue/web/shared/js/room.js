// The waiting room. Reads the one public file of the room, the same for every visitor, and computes from it where this visitor
// stands: rank = first 48 bits of HMAC-SHA256(seed, code), as documented. Without this module the page reloads by itself.

const room = document.querySelector("[data-room]");
const set = room.dataset;
const RANK_END = 2 ** 48;
const STALE_MS = 15_000;
const BACKOFF_MS_MAX = 30_000;

let file = null;
let newest = Date.parse(set.asOf);
let heardAt = Date.now(); // when `as_of` last changed, on this device's clock
let failures = 0;
let timer = 0;
let isGoing = false;
const clockOffset = Date.parse(set.now) - Date.now();
const ranks = new Map();

const find = (name) => room.querySelector(`[data-room-${name}]`);
const fill = (text, values) => text.replace(/\{(\w)\}/g, (_, name) => values[name]);
const say = (name, text) => {
  const element = find(name);
  if (element && element.textContent !== text) element.textContent = text;
};
const number = (n) => rounded(n).toLocaleString("en-US");

function rounded(people) {
  if (people < 1000) return people;
  const unit = 10 ** (String(people).length - 3);
  return Math.round(people / unit) * unit;
}

// ------------------------------------------------------------------------------------------ where this visitor stands

function position(points, epoch, rank) {
  const last = points[points.length - 1];
  if (epoch >= last[0]) return last[1];
  const at = epoch + rank / RANK_END;
  for (let index = 1; index < points.length; index += 1) {
    const [left, before] = points[index - 1];
    const [right, after] = points[index];
    if (at < right) return before + ((after - before) * (at - left)) / (right - left);
  }
  return last[1];
}

function rankUnder(seed) {
  if (!ranks.has(seed)) {
    const mac = hmac(bytesOf(seed), new TextEncoder().encode(set.code));
    ranks.set(seed, mac.slice(0, 6).reduce((whole, byte) => whole * 256 + byte, 0));
  }
  return ranks.get(seed);
}

function momentOf(rank) {
  const [epoch, threshold] = file.threshold;
  const mine = Number(set.epoch);
  const isIn = rank !== null && (mine < epoch || (mine === epoch && rank < threshold));
  if (file.state === "closed") return "closed";
  if (set.moment === "inside") return "inside";
  if (file.state === "sold_out") return "sold_out";
  if (isIn) return "admitted";
  if (file.state === "paused") return "paused";
  return rank === null ? "waiting" : "queued";
}

function eta(ahead, perSecond) {
  if (perSecond < 0.05) return set.etaNone;
  const minutes = ahead / perSecond / 60;
  if (minutes * 1.3 < 1) return set.etaSoon;
  const low = Math.max(1, Math.floor(minutes * 0.8));
  const high = Math.ceil(minutes * 1.3);
  if (low >= 120) return fill(set.etaHours, { a: Math.floor(low / 60), b: Math.ceil(high / 60) });
  return low === high ? fill(set.etaOne, { a: low }) : fill(set.etaRange, { a: low, b: high });
}

// ------------------------------------------------------------------------------------------ showing it

// As the server's text_in: the language, else English, else Chinese, else any.
function textIn(texts, lang) {
  return texts[lang] || texts.en || texts["zh-CN"] || Object.values(texts)[0] || "";
}

function show() {
  const rank = file.seed ? rankUnder(file.seed) : null;
  const moment = momentOf(rank);
  for (const part of room.querySelectorAll("[data-room-part]")) part.hidden = part.dataset.roomPart !== moment;
  const message = textIn(file.message ?? { "zh-CN": file.message_zh, en: file.message_en }, set.lang);
  say("message", message);
  find("message").hidden = !message;
  say("waiting", fill(set.people, { n: number(file.waiting) }));
  say("pace", fill(set.pace, { n: number(Math.floor(file.per_s * 60)) }));
  find("pace-row").hidden = moment !== "queued" || file.per_s < 0.05;
  find("waiting-row").hidden = file.waiting === 0 || ["admitted", "inside", "closed"].includes(moment);
  find("places-row").hidden = file.places_left === null;
  if (file.places_left !== null) say("places", fill(set.places, { n: file.places_left.toLocaleString("en-US") }));
  if (rank !== null) {
    say("seed", file.seed);
    say("rank", String(rank));
    const isTrue = hexOf(sha256(bytesOf(file.seed))) === set.commitment;
    find("checked").hidden = !isTrue;
    find("cheat").hidden = isTrue;
    const mine = position(file.people, Number(set.epoch), rank);
    const door = position(file.people, ...file.threshold);
    const ahead = Math.max(0, Math.ceil(mine - door));
    const percent = mine <= 0 ? 100 : Math.min(100, Math.floor((100 * door) / mine));
    say("ahead", number(ahead));
    say("eta", eta(ahead, file.per_s));
    find("progress").value = percent;
    find("track").setAttribute("aria-valuenow", String(percent));
    find("next").hidden = ahead > 1;
    find("line").hidden = ahead <= 1;
    if (moment === "queued") entitle(ahead > 1 ? fill(set.title, { n: number(ahead) }) : set.next);
  }
  if (moment === "admitted") entitle(set.turn);
}

// A tab in the background says by its title that it is one's turn.
function entitle(words) {
  document.title = `${words} · ${document.title.split(" · ").slice(-2).join(" · ")}`;
}

// Not by sending the form: when the network is gone just then, the browser would show its own page instead of this one.
async function enter(event) {
  event.preventDefault();
  if (isGoing) return;
  isGoing = true;
  const form = find("enter");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(8000),
    });
    if (answer.redirected) return location.assign(answer.url); // signed out meanwhile
    if (answer.ok) return location.assign((await answer.json()).onward);
    if (answer.status === 403) return location.reload(); // the page is too old: a new one has a new form
  } catch {
    failures += 1;
  }
  isGoing = false; // to be pressed again
  tick();
}

function tick() {
  const left = Math.max(0, Math.ceil((Date.parse(set.release) - Date.now() - clockOffset) / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(left / 3600);
  say("clock", `${hours ? `${hours}:` : ""}${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`);
  const end = new Date(Date.now() + clockOffset + Number(set.minutes) * 60_000);
  say("turn", fill(set.untilText, { a: end.toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit" }) }));
  const age = Math.round((Date.now() - heardAt) / 1000);
  say("age", age < 5 ? set.just : fill(set.ago, { n: age }));
  const isOff = navigator.onLine === false;
  find("offline").hidden = !isOff;
  find("stale").hidden = isOff || Date.now() - heardAt < STALE_MS;
}

// ------------------------------------------------------------------------------------------ asking

async function ask() {
  clearTimeout(timer);
  try {
    const answer = await fetch(`/room/${set.room}.json`, { signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const heard = await answer.json();
    const at = Date.parse(heard.as_of);
    if (at > newest) heardAt = Date.now();
    if (at >= newest) {
      file = heard; // a cache in between may answer with something older
      newest = at;
    }
    failures = 0;
    if (file) show();
  } catch {
    failures += 1;
  }
  tick();
  timer = setTimeout(ask, pauseMs());
}

function pauseMs() {
  const jitter = 0.8 + Math.random() * 0.6;
  const pollMs = (file ? file.poll_s : 2) * 1000;
  if (failures) return Math.min(BACKOFF_MS_MAX, pollMs * 2 ** failures) * jitter;
  const left = Date.parse(set.release) - Date.now() - clockOffset;
  if (left > 300_000) return 30_000 * jitter;
  if (document.hidden || (file && file.state === "closed")) return 15_000 * jitter;
  return pollMs * jitter;
}

find("enter").addEventListener("submit", enter);
addEventListener("online", ask);
addEventListener("offline", tick);
document.addEventListener("visibilitychange", () => document.hidden || ask());
addEventListener("pageshow", (event) => {
  if (event.persisted) isGoing = false;
});

// ------------------------------------------------------------------------------------------ SHA-256 (FIPS 180-4)
// The browser's own is there only on HTTPS; a visitor on a plain connection must be able to check as well.

const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n += 1) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
const fraction = (root) => Math.floor((root % 1) * 2 ** 32) >>> 0;
const K = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
const H = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const turn = (word, by) => (word >>> by) | (word << (32 - by));

function sha256(message) {
  const padded = new Uint8Array(((message.length + 72) >> 6) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);
  const state = [...H];
  const words = new Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 64; t += 1) {
      if (t < 16) {
        words[t] = view.getUint32(block + t * 4);
        continue;
      }
      const [early, late] = [words[t - 15], words[t - 2]];
      const s0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
      const s1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
      words[t] = (words[t - 16] + s0 + words[t - 7] + s1) >>> 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t += 1) {
      const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + words[t]) >>> 0;
      const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) >>> 0, c, b, a, (first + second) >>> 0];
    }
    for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index] + word) >>> 0;
  }
  return state.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
}

function hmac(key, message) {
  const pad = (mask) => Array.from({ length: 64 }, (_, index) => (key[index] ?? 0) ^ mask);
  return sha256(Uint8Array.from([...pad(0x5c), ...sha256(Uint8Array.from([...pad(0x36), ...message]))]));
}

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

function hexOf(bytes) {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

setInterval(tick, 1000);
tick();
ask();
