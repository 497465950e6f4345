// Mail as it comes from outside and as it reaches its recipients: real SMTP to the service, and what the next hop took.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { site } from "./site.mjs";

const kSmtpMs = 20_000;
const kArrivesMs = 60_000;
const base64Lines = (octets) => Buffer.from(octets).toString("base64").replace(/.{76}/g, "$&\r\n");
const word = (text) => `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`;

let sent = 0;
// Gives the id of the item.
export async function sendMail({ from = "yamada@held.example", to = [site.closed.staff.mail], subject = "件名", text = "本文です。", files = [], headers = [], port = site.smtp }) {
  const boundary = `b${process.pid}${++sent}`;
  const lines = [
    `From: ${from}`, `To: ${to.join(", ")}`, `Subject: ${word(subject)}`, `Date: ${new Date().toUTCString()}`, `Message-ID: <${Date.now()}.${sent}@outside.example>`, ...headers,
    "MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary=${boundary}`, "",
    `--${boundary}`, "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "", base64Lines(text),
    ...files.flatMap((file) => [`--${boundary}`, "Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64", `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(basename(file))}`, "", base64Lines(readFileSync(file))]),
    `--${boundary}--`, "",
  ];
  const replies = await dialog([`EHLO outside.example`, `MAIL FROM:<${from}>`, ...to.map((one) => `RCPT TO:<${one}>`), "DATA", `${lines.join("\r\n")}\r\n.`, "QUIT"], port);
  return replies.at(-2).match(/[0-9a-f]{8}-[0-9a-f-]{27}/)?.[0] ?? assert.fail(`not taken: ${replies.join(" | ")}`);
}

// One command after the other's reply; gives all replies.
function dialog(commands, port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const replies = [];
    let text = "";
    socket.setTimeout(kSmtpMs, () => socket.destroy(new Error(`no reply after ${replies.at(-1)}`)));
    socket.on("error", reject);
    socket.on("data", (octets) => {
      text += octets.toString("latin1");
      for (let end; (end = /^(\d{3} .*)\r\n/m.exec(text)); ) {
        replies.push(end[1]);
        text = text.slice(end.index + end[0].length);
        if (!/^[23]/.test(end[1])) return socket.destroy(new Error(end[1]));
        const next = commands[replies.length - 1];
        if (next === undefined) return socket.end(), resolve(replies);
        socket.write(`${next}\r\n`);
      }
    });
  });
}

// ---- what reached the closed side ----
const all = () => readdirSync(site.delivered).filter((name) => name.endsWith(".json")).sort().map((name) => JSON.parse(readFileSync(join(site.delivered, name), "utf8")));
export const deliveredWith = (wanted) => all().filter(wanted);

// The mails that `wanted` is true for, as soon as there are so many.
export async function delivered(wanted, count = 1) {
  const deadline = Date.now() + kArrivesMs;
  for (;;) {
    const found = deliveredWith(wanted);
    if (found.length >= count) return found;
    assert.ok(Date.now() < deadline, `${found.length} of ${count} mails arrived`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
