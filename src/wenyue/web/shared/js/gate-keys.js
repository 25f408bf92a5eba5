// Keys become codes, wherever the focus is and whatever the page is doing.
//
// Enter ends a code, and so does Tab after keys that came as fast as a scanner sends them. A pause of 150 ms ends a code only
// after twelve keys that came on average less than 35 ms apart; what is typed by hand ends with Enter alone. Where an input
// method (中文输入法) would swallow the keys, the physical keys count.

import { CODE_LENGTH_MAX, apart, isUnfinished, lastScan } from "./gate-codes.js";

const PAUSE_MS = 150;
const BURST_KEYS = 12;
const BURST_KEY_MS = 35;
const TAB_KEYS = 4;
const TAB_KEY_MS = 100; // a slow scanner; nobody types like that and then presses Tab
const UNFINISHED_MS = 1000; // a voucher of which the end is missing is waited for so long
const LONG_GAP_MS = 1000;
const ECHO_MS = 150; // a scanner's second ending: CR and LF, or Enter and Tab
const ECHO_AFTER_PAUSE_MS = 2000;

const SHIFTED = { 1: "!", 2: "@", 3: "#", 4: "$", 5: "%", 6: "^", 7: "&", 8: "*", 9: "(", 0: ")" };
const PHYSICAL = {
  Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:", Quote: "'\"",
  Backquote: "`~", Comma: ",<", Period: ".>", Slash: "/?", Space: "  ",
  NumpadAdd: "++", NumpadSubtract: "--", NumpadMultiply: "**", NumpadDivide: "//", NumpadDecimal: "..",
};
const TEXT_FIELDS = 'textarea, select, [contenteditable=""], [contenteditable="true"], input:not([type="radio"], [type="checkbox"], [type="button"], [type="submit"])';

const isComposed = (event) => event.isComposing || event.key === "Process" || event.keyCode === 229;

// What a key with this code would have typed on a scanner's (US) keyboard; null for none.
function physicalKey(event) {
  const isUpper = event.shiftKey !== event.getModifierState("CapsLock");
  const [, letter] = /^Key([A-Z])$/.exec(event.code) ?? [];
  if (letter) return isUpper ? letter : letter.toLowerCase();
  const [, digit] = /^(?:Digit|Numpad)([0-9])$/.exec(event.code) ?? [];
  if (digit) return event.shiftKey && event.code.startsWith("Digit") ? SHIFTED[digit] : digit;
  return PHYSICAL[event.code]?.[Number(event.shiftKey)] ?? null;
}

function typedKey(event) {
  const isAscii = event.key.length === 1 && event.key >= " " && event.key <= "~";
  if (isAscii && !isComposed(event)) return event.key;
  return isComposed(event) || event.key.length === 1 || event.key === "Dead" ? physicalKey(event) : null;
}

const keyMs = (run) => (run.last - run.first) / Math.max(1, run.text.length - 1);
const isBurst = (run) => run !== null && run.text.length >= BURST_KEYS && keyMs(run) < BURST_KEY_MS;
const isTyped = (run) => run !== null && run.text.length >= TAB_KEYS && keyMs(run) < TAB_KEY_MS;

// `field` shows what was typed so far; `onCode` is called with each whole code, `onInputMethod` when one got in the way.
export function receiveCodes(field, { onCode, onInputMethod }) {
  let run = null; // the keys since the last pause: {text, first, last, gap, target, before}
  let timer = 0;
  let composed = null; // what the field says while an input method wants to write into it
  let ended = { at: -Infinity, wait: 0 };

  const placeOf = (target) => (target === field ? "field" : target?.matches?.(TEXT_FIELDS) ? "other" : "page");
  const needed = () => (isUnfinished(run.target ? run.text : lastScan(field.value, run.text, run.gap, LONG_GAP_MS)) ? UNFINISHED_MS : PAUSE_MS);

  function note(key, at, target) {
    if (run === null || run.target !== target || at - run.last >= PAUSE_MS) {
      const isMore = isBurst(run) && run.target === target; // what is not finished goes on after a pause
      if (!isMore) run = { text: "", first: at, last: at, gap: at - (run?.last ?? -Infinity), target, before: target?.value };
      else run.first += at - run.last; // the pause is no part of its speed
    }
    run.text += key;
    run.last = at;
    clearTimeout(timer);
    if (isBurst(run)) timer = setTimeout(endAfterPause, PAUSE_MS);
  }

  function endAfterPause() {
    if (!isBurst(run)) return;
    const left = needed() - (performance.now() - run.last);
    if (left > 0) timer = setTimeout(endAfterPause, left);
    else if (navigator.scheduling?.isInputPending?.()) timer = setTimeout(endAfterPause, 5);
    else end(ECHO_AFTER_PAUSE_MS);
  }

  function end(echoMs = ECHO_MS) {
    clearTimeout(timer);
    const done = run;
    run = null;
    ended = { at: performance.now(), wait: echoMs };
    let code = done?.text ?? "";
    if (done?.target) {
      done.target.value = done.before; // a scan into another field is taken out of it again
    } else {
      code = isBurst(done) ? lastScan(field.value, code, done.gap, LONG_GAP_MS) : field.value;
      put(code.length < field.value.length ? field.value.slice(0, -code.length) : "");
    }
    for (const one of apart(code.trim())) if (one) onCode(one.slice(0, CODE_LENGTH_MAX));
  }

  function put(text) {
    field.value = text;
    if (composed !== null) composed = text;
  }

  function insert(key) {
    if (composed !== null) {
      put(composed + key);
      return;
    }
    const isThere = document.activeElement === field;
    const [from, to] = isThere ? [field.selectionStart, field.selectionEnd] : [field.value.length, field.value.length];
    field.setRangeText(key, from, to, "end");
    field.scrollLeft = field.scrollWidth;
  }

  function keepInputMethodOut() {
    composed ??= field.value;
    field.blur(); // without a field that is written in, the browser leaves the input method out
    onInputMethod();
  }

  function onEnd(event, place) {
    const isEcho = performance.now() - ended.at < ended.wait && !field.value && run === null;
    if (isEcho) ended = { at: -Infinity, wait: 0 };
    const isOver = place === "other" ? run?.target === event.target && isBurst(run) : field.value !== "";
    const isWanted = event.key === "Enter" || (!event.shiftKey && isTyped(run));
    if (!(isOver && isWanted) && !isEcho && !(place === "field" && event.key === "Enter")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isOver && isWanted && !event.repeat) end();
  }

  function onKey(event) {
    if ((event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph")) return;
    const place = placeOf(event.target);
    if (isBurst(run) && event.timeStamp - run.last >= needed()) end(ECHO_AFTER_PAUSE_MS); // its timer was late
    if (event.key === "Enter" || event.key === "Tab") {
      onEnd(event, place);
      return;
    }
    const key = typedKey(event);
    if (key === null) {
      if (place === "page" && event.key === "Backspace" && field.value) put(field.value.slice(0, -1));
      else if (place !== "other" && event.key === "Escape") put("");
      if (event.key.length > 1 && !/^(Shift|CapsLock|NumLock|Process|Unidentified)$/.test(event.key)) run = null;
      return;
    }
    if (key === " " && place === "page" && !field.value && event.target.matches("button, summary, input, label")) return;
    if (event.repeat) {
      if (place !== "other") event.preventDefault(); // a key that lies under something is no code
      return;
    }
    note(key, event.timeStamp, place === "other" ? event.target : null);
    if (place === "other") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isComposed(event)) keepInputMethodOut();
    insert(key);
  }

  const keepText = () => {
    if (composed !== null) field.value = composed;
  };
  addEventListener("keydown", onKey, true);
  field.addEventListener("input", keepText);
  field.addEventListener("compositionend", () => setTimeout(keepText));
  field.addEventListener("focus", () => (composed = null));
  return { end: () => field.value && end() };
}
