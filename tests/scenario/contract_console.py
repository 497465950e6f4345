"""The good requests of the console's operations, and who may ask which, for contract_test.py."""
import email.policy
import re
import time
import unittest
from email.message import EmailMessage

import documents
from kiyome_service import ROOT

# What the console's people decide about: a rule holds what comes from there.
HELD_RULE = '[[policy.rule]]\nfrom = "*@supplier.example"\nverdict = "held"\n'
ROLES = {"kReviewer": "reviewer", "kAuditor": "auditor", "kAdministrator": "administrator"}


def roles_of_operations():
    """{operationId: roles} of service/review/operations.h, which the routes are made of."""
    text = (ROOT / "service" / "review" / "operations.h").read_text(encoding="utf-8")
    named = {name: set(re.findall(r"k\w+", value)) for name, value in re.findall(r"unsigned (k\w+) = ([^;]+);", text)}
    out = {}
    for operation, words in re.findall(r'Operation\{"(\w+)", "\w+", "[^"]+",\s*([^}]+)\}', text):
        names = set().union(*(named.get(word, {word}) for word in re.findall(r"k\w+", words)))
        out[operation] = {ROLES[name] for name in names}
    return out


class ConsolePeople:
    """One who has all roles, one for each role alone, and two in browsers: some of it is not for programs."""

    def __init__(self, site):
        self.all = site.program("console", "zentai", "reviewer,auditor,administrator", "zentai@city.example.jp")
        self.second = site.program("console", "nibanme", "reviewer", "nibanme@city.example.jp")
        self.alone = {role: site.program("console", "only-" + role, role) for role in ROLES.values()}
        self.browser = site.person("console", "gamen", "reviewer,auditor,administrator", "gamen@city.example.jp")
        self.second_browser = site.person("console", "gamen2", "reviewer", "gamen2@city.example.jp")


class ConsoleCases:
    """Mixed into contract_test.Cases: self.good(client, path, query, value), self.site, self.people.console."""

    def mine(self, path=None, query="", value=None):
        return self.good(self.people.console.all, path, query, value=value)

    def held(self, sender="tanaka@supplier.example", results=None):
        """A held mail of its own, with a picture and a PDF. `results`: what the upstream wrote of its authentication."""
        mail = EmailMessage()
        if results:
            mail["Authentication-Results"] = results
        mail["From"], mail["To"], mail["Subject"] = sender, "taro@city.example.jp", "契約の書類"
        mail.set_content("本文です。\n")
        mail.add_attachment(documents.png(), maintype="image", subtype="png", filename="図.png")
        mail.add_attachment(documents.pdf(), maintype="application", subtype="pdf", filename="契約.pdf")
        text = self.site.service.send(mail.as_bytes(policy=email.policy.SMTP), sender, ("taro@city.example.jp",))
        assert "queued as " in text, text
        item = text.split("queued as ")[1][:36]
        self.until(lambda: self.people.console.all.ask("GET", f"/review/items/{item}").status == 200)
        return item

    @staticmethod
    def until(true, seconds=60):
        deadline = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return found

    def proposed(self, by=None):
        """The number of a proposal: an item is to be cleaned again by a looser policy."""
        answer = (by or self.people.console.second).ask("POST", f"/review/items/{self.held()}/decisions",
                                                {"kind": "clean-again", "policy": "image", "reason": "図面が要る"})
        if answer.status != 202 or "proposal" not in answer.json():
            raise unittest.SkipTest(f"nothing was proposed: {answer.status} {answer.body[:100]}")
        return answer.json()["proposal"]

    # ---- items ----
    def listItems(self, _):
        return self.mine(query="?q=%E5%A5%91%E7%B4%84&state=held&limit=5")

    def getItem(self, _):
        return self.mine({"item": self.held()})

    def listSimilar(self, _):
        return self.mine({"item": self.held()})

    def getLook(self, _):
        return self.mine({"item": self.looked()})

    def startLook(self, _):
        return self.mine({"item": self.held()})

    def looked(self):
        item = self.held()
        client = self.people.console.all
        assert client.ask("POST", f"/review/items/{item}/look").status == 202
        self.until(lambda: client.ask("GET", f"/review/items/{item}/look").json()["state"] == "ready")
        return item

    def getPage(self, _):
        item = self.looked()
        part = next(each for each in self.people.console.all.ask("GET", f"/review/items/{item}/look").json()["parts"] if each["pages"])
        return self.mine({"item": item, "place": part["place"], "page": 1})

    def getFilters(self, _):
        return self.mine()

    # ---- decisions ----
    def decideItem(self, _):
        return self.mine({"item": self.held()}, value={"kind": "release", "reason": "電話で確認した"})

    def decideItems(self, _):
        return self.mine(value={"kind": "delete", "reason": "迷惑メール", "items": [self.held(), self.held()]})

    def keepItem(self, _):
        return self.mine({"item": self.held()}, value={"reason": "訴訟のため"})

    def unkeepItem(self, _):
        item = self.held()
        assert self.people.console.all.ask("PUT", f"/review/items/{item}/legal-hold", {"reason": "訴訟のため"}).status == 204
        return self.mine({"item": item})

    def listKept(self, _):
        assert self.people.console.all.ask("PUT", f"/review/items/{self.held()}/legal-hold", {"reason": "訴訟のため"}).status == 204
        return self.mine(query="?limit=5")

    def listAllowances(self, _):
        return self.mine()

    # ---- what takes two people ----
    def listProposals(self, _):
        return self.mine(query="?state=all&limit=5")

    def getProposal(self, _):
        return self.mine({"proposal": self.proposed()})

    def decideProposal(self, _):
        return self.mine({"proposal": self.proposed()}, value={"decision": "refuse", "reason": "必要ない"})

    def breakGlass(self, _):
        person = self.people.console.browser
        return self.good(person, {"proposal": self.proposed(person)}, value={"reason": "災害対応のため"})

    def getReviewDelegation(self, _):
        return self.mine()

    def setReviewDelegation(self, _):
        return self.mine(value={"to": "nibanme", "until": time.strftime("%Y-%m-%dT00:00:00.000Z", time.gmtime(time.time() + 30 * 86400))})

    # ---- requests ----
    def listRequests(self, _):
        return self.mine(query="?state=open&limit=5")

    # ---- overview ----
    def getOverview(self, _):
        return self.mine(query="?days=7")

    def getOverviewTable(self, _):
        return self.mine(query="?days=7")

    def getHealth(self, _):
        return self.mine()

    def getSelfCheck(self, _):
        return self.mine()

    def month(self):
        return time.strftime("%Y-%m")

    def getReport(self, _):
        path = f"/review/reports/{self.month()}"
        self.people.console.all.ask("POST", path)
        self.until(lambda: self.people.console.all.ask("GET", path).status == 200, 120)
        return self.mine({"month": self.month()})

    def makeReport(self, _):
        return self.mine({"month": self.month()})

    # ---- audit ----
    def listAudit(self, _):
        return self.mine(query="?event=verdict&limit=5")

    def exportAudit(self, _):
        return self.mine()

    def verifyAudit(self, _):
        return self.mine()

    def listCheckpoints(self, _):
        return self.mine()
