// Sizes, times and names as people read them.
import { language, say } from "./language";
import { words } from "./words";

export function sayBytes(bytes: number): string {
  if (bytes < 1024) return say(words.bytes, { n: bytes });
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes / 1024; // as a desktop's file list counts
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} ${units[unit]}`;
}

export function sayTime(time: string): string {
  const locale = language.get() === "en" ? "en-GB" : "ja-JP";
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit" }).format(date);
}

// How long until then, in the coarsest unit that still says enough.
export function sayRemaining(until: string, now = Date.now()): string {
  const minutes = Math.floor((new Date(until).getTime() - now) / 60_000);
  if (Number.isNaN(minutes)) return "";
  if (minutes <= 0) return say(words.expired);
  if (minutes < 60) return say(words.minutesLeft, { n: minutes });
  if (minutes < 48 * 60) return say(words.hoursLeft, { n: Math.floor(minutes / 60) });
  return say(words.daysLeft, { n: Math.floor(minutes / (24 * 60)) });
}

// Composed (NFC), but for CJK compatibility ideographs: 神 U+FA19 is somebody's name and stays. No control characters.
export function cleanText(text: string, lines = false): string {
  const composed = text
    .split(/([\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]+)/u)
    .map((piece, place) => (place % 2 ? piece : piece.normalize("NFC")))
    .join("");
  const parted = composed.replace(/\r\n?/g, "\n");
  return parted.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => (lines && character === "\n" ? "\n" : " "));
}

export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, "0")).join("");
}
