// The live page keeps itself fresh: every few seconds the server sends the page's pieces anew. Without this module the page
// loads itself again. A finger or pointer on a plot tells the values under it.

const root = document.querySelector("[data-live]");
const lost = document.querySelector("[data-lost]");
const pass = document.querySelector("[data-pass]");
const pollMs = Number(root?.dataset.pollS ?? 5) * 1000;
const TIMEOUT_MS = 8000;
const KEYS = {
  load: ["offered", "good", "turned_away"],
  latency: ["p99_ms", "p50_ms"],
  queue: ["depth", "waiting", "room"],
};
const LEFT = 34;
const RIGHT = 6;
const WIDTH = 360;
let series = root ? JSON.parse(root.dataset.series) : {};

function show(answer) {
  series = answer.series;
  if (pass) pass.hidden = !answer.on_pass;
  for (const [name, html] of Object.entries(answer.pieces)) {
    const place = root.querySelector(`[data-piece="${name}"]`);
    if (!place || place.contains(document.activeElement) || place.dataset.shown === html) continue;
    place.innerHTML = html; // made and escaped by the server's templates
    place.dataset.shown = html;
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(root.dataset.live, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.status === 401 || answer.status === 403) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}

function say(value) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 }).format(value);
}

function point(event) {
  const chart = event.target.closest?.("[data-chart]");
  const svg = chart?.querySelector(".plot");
  if (!svg || !series.at?.length) return;
  const box = svg.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * WIDTH;
  const count = series.at.length;
  const index = Math.round(((x - LEFT) / (WIDTH - LEFT - RIGHT)) * (count - 1));
  const readout = chart.querySelector("[data-readout]");
  svg.querySelector(".plot__cursor")?.remove();
  if (index < 0 || index >= count) {
    readout.textContent = "";
    return;
  }
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("class", "plot__cursor");
  line.setAttribute("d", `M${LEFT + ((WIDTH - LEFT - RIGHT) * index) / Math.max(1, count - 1)} 8V130`);
  svg.append(line);
  const names = [...chart.querySelectorAll(".console-legend__item")].map((item) => item.textContent.trim());
  const time = new Date(series.at[index] * 1000).toLocaleTimeString(document.documentElement.lang);
  const values = names.map((name, n) => `${name} ${say(series[KEYS[chart.dataset.chart][n]][index])}`);
  readout.textContent = [time, ...values].join(" · ");
}

if (root) {
  setInterval(refresh, pollMs);
  document.addEventListener("visibilitychange", refresh);
  root.addEventListener("pointermove", point);
  root.addEventListener("pointerdown", point);
}
