// Enhancement only: the gate works without these modules, one page for each scan.
// With them every scan is received at once, answered in order without loading the page, and shown in turn.

import { labelOf } from "./gate-codes.js";
import { receiveCodes } from "./gate-keys.js";
import { openDesk } from "./gate-desk.js";
import { Queue, forgetQueue } from "./gate-queue.js";
import { offerCamera } from "./gate-camera.js";
import { offerSound } from "./gate-sound.js";
import "./gate-second.js";

const LISTED_MAX = 12;
const WAITING_LISTED_MAX = 4;
const SHOWN_MS = { good: 1000, ask: 2500, bad: 1800 };
const SHOWN_LEAST_MS = { good: 90, ask: 300, bad: 300 };
const STALE_MS = 500; // an answer that stands while the next person's scan is still being checked is marked as past
const CAUGHT_UP_MS = { good: 2500, ask: 5000, bad: 5000 }; // so long for all that wait to be shown

const gate = document.querySelector("[data-gate]");
const words = gate && JSON.parse(gate.dataset.words);
const part = (name) => document.querySelector(`[data-gate-${name}]`);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

for (const form of document.querySelectorAll('form[action="/gate/signout"]')) form.addEventListener("submit", signOut, true);
if (gate) start();

// Signing out forgets what waits; with scans that have no answer yet it wants a second press.
function signOut(event) {
  const waits = gate ? Number(gate.dataset.waiting) : 0;
  if (!waits || event.target.dataset.isSure) {
    forgetQueue();
    return;
  }
  event.preventDefault();
  event.target.dataset.isSure = "1";
  hint(say(words.sign_out, { n: waits }));
}

function hint(text) {
  part("hint").textContent = text;
  part("hint").hidden = !text;
}

function start() {
  const form = part("scan");
  const field = form.querySelector("#presented");
  const play = offerSound(part("sound"));
  const shown = []; // answers that are still to be shown
  const panels = new Map(); // scan id → its panel, to look at it again
  let timer = 0;
  let staleTimer = 0;
  let state = "online";

  form.classList.add("is-received");
  field.placeholder = words.ready;
  field.required = false;
  field.blur(); // keys are received anyway; without a field in focus no input method and no screen keyboard comes between
  for (const name of ["queue", "state"]) part(name).hidden = false;

  const queue = new Queue(gate.dataset.station, form.elements._csrf.value, {
    change: showWaiting,
    answer: (item, said) => {
      shown.push(said);
      if (!timer) showNext();
    },
    lost: (item, why) => addRow(lostRow(item, words[`lost_${why}`])),
    state: showState,
  });

  function add(code, places) {
    const isRoom = queue.add(code, places);
    hint(isRoom ? "" : words.full);
    if (!isRoom) play("bad");
    return isRoom;
  }
  const keys = receiveCodes(field, { onCode: (code) => add(code), onInputMethod: () => hint(words.input_method) });

  function showWaiting(items) {
    gate.dataset.waiting = String(items.length);
    if (!items.length) markStale(false);
    else if (!staleTimer) staleTimer = setTimeout(markStale, STALE_MS, true);
    part("waiting-count").textContent = say(words.waiting, { n: items.length });
    const listed = items.slice(0, WAITING_LISTED_MAX).map((item, at) => waitingRow(item, at));
    if (items.length > WAITING_LISTED_MAX) {
      const more = document.createElement("li");
      more.className = "gate-wait gate-wait--more";
      more.textContent = say(words.more, { n: items.length - WAITING_LISTED_MAX });
      listed.push(more);
    }
    part("waiting").replaceChildren(...listed);
  }

  function markStale(isStale) {
    clearTimeout(staleTimer);
    staleTimer = isStale ? -1 : 0;
    gate.toggleAttribute("data-stale", isStale);
  }

  function waitingRow(item, at) {
    const row = part("wait-row").content.cloneNode(true).firstElementChild;
    row.classList.toggle("is-now", at === 0);
    row.querySelector(".gate-wait__mark").textContent = at ? String(at + 1) : "";
    row.querySelector("strong").textContent = item.places.length ? words.chosen : labelOf(item.presented, words);
    row.querySelector("small").textContent = at ? words.received : words[state === "online" ? "checking" : "retrying"];
    return row;
  }

  // Each answer stands long enough to be read; the more of them wait, the shorter, so that the newest is soon there.
  function showNext() {
    const next = shown.shift();
    timer = 0;
    if (!next) return;
    showPanel(next.panel);
    part("panel").scrollIntoView({ block: "nearest" }); // the keeper may be further down, looking somebody up
    for (const row of [...next.rows].reverse()) addRow(row, next);
    panels.set(next.scan_id, next.panel);
    if (panels.size > LISTED_MAX) panels.delete(panels.keys().next().value);
    play(next.tone);
    navigator.vibrate?.(next.tone === "good" ? 60 : [80, 60, 80]);
    const begun = performance.now();
    const look = () => {
      const share = CAUGHT_UP_MS[next.tone] / (shown.length || 1);
      const enough = Math.max(SHOWN_LEAST_MS[next.tone], Math.min(SHOWN_MS[next.tone], share));
      if (performance.now() - begun >= enough) showNext();
      else timer = setTimeout(look, SHOWN_LEAST_MS.good);
    };
    timer = setTimeout(look, SHOWN_LEAST_MS.good);
  }

  function showPanel(html) {
    markStale(false);
    if (Number(gate.dataset.waiting)) staleTimer = setTimeout(markStale, STALE_MS, true);
    part("panel").innerHTML = html;
    part("note").replaceChildren();
  }

  function addRow(row, answer) {
    const list = part("rows");
    list.insertAdjacentHTML("afterbegin", row);
    part("no-rows")?.remove();
    list.hidden = false;
    if (answer && answer.tone !== "good") list.firstElementChild.append(againButton(answer.scan_id));
    while (list.children.length > LISTED_MAX) {
      const oldest = [...list.children].reverse().find((one) => !one.querySelector("details[open]")); // a reason is typed there
      (oldest ?? list.lastElementChild).remove();
    }
  }

  function againButton(scanId) {
    const button = document.createElement("button");
    button.className = "text-button";
    button.type = "button";
    button.textContent = words.look;
    button.dataset.gateLook = scanId;
    return button;
  }

  function lostRow(item, why) {
    const row = part("lost-row").content.cloneNode(true).firstElementChild;
    row.querySelector("b").textContent = labelOf(item.presented, words);
    row.querySelector(".gate-row__more").textContent = why;
    return row.outerHTML;
  }

  function showState(name) {
    state = name;
    const first = part("waiting").querySelector(".is-now small");
    if (first) first.textContent = words[name === "online" ? "checking" : "retrying"];
    part("state").className = `pill pill--${{ online: "good", away: "bad" }[name] ?? "warn"}`;
    part("state").querySelector("span").textContent = words[`state_${name}`];
    part("state").querySelector("use").setAttribute("href", `#i-${{ online: "plenty", away: "signal" }[name] ?? "tight"}`);
    part("trouble").hidden = name === "online";
    part("trouble-text").textContent = words[`trouble_${name}`] ?? "";
    part("trouble-link").hidden = name !== "signin" && name !== "moved";
    part("trouble-link").href = name === "signin" ? "/gate/signin" : "/gate";
    part("trouble-link").textContent = words[`link_${name}`] ?? "";
  }

  const desk = openDesk({ ask: (path, fields) => queue.ask(path, fields), part, words, hint });

  // Nothing that is done here loads a page, and the keys go to the queue again at once: a scan might come meanwhile.
  addEventListener("submit", (event) => {
    const sent = event.target;
    const path = new URL(sent.action, location.href).pathname;
    if (path !== "/gate/scans" && !desk.does(path)) return;
    event.preventDefault();
    event.stopPropagation();
    hint("");
    if (sent === form) {
      keys.end();
      return;
    }
    document.activeElement?.blur();
    const buttons = [...sent.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    const isTaken = desk.does(path) ? desk.send(path, sent) : add(sent.elements.presented.value, new FormData(sent).getAll("place"));
    Promise.resolve(isTaken).then((isDone) => {
      for (const button of buttons) button.disabled = isDone;
    });
  }, true);
  addEventListener("click", (event) => {
    if (desk.dismiss(event)) return;
    const button = event.target.closest?.("[data-gate-look]");
    if (!button || !panels.has(button.dataset.gateLook)) return;
    showPanel(panels.get(button.dataset.gateLook));
    scrollTo({ top: 0 });
  });

  offerCamera(form, words, (code) => add(code), hint);
  navigator.wakeLock?.request("screen").catch(() => {});
}
