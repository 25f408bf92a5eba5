// One high note for admitted, two low ones for refused, one in the middle for a question. Off until the keeper wants it.

const KEY = "wenyue.gate.sound";
const NOTES = { good: [[880, 0, 0.18]], ask: [[520, 0, 0.25]], bad: [[220, 0, 0.2], [220, 0.28, 0.3]] };
let audio = null;

function sound(tone) {
  if (!window.AudioContext) return;
  audio ??= new AudioContext();
  for (const [frequency, after, lasts] of NOTES[tone]) {
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    gain.gain.value = 0.25;
    oscillator.frequency.value = frequency;
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(audio.currentTime + after);
    oscillator.stop(audio.currentTime + after + lasts);
  }
}

// Makes `button` switch it; returns what plays a tone if it is on.
export function offerSound(button) {
  const isOn = () => localStorage.getItem(KEY) === "on";
  const show = () => {
    button.setAttribute("aria-pressed", String(isOn()));
    button.querySelector("[data-gate-sound-on]").hidden = !isOn();
    button.querySelector("[data-gate-sound-off]").hidden = isOn();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, isOn() ? "off" : "on");
    show();
    if (isOn()) sound("good");
  });
  show();
  return (tone) => isOn() && sound(tone);
}
