#!/usr/bin/env python3
"""Attacks on the quarantine review, against the real program: what hostile mail and files could leave in any answer, what wrong roles,
tenants and foreign pages could do by any operation of openapi.yaml, hostile requests, and a flood at a recipient's door."""
import email.policy
import io
import json
import os
import re
import signal
import threading
import time
import unittest
import urllib.parse
import zipfile
import zlib
from email.message import EmailMessage

import documents
from both_sides import Answer, Client, Site, request, say
from contract import UNKNOWN_ID, Contract
from contract_console import roles_of_operations
from preview_test import brightness, chunks_of

MARKER = b"KIYOME-MARKER-5e1d0b"  # in octets of originals that no rendering shows
SCRIPT = b"kiyome_attack_script()"
# Beginnings of formats that only an original has in answers of the review.
LIVE = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-", b"MZ\x90", b"{\\rtf", b"<script", b"<html", b"<svg", b"GIF89a", b"\xff\xd8\xff")
TARO, HANAKO = "taro@city.example.jp", "hanako@otsu.example.jp"
CONFIG = """
[[policy.rule]]
from = "*@supplier.example"
verdict = "held"
[[tenant]]
name = "甲市"
domains = ["city.example.jp"]
[[tenant.policy.rule]]
from = "*@supplier.example"
verdict = "held"
[[tenant]]
name = "乙市"
domains = ["otsu.example.jp"]
[[tenant.policy.rule]]
from = "*@supplier.example"
verdict = "held"
"""
HOSTILE = '\u202e"><script>alert(1)</script>\'; DROP TABLE items;-- =cmd|x ]]>&#0;'


def macro_docx():
    """A document with a macro and an embedded object, the marker in each."""
    with zipfile.ZipFile(io.BytesIO(documents.docx("一段落", "二段落"))) as plain:
        parts = [(name, plain.read(name)) for name in plain.namelist()]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:  # stored: the marker stands there as it is
        for name, octets in parts + [("word/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + MARKER * 20), ("word/embeddings/ole.bin", MARKER * 20)]:
            package.writestr(name, octets)
    return out.getvalue()


def hostile_files():
    picture = documents.png(300, 200, MARKER)
    script = b"<html><head><meta name=x content=" + MARKER + b"><script>" + SCRIPT + b"</script></head><body>hello</body></html>"
    return [("申請.docm", macro_docx()), ("ページ.html", script), ("図.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>" + SCRIPT + MARKER + b"</script></svg>"),
            ("両用.png", picture + b"PK\x03\x04" + MARKER + b"<script>" + SCRIPT + b"</script>"),
            ("動く.pdf", documents.pdf("Estimate", b"/OpenAction << /S /JavaScript /JS (" + SCRIPT + MARKER + b") >> ")),
            ("入れ子.zip", documents.old_zip([("中.pdf", documents.pdf("Inner", b"/M (" + MARKER + b") ")), ("run.exe", b"MZ\x90" + MARKER)])),
            ("読めない.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + MARKER * 50), ("a\r\nb\";.txt", "ただの文".encode())]


def hostile_mail(files, to, subject="見積書の送付"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "tanaka@supplier.example", ", ".join(to), subject
    mail["X-Secret"] = MARKER.decode()
    mail.set_content("本文です。\n")
    mail.add_alternative("<p>本文です。</p><!-- " + MARKER.decode() + " --><script>" + SCRIPT.decode() + "</script>", subtype="html")
    for name, octets in files:
        mail.add_attachment(octets, maintype="application", subtype="octet-stream", filename=re.sub(r"[\r\n]", " ", name))
    return mail.as_bytes(policy=email.policy.SMTP)


class ReviewAttack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site(console="", extra=CONFIG, relay="*.example.jp", pick_up='url = "https://pick-up.city.example.jp/"')
        cls.addClassCleanup(cls.site.close)
        cls.roles = ("reviewer", "auditor", "administrator")
        cls.everybody = cls.site.program("console", "zenbu", ",".join(cls.roles))
        cls.only = {role: cls.site.program("console", "only-" + role, role) for role in cls.roles}
        cls.other = cls.site.program("console", "otsu", ",".join(cls.roles), "o@otsu.example.jp", tenant="乙市")
        cls.browser = cls.site.person("console", "gamen", ",".join(cls.roles), "gamen@city.example.jp")
        cls.operations = [each for each in Contract().operations if each.tag == "console"]
        cls.item = cls.sent(hostile_mail(hostile_files(), [TARO]), [TARO])
        cls.shared = cls.sent(hostile_mail([], [TARO, HANAKO], HOSTILE), [TARO, HANAKO])
        cls.proposal = cls.site.program("console", "teian", "reviewer").ask("POST", f"/review/items/{cls.item}/decisions",
                                         {"kind": "clean-again", "policy": "image", "reason": HOSTILE}).json()["proposal"]

    @classmethod
    def sent(cls, octets, recipients):
        text = cls.site.service.send(octets, "tanaka@supplier.example", recipients)
        assert "queued as " in text, text
        item = text.split("queued as ")[1][:36]
        cls.until(lambda: cls.everybody.ask("GET", f"/review/items/{item}").status == 200)
        return item

    @classmethod
    def until(cls, true, seconds=60):
        deadline = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < deadline, cls.site.service.log_text()[-2000:]
            time.sleep(0.1)
        return found

    def paths(self, operation, **more):
        """This operation's path, filled with what there is."""
        filled = {"item": self.item, "proposal": self.proposal, "place": "1", "page": "1", "allowance": "1", "request": "1",
                  "month": time.strftime("%Y-%m"), **more}
        return re.sub(r"\{(\w+)\}", lambda found: str(filled.get(found[1], "1")), operation.path)

    def strict(self, answer, what):
        """As each answer is, whoever asks: nothing to be kept, sniffed, framed or run; nothing of an original."""
        self.assertLess(answer.status, 500 if answer.status != 503 else 504, (what, answer.body[:300]))
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff", what)
        self.assertEqual(answer.headers["cache-control"], "no-store", what)
        policy = answer.headers["content-security-policy"]
        self.assertTrue(policy.startswith("default-src 'none'"), what)
        self.assertNotRegex(policy, "unsafe-inline|unsafe-eval|\\*")
        kind = answer.headers.get("content-type", "")
        self.assertIn(kind.split(";")[0], ("", "application/json", "application/problem+json", "image/png", "application/pdf", "text/csv", "application/x-ndjson"), what)
        if kind and kind != "application/json" and answer.status < 400:
            self.assertIn("sandbox", policy, what)
        if kind.split(";")[0] in ("application/pdf", "text/csv", "application/x-ndjson"):
            self.assertRegex(answer.headers["content-disposition"], r'^attachment; filename="[A-Za-z0-9._-]+"$')
        octets = answer.body
        if kind == "image/png":
            names = list(dict.fromkeys(name for name, _ in chunks_of(octets)))
            self.assertIn(names, ([b"IHDR", b"pHYs", *colours, b"IDAT", b"IEND"] for colours in ([], [b"PLTE"])), what)  # as our encoder writes them
            width, height, levels = brightness(octets)
            self.assertEqual(len(levels), width * height, what)
            octets += zlib.decompress(b"".join(content for name, content in chunks_of(octets) if name == b"IDAT"))
        if "json" in kind:
            for line in octets.splitlines() if "ndjson" in kind else [octets]:
                json.loads(line)
            if "ndjson" not in kind:
                self.assertNotIn(b"<", octets, what)  # no answer ends a page's script, however it is shown
        self.assertNotIn(MARKER, octets, what)
        self.assertNotIn(SCRIPT, octets, what)
        if "ndjson" in kind:  # its words are as the trail's hashes have them; it is saved, never shown
            return
        for begin in LIVE if kind != "application/pdf" else LIVE[:2]:
            self.assertNotIn(begin, octets, (what, begin))

    def look(self, item):
        self.assertEqual(self.everybody.ask("POST", f"/review/items/{item}/look").status, 202)
        return self.until(lambda: (told := self.everybody.ask("GET", f"/review/items/{item}/look").json())["state"] in ("ready", "failed") and told)

    def test_1_no_operation_gives_anything_of_an_original(self):
        look = self.look(self.item)
        self.assertEqual(look["state"], "ready")
        self.assertGreaterEqual(sum(part["pages"] > 0 for part in look["parts"]), 4, look)
        pictures = 0
        for part in look["parts"]:
            for page in range(1, part["pages"] + 1):
                path = f"/review/items/{self.item}/parts/{part['place'].replace('/', '-')}/pages/{page}"
                answer = self.everybody.ask("GET", path)
                self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/png"), path)
                self.strict(answer, path)
                pictures += 1
        self.assertGreaterEqual(pictures, 4)
        self.assertEqual(self.everybody.ask("POST", f"/review/reports/{time.strftime('%Y-%m')}").status, 202)
        self.until(lambda: self.everybody.ask("GET", f"/review/reports/{time.strftime('%Y-%m')}").status == 200)
        bodies = ({}, {"reason": "x"}, {"kind": "original", "item": self.item, "to": TARO, "reason": "x", "zone": "closed"},
                  {"kind": "original", "item": self.item, "to": "x@anywhere.example", "reason": "x"},
                  {"kind": "original", "reason": "x"}, {"kind": "clean-again", "policy": "view", "reason": "x"}, {"kind": "release", "part": "../1", "reason": "x"})
        asked = good = 0
        for operation in self.operations:
            queries = ("", f"?q={MARKER.decode()}", "?state=all&limit=200", "?table=senders") if operation.method == "GET" else ("",)
            for client in (self.everybody, *self.only.values(), self.other):
                for path in {self.paths(operation), self.paths(operation, item=self.shared)}:
                    for query in queries:
                        for value in bodies if operation.method in ("POST", "PUT") else (None,):
                            if operation.id == "decideItem" and value in ({"reason": "x"},):
                                continue
                            answer = client.ask(operation.method, path + query, value)
                            asked, good = asked + 1, good + (answer.status < 300)
                            self.strict(answer, (operation.method, path + query, value))
        self.assertGreater(good, 50)
        for _, _, octets in self.site.sink.wait(0):  # what came of all this are the notices of what is held
            self.assertIn(b".0\r\nFrom: postmaster@", octets)
            self.assertNotIn(MARKER, octets)
        self.assertEqual(self.everybody.ask("GET", f"/review/items/{self.item}").json()["state"], "held")
        for path in (self.site.service.folder / "data" / "cleaner" / "looks").rglob("*"):
            self.assertNotIn(MARKER, path.read_bytes() if path.is_file() else b"")

    def test_2_wrong_roles_get_nowhere_and_nobody_gets_nowhere(self):
        wanted = roles_of_operations()
        self.assertGreater(len(self.operations), 30)
        for operation in self.operations:
            path = self.paths(operation)
            value = {} if operation.method in ("POST", "PUT") else None
            for role in self.roles:
                answer = self.only[role].ask(operation.method, path, value)
                self.assertEqual(role not in wanted[operation.id], (answer.status, answer.code) == (403, "forbidden") and role not in wanted[operation.id],
                                 (operation.id, role, answer.status, answer.body[:200]))
            for stranger in (Client(self.site.ports["console"]), Client(self.site.ports["console"], "x" * 43)):
                self.assertEqual(stranger.ask(operation.method, path, value).status, 401, operation.id)
        # What another side's people are is nothing here.
        sender = self.site.program("edge", "sato", "sender,administrator,auditor", "sato@outside.example.jp")
        self.assertEqual(Client(self.site.ports["console"], sender.token).ask("GET", "/review/items").status, 401)

    def test_3_another_tenants_item_is_not_there(self):
        for operation in self.operations:
            if "{item}" not in operation.path and "{proposal}" not in operation.path:
                continue
            value = {"POST": {"kind": "release", "reason": "x"}, "PUT": {"reason": "x"}}.get(operation.method)
            if operation.id in ("decideProposal",):
                value = {"decision": "agree", "reason": "x"}
            if operation.id == "breakGlass":
                value = {"reason": "x"}
            answer = self.other.ask(operation.method, self.paths(operation), value)
            self.assertEqual((answer.status, answer.code), (404, "not-found"), (operation.id, answer.body[:200]))
        many = self.other.ask("POST", "/review/decisions", {"kind": "delete", "reason": "x", "items": [self.item, self.shared]}).json()["results"]
        self.assertEqual([each.get("code", "") for each in many], ["not-found", ""], many)
        told = {each["address"]: each["state"] for each in self.everybody.ask("GET", f"/review/items/{self.shared}").json()["recipients"]}
        self.assertEqual(told, {TARO: "held", HANAKO: "deleted"})  # his own recipient, and nobody else
        original = self.other.ask("POST", "/review/proposals", {"kind": "original", "item": self.item, "to": HANAKO, "zone": "closed", "reason": "x"})
        self.assertEqual(original.status, 404)
        for query in ("", "?tenant=%E7%94%B2%E5%B8%82", f"?id={self.item}", f"?recipient={TARO}", "?q=*", "?q=%22OR%22", '?q=") OR words MATCH ("a', "?state=held"):
            answer = self.other.ask("GET", "/review/items" + urllib.parse.quote(query, "?=&%"))
            self.assertEqual(answer.status, 200, query)
            self.assertNotIn(self.item, answer.body.decode(), query)
            self.assertNotIn(TARO, answer.body.decode(), query)
        for path in ("/review/audit?limit=500", f"/review/audit?item={self.item}", "/review/proposals?state=all", "/review/requests?state=all",
                     "/review/overview?days=400", "/review/overview?tenant=%E7%94%B2%E5%B8%82", "/review/filters"):
            text = self.other.ask("GET", path).body.decode()
            for secret in (self.item, TARO, "甲市"):
                self.assertNotIn(secret, text, path)
        self.assertEqual(self.other.ask("GET", "/review/audit/export").status, 403)

    def test_4_a_foreign_page_changes_nothing(self):
        changing = [each for each in self.operations if each.method != "GET"]
        self.assertGreater(len(changing), 10)
        for operation in changing:
            path, value = self.paths(operation), {"kind": "delete", "reason": "x", "decision": "agree"}
            for headers in ({"X-Kiyome-CSRF": None}, {"X-Kiyome-CSRF": "x" * 43}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                            {"X-Kiyome-CSRF": None, "Content-Type": "text/plain"}):
                answer = self.browser.ask(operation.method, path, value, headers)
                self.assertEqual((answer.status, answer.code), (403, "csrf"), (operation.id, headers, answer.body[:200]))
            # The same from our page gets as far as the operation.
            self.assertNotEqual(self.browser.ask(operation.method, path, {"wrong": 1}, keep=False).code, "csrf", operation.id)
        before = self.everybody.ask("GET", "/review/audit/export").body.count(b"\n")
        # Reading changes nothing either: what GET and HEAD left in the trail are notes of what was seen.
        for operation in self.operations:
            if operation.method == "GET":
                self.browser.ask("GET", self.paths(operation), headers={"X-Kiyome-CSRF": None})
        new = [json.loads(line) for line in self.everybody.ask("GET", "/review/audit/export").body.splitlines()[before:]]
        self.assertLessEqual({each["event"] for each in new if "event" in each},
                             {"page-viewed", "audit-exported", "checkpoint-kept", "look", "report", "start"}, new)
        for target in ("/api/v1/review/items", "/api/v1/review/items/" + self.item):
            answer = Answer(say(self.site.ports["console"], request("GET", target, {**self.browser.identity(), "Origin": "https://evil.example"})))
            self.assertNotIn("access-control-allow-origin", answer.headers)

    def test_5_hostile_values_are_refused_or_mean_nothing(self):
        big = str((1 << 63) - 1)
        values = ["", "'", '"', "%00", "%ff%fe", "-1", big, str(1 << 64), "1e9", "%F3%B0%80%80", "%F4%81%80%80", "a" * 500, "%22%20OR%20%22", "NEAR(", "*", "{",
                  "9999-12-31", "0000-01-01", "%3Cscript%3E", "%E2%80%AE", "../../etc/passwd", "\"^a", "a%20" * 150]
        for operation in self.operations:
            if operation.method != "GET" or operation.id == "exportAudit":
                continue
            names = [each["name"] for each in operation.placed("query")] + ["unknown"]
            for name in names:
                for value in values:
                    answer = self.everybody.ask("GET", f"{self.paths(operation)}?{name}={urllib.parse.quote(value, '%')}")
                    self.assertIn(answer.status, (200, 400, 404, 409, 422), (operation.id, name, value, answer.body[:200]))
        for operation in self.operations:
            for name in re.findall(r"\{(\w+)\}", operation.path):
                for value in values:
                    if value and "/" not in value:
                        answer = self.everybody.ask(operation.method, self.paths(operation, **{name: urllib.parse.quote(value, "%")}),
                                                    {"reason": "x"} if operation.method in ("POST", "PUT") else None)
                        self.assertIn(answer.status, (200, 400, 404, 422), (operation.id, name, value, answer.body[:200]))
        for value in ({"a" * 9000: 1}, {"kind": "x" * 9000}, {"reason": HOSTILE * 100}, {"items": [self.item] * 5000}, {"items": "x"}, [], "x", {"kind": {"kind": {}}},
                      {"kind": "delete", "reason": "\0", "items": [self.item]}, {"kind": "delete", "items": ["' OR 1=1 --"], "reason": "x"}):
            for path in ("/review/decisions", "/review/proposals", f"/review/items/{self.item}/decisions", f"/review/proposals/{self.proposal}/decision"):
                answer = self.everybody.ask("POST", path, value)
                self.assertIn(answer.status, (200, 400, 413, 422), (path, str(value)[:80], answer.status, answer.body[:200]))
                if answer.status == 200:
                    self.assertEqual([each["code"] for each in answer.json()["results"]], ["not-found"])
        # A report of a time before there was anything would be a file that stays.
        for month in ("0001-01", "1999-12", "9999-12"):
            self.assertEqual(self.everybody.ask("POST", f"/review/reports/{month}").status, 404)
        self.assertEqual(self.everybody.ask("GET", f"/review/items/{UNKNOWN_ID}").status, 404)
        self.assertEqual(self.everybody.ask("GET", f"/review/items/{self.item}").json()["state"], "held")

    def test_6_hostile_words_stay_words_in_trail_export_and_report(self):
        words = "\"},{\"x\":1}\t]\\\"<script>\u202e"
        answer = self.everybody.ask("PUT", f"/review/items/{self.item}/legal-hold", {"reason": words.replace("\t", " ")})
        self.assertEqual(answer.status, 204, answer.body)
        self.assertEqual(self.everybody.ask("DELETE", f"/review/items/{self.item}/legal-hold").status, 204)
        export = self.everybody.ask("GET", "/review/audit/export")
        rows = [json.loads(line) for line in export.body.splitlines()]
        self.assertIn(words.replace("\t", " "), [row["detail"].get("reason") for row in rows if row.get("event") == "legal-hold"])
        verified = self.until(lambda: (told := self.everybody.ask("POST", "/review/audit/verification")).status == 200 and told.json())
        self.assertTrue(all(each["intact"] for each in verified["trails"]), verified)
        row = next(each for each in self.everybody.ask("GET", f"/review/items?id={self.shared}").json()["items"])
        self.assertEqual(row["subject"], HOSTILE)  # as JSON it is only a text; the page shows what is not seen
        table = self.everybody.ask("GET", "/review/overview.csv?table=senders").body.decode("utf-8-sig")
        self.assertFalse(any(cell.startswith(("=", "+", "-", "@")) for line in table.splitlines() for cell in line.split(",")), table)

    def test_7_one_person_is_not_two(self):
        mine = self.site.program("console", "hitori", "reviewer")
        number = mine.ask("POST", f"/review/items/{self.item}/decisions", {"kind": "clean-again", "policy": "image", "reason": "x"}).json()["proposal"]
        agree = {"decision": "agree", "reason": "x"}
        path = f"/review/proposals/{number}"
        self.assertEqual(mine.ask("POST", path + "/decision", agree).code, "same-person")
        # Nor with more roles, nor by another token, nor by standing in for somebody, nor for himself.
        self.site.user("role", "hitori", "reviewer,administrator,auditor", "--side", "console")
        self.assertEqual(self.site.token("console", "hitori").ask("POST", path + "/decision", agree).code, "same-person")
        until = time.strftime("%Y-%m-%dT00:00:00.000Z", time.gmtime(time.time() + 5 * 86400))
        self.assertEqual(self.only["reviewer"].ask("PUT", "/review/delegation", {"to": "HITORI", "until": until}).status, 200)
        self.assertEqual(mine.ask("POST", path + "/decision", agree).code, "same-person")
        self.assertEqual(mine.ask("PUT", "/review/delegation", {"to": "Hitori", "until": until}).status, 422)
        self.assertEqual(self.only["reviewer"].ask("POST", path + "/break-glass", {"reason": "x"}).code, "forbidden")
        # Many who refuse at once: one does.
        answers = []
        people = [self.everybody, self.only["reviewer"], self.only["administrator"]] * 5
        threads = [threading.Thread(target=lambda who=who: answers.append(who.ask("POST", path + "/decision", {"decision": "refuse", "reason": "x"}).status)) for who in people]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(sorted(answers), [200] + [409] * 14)
        self.assertEqual(mine.ask("POST", path + "/break-glass", {"reason": "x"}).code, "forbidden")  # a token is nobody

    def test_8_guessing_at_a_door_ends_soon_and_leaves_no_token_anywhere(self):
        port = self.site.ports["gate"]
        token = "A" * 21 + "g"
        statuses = [Client(port, source="127.0.0.9").ask("POST", "/doors/" + what, {"token": token, **more}).status
                    for _ in range(12) for what, more in (("open", {}), ("ask", {"parts": ["1"]}), ("password", {"password": "x"}))]
        self.assertEqual(statuses[:20], [404] * 20)
        self.assertEqual(set(statuses[20:]), {429})
        self.assertEqual(Client(port, source="127.0.0.10").ask("POST", "/doors/open", {"token": token}).status, 404)  # another one may
        for wrong in ("", "A" * 22, "A" * 23, "=" * 22, "../" * 7 + "a", "A" * 21 + "é", "A" * 200):
            self.assertIn(Client(port, source="127.0.0.11").ask("POST", "/doors/open", {"token": wrong}).status, (404, 422), wrong)
        foreign = Client(port).ask("POST", "/doors/open", {"token": token}, {"Origin": "https://evil.example"})
        self.assertEqual((foreign.status, foreign.code), (403, "csrf"))
        self.assertIn(Client(port).ask("GET", "/doors/open").status, (404, 405))
        self.assertNotIn(token, self.site.service.log_text())
        self.assertEqual(self.everybody.ask("GET", "/review/requests").json()["requests"], [])

    def test_9_many_looks_of_one_person_leave_room_for_others(self):
        items = [self.sent(hostile_mail([], [TARO]), [TARO]) for _ in range(24)]
        stopped = self.site.service.pids()["sanitizer"]
        try:
            for each in stopped:
                os.kill(each, signal.SIGSTOP)
            answers = [self.only["auditor"].ask("POST", f"/review/items/{item}/look") for item in items[:23]]
            self.assertIn([answer.status for answer in answers], ([202] * 21 + [503] * 2, [202] * 20 + [503] * 3))
            self.assertIn("retry-after", answers[-1].headers)
            self.assertEqual(self.only["reviewer"].ask("POST", f"/review/items/{items[23]}/look").status, 202)
        finally:
            for each in stopped:
                os.kill(each, signal.SIGCONT)
        self.until(lambda: self.everybody.ask("GET", f"/review/items/{items[23]}/look").json()["state"] == "ready")


if __name__ == "__main__":
    unittest.main()
