#!/usr/bin/env python3
"""Every operation of proto/api/openapi.yaml against the real service, its three servers: a good request is answered as the file says, and
requests that are wrong in every way its schemas can be are refused as it says: no 500, no hang, no answer that is not documented."""
import collections
import json
import re
import shutil
import time
import unittest

import documents
from both_sides import OWN, TUS, Client, Site, request, say, totp, uuid7, Answer
from contract import UNKNOWN_ID, Contract
from contract_console import HELD_RULE, ConsoleCases, ConsolePeople, roles_of_operations
from contract_doors import CONSOLE, FORENSIC, PICK_UP, PROVED, DoorCases
from passwords_test import locked_zip
from scan_test import Clamd

TEXT = "明日は休みです。\n".encode()
ROLE_FREE = "session"  # operations of this tag are everybody's
GET_METHODS = {"GET", "HEAD"}


class Good:
    """A request that is right, and who asks it."""

    def __init__(self, client, path=None, query="", headers=None, value=None, body=b""):
        self.client, self.path, self.query = client, path or {}, query
        self.headers, self.value, self.body = headers or {}, value, body

    def target(self, operation, **other):
        out = operation.path
        for name, value in {**self.path, **other}.items():
            out = out.replace("{" + name + "}", str(value))
        return out


class People:
    """Who asks: on each side one with all that the good requests need, another one with files of his own, one without the role."""

    def __init__(self, site):
        self.site = site
        mail = "{}@city.example.jp".format
        self.sender = site.person("edge", "sato", "sender", mail("sato"))
        self.edge = {"mine": site.token("edge", "sato"), "other": site.program("edge", "suzuki", "sender", "suzuki@outside.example.jp"),
                     "wrong": site.program("edge", "kansa", "auditor")}
        self.staff = site.person("gate", "taro", "staff", mail("taro"), "総務部/総務課")
        self.gate = {"mine": site.token("gate", "taro"), "other": site.program("gate", "jiro", "staff", mail("jiro"), "建設部"),
                     "wrong": site.program("gate", "kansa", "auditor", mail("kansa"))}
        self.chief = site.program("gate", "bucho", "staff,approver", mail("bucho"), "総務部")
        site.program("gate", "jicho", "approver", mail("jicho"), "総務部")
        self.console = ConsolePeople(site)
        self.open, self.urgent = self.sent("contract-0001"), self.sent("contract-0002", importance="至急")

    def of(self, side):
        """Who asks that server with a program's token: mine, other, wrong."""
        return {"mine": self.console.all} if side == "console" else {"edge": self.edge, "gate": self.gate}[side]

    def browser(self, side):
        return {"edge": self.sender, "gate": self.staff, "console": self.console.browser}[side]

    def login(self, side):
        return {"edge": "sato", "gate": "taro", "console": "gamen"}[side]

    def role(self, side):
        return {"edge": "sender", "gate": "staff", "console": "reviewer"}[side]

    def sent(self, key, **more):
        upload = self.edge["mine"].upload("お知らせ.txt", TEXT)
        answer = self.edge["mine"].submit([upload], key, title="お知らせ", message="一行目\n二行目", **more)
        assert answer.status == 201, answer.body
        return answer.json()

    def session(self, side, login):
        client = self.site.client(side)
        assert client.sign_in(login).status == 200
        return client


def octets_type(offset=0):
    return {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}


def json_request(client, value, **more):
    return Good(client, value=value, **more)


class Cases(DoorCases, ConsoleCases):
    """The good request of each operation, by its operationId. An operation without one fails the test."""

    def __init__(self, people, scans):
        self.people, self.site, self.scans = people, people.site, scans
        self.serial = 0
        self.good = Good

    def made(self):
        answer = self.people.edge["mine"].ask("POST", "/uploads", headers={**TUS, "Upload-Length": "4", "Upload-Metadata": "filename YS50eHQ="})
        return answer.headers["location"].rsplit("/", 1)[1]

    # ---- session, once a side ----
    def getSession(self, side):
        return Good(self.people.browser(side))

    def signIn(self, side):
        return json_request(self.site.client(side), {"login": self.people.login(side), "password": OWN})

    def signOut(self, side):
        return Good(self.people.session(side, self.people.login(side)))

    def enrolled(self, side):
        """A client that has enrolled a second factor, and its secret."""
        self.serial += 1
        login = f"factor{self.serial}"
        client = self.site.person(side, login, self.people.role(side))
        secret = client.ask("GET", "/session/enrolment").json()["secret"]
        done = client.ask("POST", "/session/enrolment", {"code": totp(secret)})
        assert done.status == 200, done.body
        return login, done.json()["recovery_codes"]

    def giveSecondFactor(self, side):
        login, codes = self.enrolled(side)
        client = self.people.session(side, login)
        return json_request(client, {"code": codes[3]})

    def getEnrolment(self, side):
        return Good(self.people.session(side, self.people.login(side)))

    def enrol(self, side):
        self.serial += 1
        client = self.site.person(side, f"factor{self.serial}", self.people.role(side))
        return json_request(client, {"code": totp(client.ask("GET", "/session/enrolment").json()["secret"])})

    def changePassword(self, side):
        self.serial += 1
        client = self.site.person(side, f"changes{self.serial}", self.people.role(side))
        return json_request(client, {"old": OWN, "new": "三つめの合言葉 third"})

    # ---- the drop box ----
    def getDropBox(self, _):
        return Good(self.people.edge["mine"])

    def uploadOptions(self, _):
        return Good(self.people.edge["mine"])

    def createUpload(self, _):
        return Good(self.people.edge["mine"], headers={**TUS, "Upload-Length": "4", "Upload-Metadata": "filename YS50eHQ="})

    def getUploadOffset(self, _):
        return Good(self.people.edge["mine"], {"upload": self.made()}, headers=TUS)

    def continueUpload(self, _):
        return Good(self.people.edge["mine"], {"upload": self.made()}, headers=octets_type(), body=b"text")

    def oneUploadOptions(self, _):
        return Good(self.people.edge["mine"], {"upload": self.made()})

    def overrideMethod(self, _):
        return Good(self.people.edge["mine"], {"upload": self.made()}, headers={**octets_type(), "X-HTTP-Method-Override": "PATCH"}, body=b"text")

    def dropUpload(self, _):
        return Good(self.people.edge["mine"], {"upload": self.made()}, headers=TUS)

    def listSubmissions(self, _):
        return Good(self.people.edge["mine"], query=f"?limit=5&before={uuid7()}")

    def submit(self, _):
        mine = self.people.edge["mine"]
        uploads = [{"id": mine.upload("a.txt", TEXT)}, {"id": mine.upload("b.zip", b"PK\5\6" + bytes(18)), "password": "himitsu"}]
        return json_request(mine, {"uploads": uploads, "recipients": ["taro@city.example.jp"], "title": "件名", "message": "本文\n二行目",
                                   "importance": "重要"}, headers={"Idempotency-Key": "contract-1000"})

    def getSubmission(self, _):
        return Good(self.people.edge["mine"], {"submission": self.people.open["id"]})

    def getPreviewPage(self, _):
        mine = self.people.edge["mine"]
        submission = mine.submit([mine.upload("図.png", documents.png())], "contract-0003").json()["id"]
        file = mine.settled(submission, ("delivered",))[0]
        deadline = time.monotonic() + 10
        while "preview_pages" not in file and time.monotonic() < deadline:
            time.sleep(0.2)
            file = mine.settled(submission)[0]
        path = f"/submissions/{submission}/files/{file['item']}/pages/1"
        if "preview_pages" not in file and mine.ask("GET", path).status == 404:
            raise unittest.SkipTest("this build makes no pictures of pages for senders")
        return Good(mine, {"submission": submission, "item": file["item"], "page": 1})

    def listInvitations(self, _):
        return Good(self.people.edge["mine"])

    def invite(self, _):
        return json_request(self.people.edge["mine"], {"mail": "guest@outside.example.jp", "message": "よろしく\nお願いします"})

    def invited(self):
        """An invitation's id and the token of its link."""
        self.serial += 1
        address = f"guest{self.serial}@outside.example.jp"
        one = self.people.edge["mine"].ask("POST", "/invitations", {"mail": address})
        return one.json()["id"], self.site.letters.wait_for(address, "#invitation="), address

    def revokeInvitation(self, _):
        return Good(self.people.edge["mine"], {"invitation": self.invited()[0]})

    def openInvitation(self, _):
        return json_request(self.site.client("edge"), {"token": self.invited()[1]})

    def confirmInvitation(self, _):
        _, token, address = self.invited()
        client = self.site.client("edge")
        assert client.ask("POST", "/invitations/open", {"token": token}).status == 200
        return json_request(client, {"token": token, "code": self.site.letters.wait_for(address, "確認番号:")})

    # ---- the pick-up ----
    def listDeliveries(self, _):
        return Good(self.people.gate["mine"], query=f"?query=%E3%81%8A%E7%9F%A5&limit=3&before={uuid7()}")

    def getDelivery(self, _):
        return Good(self.people.gate["mine"], {"delivery": self.people.open["id"]})

    def getFile(self, _):
        return Good(self.people.gate["mine"], {"delivery": self.people.open["id"], "file": 0}, query="?preview=true")

    def getArchive(self, _):
        return Good(self.people.gate["mine"], {"delivery": self.people.open["id"]})

    def listApprovals(self, _):
        return Good(self.people.chief, query="?decided=false")

    def decide(self, _):
        digest = self.people.chief.ask("GET", "/deliveries/" + self.people.urgent["id"]).json()["digest"]
        return json_request(self.people.chief, {"decision": "approve", "digest": digest, "comment": "よし"},
                            path={"delivery": self.people.urgent["id"]})

    def getDelegation(self, _):
        return Good(self.people.chief)

    def setDelegation(self, _):
        return json_request(self.people.chief, {"to": "jicho", "until": time.strftime("%Y-%m-%d", time.localtime(time.time() + 30 * 86400))})


    # ---- doors ----
    def requestItem(self, _):
        mine = self.people.edge["mine"]
        self.serial += 1
        upload = mine.upload("鍵付き.zip", locked_zip())
        submission = mine.submit([upload], f"contract-held-{self.serial}").json()["id"]
        [file] = mine.settled(submission, ("held",))
        return Good(self.people.gate["mine"], {"delivery": submission, "item": file["item"]})


class ContractTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.contract = Contract()
        extra, scans = HELD_RULE + PROVED, shutil.which("clamd") is not None
        if scans:
            clamd = Clamd()
            cls.addClassCleanup(shutil.rmtree, clamd.folder, ignore_errors=True)
            cls.addClassCleanup(clamd.stop)
            clamd.start()
            extra += f'[scan]\nclamd = "{clamd.socket}"\n'
        cls.site = Site(auth='second_factor = []\ntries = 100', extra=extra, console=CONSOLE, pick_up=PICK_UP)
        cls.addClassCleanup(cls.site.close)
        cls.people = People(cls.site)
        cls.cases = Cases(cls.people, scans)
        cls.people.edge["mine"].settled(cls.people.open["id"], ("delivered",))
        cls.people.edge["mine"].settled(cls.people.urgent["id"], ("waiting",))

    def setUp(self):
        self.counts = collections.Counter()
        self.faults = []

    def judge(self, operation, answer, what, wanted=None, method=None):
        """`wanted`: statuses of which it has to be one."""
        self.counts[answer.status] += 1
        fault = self.contract.fault(operation, answer, method)
        if not fault and wanted and answer.status not in wanted:
            fault = f"{answer.status} {answer.code} instead of {sorted(wanted)}"
        if fault:
            self.faults.append(f"{operation.id} ({what}): {fault}: {answer.body[:160]!r}")

    def send(self, operation, good, method=None, target=None, client=None, headers=None, value=None, body=None, query=None):
        who = client or good.client
        fields = {**good.headers, **(headers or {})}
        if value is None and body is None:
            value, body = good.value, good.body
        return who.ask(method or operation.method, (target or good.target(operation)) + (good.query if query is None else query), value, fields,
                       body or b"", keep=False)

    # ---- what is wrong ----
    def wrong_bodies(self, operation, good):
        if not operation.body_type:
            return
        if operation.body_type != "application/json":
            self.judge(operation, self.send(operation, good, headers={"Content-Type": "application/json"}), "another type", {415})
            self.judge(operation, self.send(operation, good, headers={"Content-Type": None}), "no type", {415})
            return
        right = json.dumps(good.value).encode()
        for name, octets in self.contract.wrong_bodies(operation, good.value):
            if name == "empty" and operation.tag == "console" and not self.contract.follow(operation.body_schema).get("required"):
                continue  # nothing is asked for
            answer = self.send(operation, good, body=octets, headers={"Content-Type": "application/json"})
            self.judge(operation, answer, "body " + name, {400, 413, 422})
        for kind in (None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
                     "application/json; charset=shift_jis", "application/problem+json", ""):
            answer = self.send(operation, good, body=right, headers={"Content-Type": kind})
            self.judge(operation, answer, f"Content-Type {kind}", {415})
        packed = self.send(operation, good, body=right, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
        self.judge(operation, packed, "Content-Encoding", {415})

    def who_may_not(self, operation, good, side):
        if operation.open:
            return
        nobody = self.site.client(side)
        for what, headers in (("no session", {}), ("a strange token", {"Authorization": "Bearer " + "x" * 43}),
                              ("a long token", {"Authorization": "Bearer " + "x" * 5000}), ("another scheme", {"Authorization": "Basic eDp4"}),
                              ("an empty token", {"Authorization": "Bearer "}), ("a strange cookie", {"Cookie": "kiyome-drop-box=" + "y" * 43}),
                              ("a broken cookie", {"Cookie": "kiyome-pick-up=\"; =;;"}), ("a strange cookie here", {"Cookie": "kiyome-console=" + "y" * 43}),
                              ("the other side's token", {"Authorization": "Bearer " + self.people.of("gate" if side == "edge" else "edge")["mine"].token})):
            self.judge(operation, self.send(operation, good, client=nobody, headers=headers), what, {401})
        if operation.tag == "console":
            allowed = roles_of_operations()[operation.id]
            for role, client in self.people.console.alone.items():
                if role not in allowed:
                    self.judge(operation, self.send(operation, good, client=client), f"only {role}", {403})
        elif operation.tag != ROLE_FREE:
            wrong = (self.people.edge if side == "edge" else self.people.gate)["wrong"]
            answer = self.send(operation, good, client=wrong)
            # On the closed side everybody has what was sent to him: who is nobody's recipient or approver sees nothing.
            nothing = answer.status == 200 and side == "gate" and not any(filter(None, answer.json().get("deliveries", answer.json().get("approvals", []))))
            self.judge(operation, answer, "the wrong role", {200} if nothing else {403} if side == "edge" else {403, 404})
        browser = self.people.browser(side)
        if operation.method not in GET_METHODS and operation.method != "OPTIONS":
            for what, headers in (("no CSRF token", {"X-Kiyome-CSRF": None}), ("another CSRF token", {"X-Kiyome-CSRF": "x" * 43}),
                                  ("an empty CSRF token", {"X-Kiyome-CSRF": ""}), ("another origin", {"Origin": "https://evil.example"}),
                                  ("a null origin", {"Origin": "null"}), ("another site", {"Sec-Fetch-Site": "cross-site"})):
                self.judge(operation, self.send(operation, good, client=browser, headers=headers), what, {403})

    def wrong_ids(self, operation, good, side):
        if operation.method == "OPTIONS":  # says what the server can do, of nothing in particular
            return
        for parameter in operation.placed("path"):
            name = parameter["name"]
            for wrong in ("x", "0", "-1", "%E3%81%82", "1e5", "99999999999999999999", "%27%20OR%201=1--", "a" * 500, UNKNOWN_ID, UNKNOWN_ID.upper() + "A",
                          "00000000-0000-0000-0000-000000000000", "01890000-0000-4000-8000-000000000000", "%2525", "{" + name + "}"):
                if name in ("file", "page", "place") and wrong == "0":
                    continue
                answer = self.send(operation, good, target=good.target(operation, **{name: wrong}))
                self.judge(operation, answer, f"{name}={wrong[:50]}", {400, 404, 405, 422})
            for wrong in ("%00", "%2e%2e", "..", "%2f", "a%2fb", "..%5c..", "%c0%ae", "%"):
                answer = self.send(operation, good, target=good.target(operation, **{name: wrong}))
                self.judge(operation, answer, f"{name}={wrong}", {400})
        if operation.placed("path") and operation.tag not in (ROLE_FREE, "console"):
            other = (self.people.edge if side == "edge" else self.people.gate)["other"]
            self.judge(operation, self.send(operation, good, client=other), "somebody else's", {404})

    def wrong_parameters(self, operation, good):
        for parameter in operation.placed("query"):
            name, schema = parameter["name"], self.contract.follow(parameter["schema"])
            wrong = {"integer": ("0", "101", "-1", "%2B5", "1.5", "1e2", "x", "", "99999999999999999999999", "0x10"), "boolean": ("maybe", "1", "")}
            values = wrong.get(schema.get("type"), ("a" * (schema["maxLength"] + 1),) if "maxLength" in schema else ("x",) if "enum" in schema else ("x", "", "1"))
            for value in values:
                if schema.get("type") == "integer" and re.fullmatch("-?[0-9]+", value) and not self.contract.misfit(int(value), schema):
                    continue
                if operation.tag == "console" and (value == "" or schema.get("pattern") and not self.contract.misfit(value, schema)):
                    continue  # a filter that is left empty filters nothing
                self.judge(operation, self.send(operation, good, query=f"?{name}={value}"), f"{name}={value[:50]}", {400, 414, 422})
        for query in ("?%", "?%zz", "?a=%00", "?a=%ff", "?a=%c0%ae", "?" + "&".join(f"a{i}=1" for i in range(100)), "?a=<script>"):
            self.judge(operation, self.send(operation, good, query=query), f"query {query[:20]}", {400})
        self.judge(operation, self.send(operation, good, query="?" + "a" * 9000), "a long query", {414, 431})
        for parameter in operation.placed("header"):
            name, schema = parameter["name"], self.contract.follow(parameter["schema"])
            right = (lambda text: schema.get("type") == "string" and not self.contract.misfit(text, schema))
            for value in (None, "", "-1", "+4", "0x4", "1.0", "4 4", "x" * (schema.get("maxLength", 5000) + 1), "99999999999999999999999", "\u00ff"):
                if value is not None and right(value):
                    continue
                wrong = {400, 405, 409, 412, 413, 422}
                self.judge(operation, self.send(operation, good, headers={name: value}), f"{name}: {str(value)[:30]}", wrong)

    def other_methods(self, operation, good):
        """Asked once for each path: what is not in the file is 405, with what is."""
        if operation.method != sorted(operation.sibling_methods)[0]:
            return
        there = set(operation.sibling_methods)
        there |= {"HEAD"} if "GET" in there else set()
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "G"):
            if method in there:
                continue
            answer = self.send(operation, good, method=method, body=b"", headers={"Content-Type": None})
            self.judge(operation, answer, method, {405}, method)
            allowed = set(answer.headers.get("allow", "").split(", "))
            if allowed != there:
                self.faults.append(f"{operation.id} ({method}): Allow {sorted(allowed)} where the file has {sorted(there)}")
        answer = Answer(say(good.client.port, request("A" * 17, "/api/v1" + good.target(operation))))
        self.judge(operation, answer, "a long method", {400})

    def wrong_forms(self, operation, good):
        """What no schema says: forms of HTTP. The whole of them is attack_test.py's."""
        port, target = good.client.port, "/api/v1" + good.target(operation)
        for what, octets in (("HTTP/2.0", request(operation.method, target).replace(b"HTTP/1.1", b"HTTP/2.0")),
                             ("no Host", request(operation.method, target).replace(b"Host: localhost\r\n", b"")),
                             ("Expect", request(operation.method, target, {"Expect": "the-unexpected"})),
                             ("100 fields", request(operation.method, target, {f"x-{i}": "1" for i in range(120)})),
                             ("a large header", request(operation.method, target, {"X-Large": "x" * 20000}))):
            self.judge(operation, Answer(say(port, octets), operation.method == "HEAD"), what, {400, 417, 431, 505})

    # ---- and what is right ----
    def right(self, operation, good):
        answer = self.send(operation, good)
        self.judge(operation, answer, "the good request", {200, 201, 202, 204})
        if operation.method == "GET":
            again = self.send(operation, good, method="HEAD")
            self.judge(operation, again, "HEAD of it", {answer.status}, "HEAD")
        if operation.id == "getSubmission":
            unchanged = self.send(operation, good, headers={"If-None-Match": answer.headers["etag"]})
            self.judge(operation, unchanged, "If-None-Match", {304})

    def play(self, operation, side):
        make = getattr(self.cases, operation.id, None)
        self.assertIsNotNone(make, f"{operation.id}: no good request is known; add one to Cases")
        try:
            good = make(side)
        except unittest.SkipTest as why:
            return f"skipped: {why}"
        begin = time.monotonic()
        self.counts.clear()
        self.wrong_bodies(operation, good)
        self.who_may_not(operation, good, side)
        self.wrong_ids(operation, good, side)
        self.wrong_parameters(operation, good)
        self.other_methods(operation, good)
        self.wrong_forms(operation, good)
        self.right(operation, good)
        return " ".join(f"{status}×{count}" for status, count in sorted(self.counts.items())) + f" in {time.monotonic() - begin:.1f} s"

    def test_every_operation_is_answered_as_the_file_says(self):
        for operation in self.contract.operations:
            sides = {"session": ("edge", "gate", "console"), "drop-box": ("edge",), "pick-up": ("gate",), "console": ("console",)}[operation.tag]
            for side in sides:
                print(f"{operation.id} ({side}): {self.play(operation, side)}", flush=True)
        self.assertEqual(self.service_complaints(), [])
        self.assertEqual(self.faults, [], "\n".join(self.faults[:200]))

    def service_complaints(self):
        return [line for line in self.site.service.log_text().splitlines() if '"level":"error"' in line or '"level":"critical"' in line]

    # ---- what no schema says ----
    def refused(self, name, good, status, code, client=None, **more):
        operation = next(each for each in self.contract.operations if each.id == name)
        answer = self.send(operation, good, client=client, **more)
        self.judge(operation, answer, f"{status} {code}", {status})
        self.assertEqual((answer.status, answer.code), (status, code), (name, answer.body))

    def test_what_is_wrong_at_a_door_is_refused(self):
        cases, door = self.cases, self.cases.openDoor("gate")
        token = door.value["token"]
        for wrong in ("x", "A" * 22, token[:-1], token + "A", token.swapcase(), "=" + token):
            self.refused("openDoor", door, 404, "not-found", value={"token": wrong})
        for parts in (["1"], ["ALL"], ["all", "0"], ["4294967295"], [""]):
            self.refused("askAtDoor", door, 422, "invalid", value={"token": token, "parts": parts})
        self.refused("unlockAtDoor", door, 409, "not-locked", value={"token": token, "password": "x"})
        locked = cases.unlockAtDoor("gate")
        for wrong in ("あ" * 43, "x" * 129, "a\nb", "a\tb", ""):
            self.refused("unlockAtDoor", locked, 422, "invalid", value={**locked.value, "password": wrong})
        request = cases.decideRequest("console")
        answer = self.send(next(each for each in self.contract.operations if each.id == "decideRequest"), request)
        self.assertEqual((answer.status, answer.json()["state"]), (200, "refused"))
        for decision in ("grant", "refuse"):
            self.refused("decideRequest", request, 409, "decided", value={"decision": decision})
        self.assertEqual(self.faults, [])

    def test_what_is_wrong_of_two_peoples_decisions_is_refused(self):
        cases, console = self.cases, self.people.console
        allowance = cases.endAllowance("console")
        end = next(each for each in self.contract.operations if each.id == "endAllowance")
        self.assertEqual(self.send(end, allowance).status, 204)
        rows = console.all.ask("GET", "/review/allowances").json()["allowances"]
        self.assertTrue(next(row for row in rows if row["number"] == allowance.path["allowance"])["ended"])
        self.assertIn(self.send(end, allowance).status, (204, 404))  # once ended it stays so
        if not cases.scans:
            self.skipTest("clamd is not installed, and no original leaves without a scan")
        item = cases.held()
        good = cases.good(console.browser, value=cases.wish(item))
        self.refused("propose", good, 403, "forbidden", client=console.all)  # a program's token is nobody who signed in
        for more in ({"to": "somebody@elsewhere.example"}, {"to": "x"}, {"to": FORENSIC, "zone": "closed"}, {"to": FORENSIC + "\r\nRCPT TO:<a@b>"}):
            self.refused("propose", good, 422, "invalid", value=cases.wish(item, **more))
        self.refused("propose", good, 404, "not-found", value=cases.wish(UNKNOWN_ID))
        number = cases.sealed()
        shown = cases.good(console.browser, {"proposal": number})
        self.refused("showPassword", shown, 403, "forbidden", client=console.all)
        self.refused("showPassword", shown, 404, "not-found", client=console.second_browser)  # it is the proposer's
        password = self.send(next(each for each in self.contract.operations if each.id == "showPassword"), shown)
        self.assertEqual(password.status, 200)
        self.assertNotIn(password.json()["password"], self.site.service.log_text())
        self.refused("showPassword", shown, 404, "not-found")  # once
        self.assertEqual(self.faults, [])

    def test_one_sides_paths_are_not_there_on_the_other_side(self):
        for operation in self.contract.operations:
            if operation.tag == ROLE_FREE:
                continue
            path = re.sub(r"\{\w+\}", UNKNOWN_ID, operation.path.replace("{page}", "1").replace("{file}", "0"))
            for side in {"drop-box": ("gate", "console"), "pick-up": ("edge", "console"), "console": ("edge", "gate")}[operation.tag]:
                answer = Client(self.site.ports[side], self.people.of(side)["mine"].token).ask(operation.method, path)
                self.assertEqual(answer.status, 404, f"{operation.id} at {side}")


if __name__ == "__main__":
    unittest.main()
