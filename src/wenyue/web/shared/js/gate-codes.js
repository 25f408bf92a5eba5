// What a scanned text can be: whether a pause ends it, and how it is called in the list of what waits. No page, no state.

export const CODE_LENGTH_MAX = 512;
const VOUCHER = "WY1:";
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

const isVoucher = (text) => text.toUpperCase().startsWith(VOUCHER);

// Whether more must follow: a voucher, a booking's number, a booking code or an identity number of which the beginning is there.
export function isUnfinished(text) {
  if (isVoucher(text)) return !isWholeVoucher(text);
  if (/^[0-9a-f]{8}-[0-9a-f-]*$/i.test(text)) return text.length < 36;
  if (/^[0-9]{6}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-9]{0,5}$/.test(text)) return true; // place, year and month of birth
  return /^[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{0,3}$/i.test(text);
}

// Two vouchers that came without anything between them are two.
export function apart(text) {
  const next = text.toUpperCase().indexOf(VOUCHER, 1);
  if (next < 0 || !isVoucher(text) || !isWholeVoucher(text.slice(0, next))) return [text];
  return [text.slice(0, next), ...apart(text.slice(next))];
}

// A scan inside what stands in the field: what was typed by hand a second and more before it is not part of it.
export function lastScan(whole, burst, gap, longGap) {
  const isOwn = burst.length < whole.length && whole.endsWith(burst) && !isVoucher(whole);
  return isOwn && (gap >= longGap || isVoucher(burst)) ? burst : whole;
}

// Shown beside what waits: never more of a document's number than its end.
export function labelOf(text, words) {
  if (isVoucher(text)) return `${words.voucher} ···· ${text.slice(-4)}`;
  const plain = text.replace(/[\s-]/g, "").toUpperCase();
  if (/^[0-9]{14,17}[0-9X]$/.test(plain) || /^[A-Z]{1,2}[0-9]{6,10}$/.test(plain)) return `${words.number} ···· ${plain.slice(-4)}`;
  return text.length > 16 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text;
}

function isWholeVoucher(text) {
  const bytes = decode(text.toUpperCase().slice(VOUCHER.length));
  return bytes !== null && itemEnd(bytes, 0) === bytes.length;
}

function decode(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = [...text.slice(at, at + 3)].map((one) => BASE45.indexOf(one));
    if (digits.length < 2 || digits.includes(-1)) return null;
    const number = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (number >= 256 ** (digits.length - 1)) return null;
    if (digits.length === 3) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return bytes;
}

// Where the CBOR item that begins at `at` ends; NaN when its bytes are not all there.
function itemEnd(bytes, at) {
  const kind = bytes[at] >> 5;
  let size = bytes[at] & 31;
  let next = at + 1;
  if (at >= bytes.length || size > 27) return NaN;
  if (size > 23) {
    const width = 2 ** (size - 24);
    size = bytes.slice(next, next + width).reduce((sum, byte) => sum * 256 + byte, 0);
    next += width;
  }
  if (kind === 2 || kind === 3) return next + size;
  if (kind < 4 || kind === 7) return next;
  const count = kind === 6 ? 1 : kind === 5 ? 2 * size : size;
  for (let n = 0; n < count && next <= bytes.length; n += 1) next = itemEnd(bytes, next);
  return next <= bytes.length ? next : NaN;
}
