// The running service under test, as tests/browser/run wrote it down: addresses, people, files.
import { readFileSync } from "node:fs";

const file = process.env.KIYOME_BROWSER_SITE;
if (!file) throw new Error("KIYOME_BROWSER_SITE names no file; start the tests by tests/browser/run");

// { dropBox, pickUp: addresses that end in "/",
//   outside: { sender, colleague, inviter, auditor }, closed: { staff, approver, auditor }: { login, name, password, mail }, the
//   inviter with the mail of the staff,
//   letters: a folder where each letter to the outside becomes a file { to, subject, text },
//   approvalImportance: the importance that a rule asks an approval for,
//   console: address, office: { reviewer, second, auditor, administrator } of the console, smtp: port that takes mail, delivered: a
//   folder where each mail to the closed side becomes a file { to, subject, text, files, in_reply_to }, scans: there is a clamd,
//   smallOffice: { console, smtp, reviewer }: another service, where one person decides and the closed side is not there,
//   files: { docx, passwordZip, zipPassword, bomb, text, folder }: paths }
export const site = JSON.parse(readFileSync(file, "utf8"));
