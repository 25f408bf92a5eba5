// What was scanned and has no answer yet: kept in order, sent one at a time, sent again under the same number until answered.
//
// It lives in this tab's session storage, so that a reload loses nothing, as it was scanned (a document's number, perhaps),
// until its answer is there; signing out and closing the tab end it.

const KEY = "wenyue.gate.queue";
const WAITING_MAX = 500;
const AGE_MAX_MS = 2 * 60 * 60 * 1000; // as long as an admission can be taken back
const ANSWER_WAIT_MS = 12_000;
const PAUSES_MS = [300, 600, 1200, 2500, 5000, 8000];

// A time-ordered UUID (version 7); `crypto.randomUUID` is missing where a page is not served over HTTPS.
export function mintId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let ms = Date.now();
  for (let at = 5; at >= 0; at -= 1) {
    bytes[at] = ms % 256;
    ms = Math.floor(ms / 256);
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export const forgetQueue = () => sessionStorage.removeItem(KEY);

// A form's token without its mask (`web/shared/session.py`), which is another one in every page.
function plain(token) {
  const both = Array.from(atob(token.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const middle = both.length / 2;
  return both.slice(0, middle).map((one, place) => one ^ both[middle + place]).join();
}

// POST a form to the gate; {status: 0} when no answer came, whatever the reason.
async function post(path, token, fields) {
  const body = new URLSearchParams([["_csrf", token], ...fields]);
  try {
    const response = await fetch(path, {
      method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store",
      signal: AbortSignal.timeout?.(ANSWER_WAIT_MS),
    });
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return {
      status: response.status === 200 && !isJson ? 0 : response.status, // a hotel's sign-in page is no answer
      said: isJson ? await response.json() : null,
      waitMs: 1000 * Math.min(8, Number(response.headers.get("retry-after")) || 0),
    };
  } catch {
    return { status: 0, said: null, waitMs: 0 };
  }
}

export class Queue {
  #items = [];
  #isSending = false;
  #wake = null;
  #on;
  #station;
  #token;

  // `on`: {change(items), answer(item, said), lost(item, why), state(name)}; states: online, away, busy, signin, moved.
  constructor(station, token, on) {
    this.#on = on;
    this.#station = station;
    this.#token = token;
    this.#items = this.#stored();
    addEventListener("online", () => this.#wake?.());
    for (const name of ["pageshow", "focus"]) addEventListener(name, () => this.#send());
    this.#on.change(this.#items);
    this.#send();
  }

  get length() {
    return this.#items.length;
  }

  // What else the page asks of the gate, with a token that is renewed once when the login changed in another tab.
  async ask(path, fields) {
    const all = [["station", this.#station], ...fields];
    const said = await post(path, this.#token, all);
    return said.status === 403 && (await this.#renewToken()) ? post(path, this.#token, all) : said;
  }

  // Whether there was room for it.
  add(presented, places = []) {
    if (this.#items.length >= WAITING_MAX) return false;
    this.#items.push({ id: mintId(), presented, places, at: Date.now(), station: this.#station });
    this.#keep();
    this.#send();
    return true;
  }

  #stored() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    } catch {
      return [];
    }
  }

  #keep() {
    try {
      if (this.#items.length) sessionStorage.setItem(KEY, JSON.stringify(this.#items));
      else forgetQueue();
    } catch {
      // A browser without storage: a reload would lose what waits, nothing else changes.
    }
    this.#on.change(this.#items);
  }

  #done() {
    this.#items.shift();
    this.#keep();
  }

  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    let failures = 0;
    while (this.#items.length) {
      const [item] = this.#items;
      const isStale = Date.now() - item.at > AGE_MAX_MS;
      if (isStale || item.station !== this.#station) {
        this.#done();
        this.#on.lost(item, isStale ? "old" : "elsewhere");
        continue;
      }
      const { status, said, waitMs } = await this.#ask(item);
      if (status === 200) {
        failures = 0;
        this.#on.state("online");
        this.#done();
        this.#on.answer(item, said);
      } else if (status === 401 || status === 409) {
        this.#on.state(status === 401 ? "signin" : "moved");
        break;
      } else if (status === 403 && failures === 0) {
        failures = 1;
        if ((await this.#renewToken()) === false) {
          this.#on.state("signin");
          break;
        }
      } else if (status >= 400 && status < 500 && ![403, 408, 425, 429].includes(status)) {
        this.#done();
        this.#on.lost(item, "refused");
      } else {
        this.#on.state(status === 0 ? "away" : "busy");
        await this.#pause(Math.max(waitMs, PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]));
        failures += 1;
      }
    }
    this.#isSending = false;
  }

  #ask(item) {
    const fields = [["scan_id", item.id], ["presented", item.presented], ["station", item.station]];
    return post("/gate/scans", this.#token, [...fields, ...item.places.map((place) => ["place", place])]);
  }

  // The login changed in another tab: the page's own token is an old one. False: there is no better one.
  async #renewToken() {
    try {
      const response = await fetch("/gate", { cache: "no-store" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector('[data-gate-scan] [name="_csrf"]')?.value;
      if (!fresh || plain(fresh) === plain(this.#token)) return false;
      this.#token = fresh;
      return true;
    } catch {
      return null;
    }
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
