#!/usr/bin/env python3
"""The quarantine review with the real program: people with their second factors and roles, items and their pages, decisions; and that
nothing of an original is in any answer."""
import email.policy
import json
import os
import signal
import time
import unittest
from email.message import EmailMessage

import documents
from both_sides import OWN, PASSWORD, Client, Site, request, say, totp, Answer
from preview_test import brightness

MARKER = b"KIYOME-MARKER-7f3a9c"  # in octets of originals that no rendering shows
TENANTS = """
[[tenant]]
name = "甲市"
domains = ["city.example.jp"]
[tenant.policy]
attachments = "strip"
[[tenant.policy.rule]]
from = "*@supplier.example"
verdict = "held"
[[tenant]]
name = "乙市"
domains = ["otsu.example.jp"]
[tenant.policy]
attachments = "strip"
[[tenant.policy.rule]]
from = "*@supplier.example"
verdict = "held"
"""


def mail_with(files, recipients=("taro@city.example.jp",), subject="見積書の送付", body="本文です。\n"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "田中 <tanaka@supplier.example>", ", ".join(recipients), subject
    mail["X-Secret"] = MARKER.decode()
    mail.set_content(body)
    for name, octets in files:
        mail.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes(policy=email.policy.SMTP)


class ReviewSite(Site):
    """The console asks for a second factor, as it does unless told otherwise."""

    def __init__(self, auth="", console="", **more):
        super().__init__(auth=auth, console=console, **more)

    def reviewer(self, login, roles, mail="", tenant=""):
        """Somebody who was added by an operator, has enrolled and chosen his password; signed in."""
        self.user("add", login, "--side", "console", "--name", login, "--roles", roles, *(["--mail", mail] if mail else []),
                  *(["--tenant", tenant] if tenant else []), secret=PASSWORD)
        client = Client(self.ports["console"])
        state = client.sign_in(login, PASSWORD).json()["state"]
        while state != "signed-in":
            if state == "enrolment":
                client.secret = client.ask("GET", "/session/enrolment").json()["secret"]
                state = client.ask("POST", "/session/enrolment", {"code": totp(client.secret)}).json()["session"]["state"]
            elif state == "new-password":
                state = client.ask("PUT", "/session/password", {"old": PASSWORD, "new": OWN}).json()["state"]
            else:
                raise AssertionError(state)
        return client

    def item(self, octets, sender="tanaka@supplier.example", recipients=("taro@city.example.jp",)):
        """The id of a mail that the cleaner has decided."""
        text = self.service.send(octets, sender, recipients)
        assert "queued as " in text, text
        found = text.split("queued as ")[1][:36]
        deadline = time.monotonic() + 60
        while not any(row["id"] == found and row["state"] not in ("received", "cleaning") for row in self.service.queue()):
            assert time.monotonic() < deadline, self.service.log_text()[-2000:]
            time.sleep(0.1)
        return found


def wait(ask, good, seconds=90):
    deadline = time.monotonic() + seconds
    while not good(answer := ask()):
        assert time.monotonic() < deadline, (answer.status, answer.body[:500])
        time.sleep(0.2)
    return answer


class ConsoleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = ReviewSite(extra='[[policy.rule]]\nfrom = "*@supplier.example"\nverdict = "held"\n[notice]\ntrusted_authserv_id = "mx.city.example.jp"\n')
        cls.addClassCleanup(cls.site.close)
        cls.mine = cls.site.reviewer("suzuki", "reviewer", "suzuki@city.example.jp")
        cls.auditor = cls.site.reviewer("kansa", "auditor")
        cls.manager = cls.site.reviewer("kanri", "administrator")
        files = [("図.png", documents.png(400, 300, MARKER)), ("見積.pdf", documents.pdf("Estimate", b"/Marker (" + MARKER + b") ")),
                 ("まとめ.zip", documents.old_zip([("中.pdf", documents.pdf("Inner", b"/Marker (" + MARKER + b") ")), ("メモ.txt", "メモです".encode("cp932"))])),
                 ("壊れた.pdf", b"%PDF-1.4\n" + MARKER)]
        cls.item = cls.site.item(mail_with(files))

    def look(self, client, item):
        started = client.ask("POST", f"/review/items/{item}/look")
        self.assertEqual(started.status, 202, started.body)
        return wait(lambda: client.ask("GET", f"/review/items/{item}/look"), lambda answer: answer.json()["state"] in ("ready", "failed")).json()

    def test_a_person_needs_a_second_factor_and_a_role_of_the_review(self):
        port = self.site.ports["console"]
        self.assertEqual(Client(port).ask("GET", f"/review/items/{self.item}").status, 401)
        half = Client(port)  # the password alone
        self.assertEqual(half.sign_in("suzuki").json()["state"], "second-factor")
        self.assertEqual(half.ask("GET", f"/review/items/{self.item}").status, 401)
        wrong = half.ask("POST", "/session/second-factor", {"code": "000000"})
        self.assertIn(wrong.status, (422, 429))
        # Who has none of the roles is not added here; who has lost them is refused as if his password were wrong.
        with self.assertRaises(Exception):
            self.site.user("add", "sender1", "--side", "console", "--name", "x", "--roles", "sender", secret=PASSWORD)
        gone = self.site.reviewer("moto", "reviewer")
        self.site.user("role", "moto", "sender", "--side", "console")
        self.assertIn(gone.ask("GET", f"/review/items/{self.item}").status, (401, 403))
        again = Client(port).sign_in("moto")
        self.assertEqual((again.status, again.code), (401, "sign-in-refused"))
        rows = [json.loads(line) for line in self.site.service.run("audit", "list", "--role", "console", "--json").stdout.splitlines()]
        self.assertTrue({"account-added", "sign-in", "second-factor-enrolled"} <= {row["event"] for row in rows}, rows[:5])

    def test_the_cookie_is_the_consoles_own_and_answers_are_as_strict_as_the_other_pages(self):
        self.assertTrue(self.mine.cookie.startswith("kiyome-console="))
        answer = self.mine.ask("GET", f"/review/items/{self.item}")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
        self.assertTrue(answer.headers["content-security-policy"].startswith("default-src 'none'"))
        self.assertEqual(self.mine.ask("POST", f"/review/items/{self.item}/look", headers={"X-Kiyome-CSRF": None}).code, "csrf")

    def test_an_item_is_told_whole(self):
        item = self.mine.ask("GET", f"/review/items/{self.item}").json()
        self.assertEqual((item["direction"], item["verdict"], item["state"], item["subject"]), ("mail", "held", "held", "見積書の送付"))
        self.assertIn("policy-held", [each["code"] for each in item["reasons"]])
        self.assertTrue(all(each["ja"] and each["en"] for each in item["reasons"]))
        parts = {each["name"]: each for each in item["parts"]}
        self.assertTrue({"図.png", "見積.pdf", "まとめ.zip"} <= set(parts), item["parts"])
        self.assertTrue(all(each["place"] and len(each["sha256"]) == 64 for each in parts.values() if each["name"]))
        self.assertEqual([each["address"] for each in item["recipients"]], ["taro@city.example.jp"])
        self.assertIn({"name": "From", "value": "田中 <tanaka@supplier.example>"}, item["headers"])
        self.assertEqual([each["event"] for each in item["history"]][:2], ["received", "verdict"])
        self.assertTrue({"release", "reject", "delete", "clean-again"} <= set(item["allowed"]))
        self.assertEqual(self.auditor.ask("GET", f"/review/items/{self.item}").json()["allowed"], [])
        self.assertTrue(item["original"]["kept"])

    def test_a_look_is_pictures_of_our_own_and_reasons(self):
        look = self.look(self.mine, self.item)
        self.assertEqual(look["state"], "ready")
        self.assertIn("本文です。", look["body"])
        parts = {each["name"]: each for each in look["parts"]}
        self.assertEqual((parts["図.png"]["pages"], parts["見積.pdf"]["pages"], parts["壊れた.pdf"]["pages"]), (1, 1, 0), look)
        self.assertGreaterEqual(parts["まとめ.zip"]["pages"], 1)
        self.assertTrue(parts["壊れた.pdf"]["reasons"])
        path = f"/review/items/{self.item}/parts/{parts['見積.pdf']['place']}/pages/"
        answer = self.auditor.ask("GET", path + "1")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/png"))
        self.assertTrue(answer.headers["content-security-policy"].startswith("default-src 'none'; sandbox"))
        self.assertEqual((answer.headers["x-content-type-options"], answer.headers["cache-control"]), ("nosniff", "no-store"))
        width, height, levels = brightness(answer.body)
        self.assertEqual(max(width, height), 1000)
        self.assertGreater(sum(1 for each in levels if each < 128), 50, "there is ink")
        for page in ("0", "2", "x", "-1", "99999999999999999999"):
            self.assertEqual(self.mine.ask("GET", path + page).status, 404)
        for place in ("..", "9", "1-", "a", "1-9"):
            self.assertIn(self.mine.ask("GET", f"/review/items/{self.item}/parts/{place}/pages/1").status, (400, 404))
        # One line of the trail for a person who looks, however many pictures.
        self.auditor.ask("GET", path + "1")
        time.sleep(0.5)
        views = [each for each in self.mine.ask("GET", f"/review/items/{self.item}").json()["history"]
                 if each["event"] == "page-viewed" and each["actor"] == "kansa"]
        self.assertEqual(len(views), 1, views)

    def test_a_dropped_file_can_be_looked_at_too(self):
        sender = self.site.program("edge", "sato", "sender", "sato@outside.example.jp")
        sent = sender.submit([sender.upload("申請.docx", documents.docx("一段落", "二段落"))], "console-0001")
        file = sender.settled(sent.json()["id"], ("delivered",))[0]
        item = self.mine.ask("GET", f"/review/items/{file['item']}").json()
        self.assertEqual((item["direction"], item["state"], [each["place"] for each in item["parts"]]), ("drop", "delivered", ["0"]))
        look = self.look(self.mine, file["item"])
        self.assertEqual([(each["place"], each["name"], each["pages"]) for each in look["parts"]], [("0", "申請.docx", 1)])
        page = self.mine.ask("GET", f"/review/items/{file['item']}/parts/0/pages/1")
        self.assertEqual(max(brightness(page.body)[:2]), 1000)

    def test_nothing_of_an_original_is_in_any_answer(self):
        look = self.look(self.mine, self.item)
        paths = ["/review/items", f"/review/items/{self.item}", f"/review/items/{self.item}/look", f"/review/items/{self.item}/similar", "/review/filters",
                 "/review/allowances", "/review/proposals", "/review/delegation", "/review/requests", "/review/overview", "/review/overview.csv",
                 "/review/health", "/review/self-check", "/review/reports/2026-11", "/review/audit", "/review/audit/export",
                 "/review/audit/checkpoints", "/review/items?q=" + MARKER.decode()]
        paths += [f"/review/items/{self.item}/parts/{part['place'].replace('/', '-')}/pages/{page}"
                  for part in look["parts"] for page in range(1, part["pages"] + 1)]
        self.assertGreater(len([path for path in paths if "/pages/" in path]), 2)
        for client in (self.mine, self.auditor, self.manager):
            for path in paths:
                answer = client.ask("GET", path)
                self.assertNotEqual(answer.status, 500, path)
                told = answer.body.replace(b"q=" + MARKER, b"")
                self.assertNotIn(MARKER, told, path)
                self.assertNotIn(b"%PDF-", told, path)
                self.assertNotIn(b"PK\3\4", told, path)
        for folder in ("looks", ):
            for path in (self.site.service.folder / "data" / "cleaner" / folder).rglob("*"):
                self.assertNotIn(MARKER, path.read_bytes() if path.is_file() else b"")

    def test_roles_are_what_they_may_do(self):
        decisions = f"/review/items/{self.item}/decisions"
        for client in (self.auditor, self.manager):
            self.assertEqual(client.ask("POST", decisions, {"kind": "release", "reason": "x"}).code, "forbidden")
        self.assertEqual(self.manager.ask("GET", f"/review/items/{self.item}").code, "forbidden")
        self.assertEqual(self.mine.ask("GET", "/review/audit").code, "forbidden")

    def test_a_release_delivers_the_clean_result(self):
        item = self.site.item(mail_with([("a.txt", b"text")], subject="放流されるもの"))
        before = len(self.site.sink.mails)
        answer = self.mine.ask("POST", f"/review/items/{item}/decisions", {"kind": "release", "reason": "電話で確認した"})
        self.assertIn(answer.status, (200, 202), answer.body)
        wait(lambda: self.mine.ask("GET", f"/review/items/{item}"), lambda told: told.json()["state"] == "delivered")
        mine = [octets for _, _, octets in self.site.sink.mails[before:] if f"X-Kiyome-Id: {item}\r\n".encode() in octets]
        self.assertEqual(len(mine), 1, self.site.sink.mails[before:])
        history = self.mine.ask("GET", f"/review/items/{item}").json()["history"]
        self.assertIn(("release", "suzuki"), [(each["event"], each["actor"]) for each in history])
        again = self.mine.ask("POST", f"/review/items/{item}/decisions", {"kind": "release", "reason": "もう一度"})
        self.assertEqual((again.status, again.code), (409, "decided"))

    def test_the_list_finds_it_and_hostile_requests_change_nothing(self):
        found = wait(lambda: self.mine.ask("GET", "/review/items?q=%E8%A6%8B%E7%A9%8D&state=held"),
                     lambda answer: answer.status != 200 or any(each["id"] == self.item for each in answer.json()["items"]), 20)
        self.assertEqual(found.status, 200, found.body)
        for target in ("/api/v1/review/items/%2e%2e/look", "/api/v1/review/items/" + "a" * 3000, "/api/v1/review/items/x?q=" + "%00"):
            answer = Answer(say(self.site.ports["console"], request("GET", target, self.mine.identity())))
            self.assertIn(answer.status, (400, 404))
        huge = self.mine.ask("POST", f"/review/items/{self.item}/decisions", headers={"Content-Type": "application/json"}, body=b" " * 300_000)
        self.assertEqual(huge.status, 413)
        self.assertEqual(self.mine.ask("GET", f"/review/items/{self.item}").json()["state"], "held")

    def test_a_dead_cleaner_is_said_and_found_again(self):
        path = f"/review/items/{self.item}"
        self.assertEqual(self.mine.ask("GET", path).status, 200)
        cleaner = self.site.service.pids()["cleaner"][0]
        os.kill(cleaner, signal.SIGSTOP)
        os.kill(cleaner, signal.SIGKILL)
        statuses = set()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answer = self.mine.ask("GET", path)
            statuses.add(answer.status)
            if answer.status == 200:
                break
            self.assertEqual((answer.status, answer.code), (503, "unavailable"))
            self.assertIn("retry-after", answer.headers)
            time.sleep(0.1)
        self.assertIn(200, statuses)
        console = self.site.service.pids()["console"][0]
        os.kill(console, signal.SIGKILL)
        self.site.service.wait_event("role ready", sum(1 for each in self.site.service.log_events("role ready")) + 1)
        self.assertEqual(wait_alive(self.mine, path).status, 200)  # the session stands


def wait_alive(client, path, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return client.ask("GET", path)
        except (ConnectionError, AssertionError):
            assert time.monotonic() < deadline
            time.sleep(0.1)


class TenantsTest(unittest.TestCase):
    def test_a_tenants_reviewer_sees_its_own_items_and_recipients_alone(self):
        site = ReviewSite(extra=TENANTS, relay="*.example.jp")
        self.addCleanup(site.close)
        own = site.reviewer("kou", "reviewer", "kou@city.example.jp", "甲市")
        both = site.item(mail_with([], ("taro@city.example.jp", "hanako@otsu.example.jp")), recipients=("taro@city.example.jp", "hanako@otsu.example.jp"))
        other = site.item(mail_with([], ("hanako@otsu.example.jp",)), recipients=("hanako@otsu.example.jp",))
        told = own.ask("GET", f"/review/items/{both}")
        self.assertEqual([each["address"] for each in told.json()["recipients"]], ["taro@city.example.jp"])
        self.assertEqual(told.json()["tenants"], ["甲市"])
        for method, path, value in (("GET", "", None), ("GET", "/look", None), ("POST", "/look", None), ("GET", "/parts/1/pages/1", None),
                                    ("GET", "/similar", None), ("POST", "/decisions", {"kind": "release", "reason": "x"})):
            self.assertEqual(own.ask(method, f"/review/items/{other}{path}", value).status, 404, path)
        everybody = site.reviewer("zentai", "reviewer,auditor")
        self.assertEqual(len(everybody.ask("GET", f"/review/items/{both}").json()["recipients"]), 2)
        self.assertEqual(everybody.ask("GET", f"/review/items/{other}").status, 200)
        listed = own.ask("GET", "/review/items")
        self.assertNotIn(other, [each["id"] for each in listed.json()["items"]])


if __name__ == "__main__":
    unittest.main()
