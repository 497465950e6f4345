#!/usr/bin/env python3
"""`kiyome user`: the accounts of both sides, asked of the roles that own them."""
import json
import os
import pathlib
import pty
import subprocess
import time
import unittest

from kiyome_service import KIYOME, Served, free_port

PASSWORD = "correct horse battery"


class User(Served):
    @classmethod
    def setUpClass(cls):
        pages = f'[gate.pick_up]\nlisten = "127.0.0.1:{free_port()}"\n'   # without it the gate has no accounts
        cls.serve(extra=pages, roles="edge,gate")

    def user(self, *words, stdin="", code=0):
        command = [KIYOME, "user", *words, "--config", self.service.config]
        done = subprocess.run(command, input=stdin.encode(), capture_output=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode() if code == 0 else done.stderr.decode()

    def accounts(self, *words):
        return {(each["side"], each["login"]): each
                for each in map(json.loads, self.user("list", "--json", *words).splitlines())}

    def test_an_account_lives_on_the_side_that_is_named(self):
        add = ("add", "yamada", "--name", "山田", "--mail", "Y@city.example.jp", "--roles", "sender,staff")
        self.assertIn("--side", self.user(*add, stdin=PASSWORD, code=2))
        self.user(*add, "--side", "edge", stdin=PASSWORD)
        one = self.accounts()[("edge", "yamada")]
        self.assertEqual((one["mail"], one["roles"], one["new_password"]), ("y@city.example.jp", ["sender", "staff"], True))
        self.assertNotIn(("gate", "yamada"), self.accounts())
        self.assertIn("yamada", self.user("list", "--side", "edge"))
        self.assertIn("yamada", self.user(*add, "--side", "edge", stdin=PASSWORD, code=1))   # is there already
        self.user("role", "yamada", "auditor", "--side", "edge")
        self.user("department", "yamada", "総務部/総務課", "--side", "edge")
        self.user("passwd", "yamada", "--side", "edge", stdin="another good one\n")
        self.user("totp", "yamada", "--side", "edge")
        self.user("disable", "yamada", "--side", "edge")
        one = self.accounts()[("edge", "yamada")]
        self.assertEqual((one["roles"], one["department"], one["disabled"]), (["auditor"], "総務部/総務課", True))
        self.user("enable", "yamada", "--side", "edge")

    def test_both_sides_at_once(self):
        self.user("add", "both", "--roles", "staff", "--side", "both", "--keep-password", stdin=PASSWORD)
        found = self.accounts()
        self.assertFalse(found[("edge", "both")]["new_password"])
        self.assertIn(("gate", "both"), found)
        self.user("disable", "both", "--side", "both")
        self.assertTrue(self.accounts()[("gate", "both")]["disabled"])

    def test_weak_and_missing_passwords_are_refused(self):
        self.user("add", "weak", "--side", "edge", stdin="password1234\n", code=1)
        self.user("add", "weak", "--side", "edge", stdin="short\n", code=1)
        self.user("add", "weak", "--side", "edge", stdin="", code=2)
        self.assertNotIn(("edge", "weak"), self.accounts())

    def test_a_password_typed_at_a_terminal_is_not_shown(self):
        command = [KIYOME, "user", "add", "terminal", "--side", "edge", "--config", self.service.config]
        child, terminal = pty.fork()
        if child == 0:
            os.execv(command[0], [str(word) for word in command])
        shown = b""
        for question in (b"password: ", b"again: "):
            while not shown.endswith(question):
                shown += os.read(terminal, 1024)
            time.sleep(0.1)
            os.write(terminal, PASSWORD.encode() + b"\n")
        try:
            while more := os.read(terminal, 1024):
                shown += more
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, shown)
        self.assertNotIn(PASSWORD.encode(), shown)
        self.assertIn(("edge", "terminal"), self.accounts())

    def test_tokens_are_shown_once_and_can_be_ended(self):
        self.user("add", "program", "--no-password", "--roles", "sender", "--side", "edge")
        token = self.user("token", "program", "--for", "夜間連携", "--side", "edge").strip()
        self.assertEqual(len(token), 43)
        listed = self.user("token", "program", "--list", "--side", "edge")
        self.assertIn("夜間連携", listed)
        self.assertNotIn(token, listed)
        self.user("token", "program", "--end", "99", "--side", "edge", code=1)
        self.user("token", "program", "--end", "1", "--side", "edge")
        self.assertEqual(self.user("token", "program", "--list", "--side", "edge"), "")

    def test_a_list_from_excel_is_taken_whole_or_not_at_all(self):
        path = pathlib.Path(self.service.folder) / "list.csv"
        head = "login,name,mail,department,roles,password\r\n"
        good = head + "ueda,上田①,ueda@city.example.jp,消防本部,\"staff,approver\",correct horse battery\r\n"
        path.write_bytes((good + "endo,遠藤,endo@city.example.jp,消防本部,king,\r\n").encode("cp932"))
        self.assertIn("list.csv:3:", self.user("import", path, "--side", "gate", code=1))
        self.assertNotIn(("gate", "ueda"), self.accounts())
        path.write_bytes(good.encode("cp932"))
        self.user("import", path, "--side", "gate")
        ueda = self.accounts()[("gate", "ueda")]
        self.assertEqual((ueda["name"], ueda["roles"]), ("上田①", ["staff", "approver"]))
        path.write_bytes(b"\x81\xff\x00")
        self.user("import", path, "--side", "gate", code=2)

    def test_accounts_outlive_a_restart(self):
        self.user("add", "stays", "--no-password", "--side", "both")
        self.service.stop()
        self.service.start()
        self.assertIn(("gate", "stays"), self.accounts())


if __name__ == "__main__":
    unittest.main(verbosity=2)
