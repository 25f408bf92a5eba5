// Enhancement only: the gate works without this module, with a keyboard or a scanner that types.
// It keeps the input in focus, sounds the answer, keeps the screen awake, and scans with the camera where the browser can.

const SOUND_KEY = "wenyue.gate.sound";
const CAMERA_KEY = "wenyue.gate.camera";
const LAST_KEY = "wenyue.gate.last";
const SAME_CODE_PAUSE_MS = 6000;
const DETECT_EVERY_MS = 150;

const form = document.querySelector("[data-gate-scan]");
const input = form?.querySelector("#presented");
const result = document.querySelector("[data-tone]");

// A scanner types wherever the focus is: bring it to the input, except when somebody writes a reason.
addEventListener("keydown", (event) => {
  const active = document.activeElement;
  if (!input || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (active?.matches("input, textarea, select, button, summary, a")) return;
  input.focus();
});
input?.focus({ preventScroll: true });

// --- sound: one high note for admitted, two low ones for refused, one in the middle for a question
const soundButton = document.querySelector("[data-gate-sound]");
const NOTES = { good: [[880, 0, 0.18]], ask: [[520, 0, 0.25]], bad: [[220, 0, 0.2], [220, 0.28, 0.3]] };

function play(tone) {
  const notes = NOTES[tone];
  if (!notes || !window.AudioContext) return;
  const audio = new AudioContext();
  for (const [frequency, after, lasts] of notes) {
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    gain.gain.value = 0.25;
    oscillator.frequency.value = frequency;
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(audio.currentTime + after);
    oscillator.stop(audio.currentTime + after + lasts);
  }
  setTimeout(() => audio.close(), 1500);
}

function showSound() {
  const isOn = localStorage.getItem(SOUND_KEY) === "on";
  soundButton.setAttribute("aria-pressed", String(isOn));
  soundButton.querySelector("[data-gate-sound-on]").hidden = !isOn;
  return isOn;
}

if (soundButton) {
  soundButton.hidden = false;
  soundButton.addEventListener("click", () => {
    localStorage.setItem(SOUND_KEY, localStorage.getItem(SOUND_KEY) === "on" ? "off" : "on");
    if (showSound()) play("good");
    input?.focus();
  });
  if (showSound() && result) play(result.dataset.tone);
}
if (result) navigator.vibrate?.(result.dataset.tone === "good" ? 60 : [80, 60, 80]);

// --- the camera, where the browser reads codes by itself
const cameraButton = document.querySelector("[data-gate-camera]");
const video = document.querySelector("[data-gate-video]");

async function watch() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    sessionStorage.removeItem(CAMERA_KEY);
    return;
  }
  sessionStorage.setItem(CAMERA_KEY, "on");
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const detector = new BarcodeDetector({ formats: ["qr_code", "code_128"] });
  const look = async () => {
    if (video.hidden) return;
    const [code] = await detector.detect(video).catch(() => []);
    const last = JSON.parse(sessionStorage.getItem(LAST_KEY) ?? "null");
    const isSame = last && last.code === code?.rawValue && Date.now() - last.at < SAME_CODE_PAUSE_MS;
    if (!code || isSame || form.dataset.sent) {
      setTimeout(look, DETECT_EVERY_MS);
      return;
    }
    sessionStorage.setItem(LAST_KEY, JSON.stringify({ code: code.rawValue, at: Date.now() }));
    input.value = code.rawValue;
    form.requestSubmit();
  };
  look();
}

function stopWatching() {
  sessionStorage.removeItem(CAMERA_KEY);
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.hidden = true;
}

if (cameraButton && "BarcodeDetector" in window && navigator.mediaDevices) {
  cameraButton.hidden = false;
  cameraButton.addEventListener("click", () => (video.hidden ? watch() : stopWatching()));
  if (sessionStorage.getItem(CAMERA_KEY) === "on") watch();
}

if (form) navigator.wakeLock?.request("screen").catch(() => {});
