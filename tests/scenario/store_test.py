#!/usr/bin/env python3
"""kiyome store: a host's SQLite files become the store of many; a second host gets the keys and joins it; the edge's own database user."""
import hashlib
import os
import pathlib
import signal
import stat
import subprocess
import tempfile
import time
import unittest

import both_sides
import postgres
from many_hosts import Clock
from kiyome_service import KIYOME, Service, free_port, item_id

PASSWORD = "correct horse battery"
# One recipient's mails wait for a person; they are cleaned all the same.
HOLD = '\n[[policy.rule]]\nto = "held@*"\nverdict = "held"\n'


def mail(subject, size=3000):
    text = f"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: {subject}\r\n\r\n"
    return (text + ("0123456789 words " * 4 + "\r\n") * (size // 70)).encode()


def kiyome(*words, stdin=None, check=True):
    told = subprocess.run([KIYOME, *map(str, words)], capture_output=True, text=True, check=False, input=stdin, timeout=90)
    assert not check or told.returncode == 0, (words, told.returncode, told.stdout, told.stderr)
    return told


def files_of(service):
    """Each file that the move must leave as it is: digest, owner, mode."""
    out = {}
    for path in sorted((service.folder / "data").rglob("*")):
        if path.is_file() and path.parent.name != "run" and path.name not in ("moved-to-postgresql", "node"):
            about = path.stat()
            out[str(path)] = (hashlib.sha256(path.read_bytes()).hexdigest(), about.st_uid, about.st_mode)
    return out


def in_memory(pid, text):
    """Whether these octets stand anywhere in what the process may write to."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            begin, end = (int(each, 16) for each in place.split("-"))
            if not rights.startswith("rw") or "[v" in line:
                continue
            for at in range(begin, end, 1 << 22):
                memory.seek(max(begin, at - 64))
                try:
                    if text.encode() in memory.read(min(end, at + (1 << 22)) - max(begin, at - 64)):
                        return True
                except OSError:
                    break
    return False


@unittest.skipUnless(postgres.programs(), "SKIPPED: no PostgreSQL here")
class Store(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = postgres.Cluster()
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        self.cluster.empty()
        self.sink = Clock()
        self.sink.holding = False
        self.addCleanup(self.sink.stop)
        folder = tempfile.TemporaryDirectory(prefix="kiyome-keys-")
        self.addCleanup(folder.cleanup)
        self.keys = pathlib.Path(folder.name) / "keys"

    def service(self, **more):
        self.ports = {"edge": free_port(), "gate": free_port()}
        service = Service(self.sink.port, extra=self.pages() + HOLD, **more)
        self.addCleanup(service.__exit__)
        return service

    def pages(self):
        return (f'[edge.drop_box]\nlisten = "127.0.0.1:{self.ports["edge"]}"\n[gate.pick_up]\nlisten = "127.0.0.1:{self.ports["gate"]}"\n'
                '[auth]\nsecond_factor = []\n[policy]\nattachments = "flatten"\n')

    def to_postgres(self, service, more=""):
        service.write_config(self.sink.port, self.pages() + f'[store]\nurl = "{self.cluster.url()}"\n{more}' + HOLD)

    def program(self, service, side, login, *words):
        """An account for programs, and a client with its token."""
        kiyome("user", "add", login, "--side", side, "--no-password", *words, "--config", service.config)
        token = kiyome("user", "token", login, "--side", side, "--for", "test", "--config", service.config).stdout.strip()
        return both_sides.Client(self.ports[side], token)

    def picked_up(self, client, submission):
        """The clean file of a delivery."""
        item = client.ask("GET", "/deliveries/" + submission).json()["items"][0]
        return client.ask("GET", f"/deliveries/{submission}/files/{item['files'][0]['number']}").body

    def rows(self, table):
        return int(self.cluster.primary.sql(f"SELECT count(*) FROM {table}"))

    def migrate(self, service):
        """The move, which leaves every file as it is; gives what it said."""
        self.to_postgres(service)
        shown = files_of(service)
        told = kiyome("store", "migrate", "--config", service.config)
        self.assertEqual(files_of(service), shown, "a file changed")
        self.assertFalse((service.folder / "data/cleaner/moving").exists())
        return told.stdout

    def test_a_host_moves_with_all_it_has(self):
        service = self.service().start()
        subjects = {f"mail-{number}" for number in range(8)}
        for subject in subjects:
            service.send(mail(subject, 500_000 if subject == "mail-3" else 3000))
        held = [item_id(service.send(mail(f"held-{number}"), recipients=["held@city.example.jp"])) for number in range(3)]
        self.sink.wait_subjects(subjects, 30, [service])
        service.wait_settled(len(subjects) + 3)
        self.assertEqual(service.run("quarantine", "release", held[0]).returncode, 0)
        self.sink.wait_subjects(subjects | {"held-0"}, 20, [service])
        service.wait_settled()
        # Two that the gate has and cannot deliver yet: one of them is in a file beside its database.
        self.sink.behave = lambda step, text: "450 4.2.1 later" if step == "RCPT" else None
        waiting = {"waits", "waits-large"}
        ids = [item_id(service.send(mail(subject, 400_000 if subject == "waits-large" else 3000))) for subject in sorted(waiting)]
        self.wait_states(service, ids, "sending")
        # The drop box: one file that can be picked up, large enough to be beside the database; one that is uploaded by half.
        drops = self.program(service, "edge", "drops", "--roles", "sender", "--mail", "drops@city.example.jp")
        staff = self.program(service, "gate", "taro", "--roles", "staff", "--mail", "taro@city.example.jp")
        text = "".join(f"line {number} {os.urandom(20).hex()}\n" for number in range(3000)).encode()
        sent = drops.submit([drops.upload("one.txt", text)], "store-key-0001").json()["id"]
        drops.settled(sent, ("delivered",), 20)
        clean = self.picked_up(staff, sent)
        self.assertGreater(len(clean), 70_000)
        metadata = {**both_sides.TUS, "Upload-Length": str(len(text)), "Upload-Metadata": "filename dHdvLnR4dA=="}
        half = drops.ask("POST", "/uploads", headers=metadata).headers["location"].removeprefix("/api/v1")
        part = {**both_sides.TUS, "Content-Type": "application/offset+octet-stream"}
        self.assertEqual(drops.ask("PATCH", half, headers={**part, "Upload-Offset": "0"}, body=text[:1000]).status, 204)
        before = {row["id"]: row["state"] for row in service.queue()}
        service.stop()

        # What cannot be read is a failure of the whole, and the next run begins anew.
        gate = service.folder / "data/gate/gate.sqlite"
        kept = gate.read_bytes()
        gate.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
        self.to_postgres(service)
        broken = kiyome("store", "migrate", "--config", service.config, check=False)
        self.assertEqual(broken.returncode, 1, broken.stdout)
        self.assertEqual(self.rows("kiyome_items.items"), 0)
        gate.write_bytes(kept)
        self.assertIn("audit trail", self.migrate(service))
        again = kiyome("store", "migrate", "--config", service.config, check=False)
        self.assertEqual(again.returncode, 2)
        self.assertIn("the target must be empty", again.stderr)

        service.start()
        self.assertEqual({row["id"]: row["state"] for row in service.queue()}, before)
        self.assertEqual(self.picked_up(staff, sent), clean)
        self.assertEqual(drops.ask("PATCH", half, headers={**part, "Upload-Offset": "1000"}, body=text[1000:]).status, 204)
        again = drops.submit([half.rsplit("/", 1)[1]], "store-key-0002").json()["id"]
        drops.settled(again, ("delivered",), 20)
        self.assertEqual(drops.submit([half.rsplit("/", 1)[1]], "store-key-0002").json()["id"], again)  # its key is known
        self.assertGreater(len(self.picked_up(staff, again)), 70_000)
        self.sink.behave = lambda step, text: None
        self.assertEqual(service.run("quarantine", "release", held[1]).returncode, 0)
        self.sink.wait_subjects(subjects | waiting | {"held-0", "held-1"}, 40, [service])
        service.send(mail("fresh"))
        self.sink.wait_subjects({"fresh"}, 20, [service])
        service.wait_settled()
        verified = service.run("audit", "verify", check=False)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        self.assertEqual(self.sink.twice(), {}, "delivered twice")
        self.assertEqual({row["id"]: row["state"] for row in service.queue()}[held[2]], "held")
        service.stop()
        # The files are not served again by mistake.
        service.write_config(self.sink.port)
        self.assertEqual(kiyome("serve", "--config", service.config, check=False).returncode, 2)

    def wait_states(self, service, ids, state, seconds=20):
        deadline = time.monotonic() + seconds
        while {row["state"] for row in service.queue() if row["id"] in ids} != {state}:
            self.assertLess(time.monotonic(), deadline, service.log_text()[-2000:])
            time.sleep(0.1)

    def test_what_was_in_hand_when_all_was_killed_moves_too(self):
        service = self.service().start()
        service.send(mail("first"))
        self.sink.wait_subjects({"first"}, 20, [service])
        service.wait_settled(1)  # written down: a gate that dies between the answer and that sends it again, wherever its rows are
        # The gate stands still: cleaned bundles wait, a large one in a file. Then the cleaner does: accepted mail waits.
        stopped = service.pids()
        os.kill(stopped["gate"][0], signal.SIGSTOP)
        bundles = {"bundle", "bundle-large"}
        ids = [item_id(service.send(mail(subject, 900_000 if subject == "bundle-large" else 3000))) for subject in sorted(bundles)]
        self.wait_states(service, ids, "sending")
        files = list((service.folder / "data/cleaner/bundles").iterdir())
        self.assertEqual(len(files), 1)
        os.kill(stopped["cleaner"][0], signal.SIGSTOP)
        accepted = {f"accepted-{number}" for number in range(5)}
        for subject in accepted:
            self.assertTrue(service.send(mail(subject, 300_000)).startswith("250 "))
        service.kill_all()
        self.assertTrue((service.folder / "data/cleaner/items.db-wal").stat().st_size)
        self.assertIn("arrivals 5", self.migrate(service))
        service.start()
        self.sink.wait_subjects(bundles | accepted, 40, [service])
        service.wait_settled(8)
        self.assertEqual(self.sink.twice(), {}, "delivered twice")
        self.assertEqual(self.rows("kiyome_originals.arrivals") + self.rows("kiyome_items.bundles"), 0)
        self.assertEqual(service.run("audit", "verify", check=False).returncode, 0)

    def test_the_edge_has_a_database_user_that_sees_no_items(self):
        """What `store prepare` grants it is enough, and each thing that it is not granted is refused."""
        self.cluster.primary.sql("CREATE ROLE edge_only LOGIN PASSWORD 'edge-secret'")
        service = self.service()
        self.to_postgres(service)
        told = kiyome("store", "prepare", "--config", service.config).stdout
        self.assertIn("no synchronous", told)
        self.assertIn('GRANT INSERT ON kiyome_originals.chunks, kiyome_originals.arrivals TO "kiyome_edge";', told)
        kiyome("store", "prepare", "--config", service.config, "--grant-edge", "edge_only")
        mine = f"edge_only:edge-secret@127.0.0.1:{self.cluster.primary.port}/{postgres.DATABASE}"
        self.to_postgres(service, f'edge_url = "postgresql://{mine}"\n')
        service.start()
        subjects = {f"mail-{number}" for number in range(5)}
        for subject in subjects:
            self.assertTrue(service.send(mail(subject, 700_000 if subject == "mail-1" else 3000)).startswith("250 "))
        self.sink.wait_subjects(subjects, 30, [service])
        drops = self.program(service, "edge", "drops", "--roles", "sender", "--mail", "drops@city.example.jp")
        sent = drops.submit([drops.upload("one.txt", b"words\n" * 1000)], "store-key-0001", ("b@city.example.jp",)).json()["id"]
        drops.settled(sent, ("delivered",), 20)
        self.assertEqual(service.run("audit", "verify", check=False).returncode, 0)
        # Nor can it look up the other user's password: what it was given of the configuration does not have it.
        if os.geteuid() == 0:
            edge, cleaner = (service.pids()[role][0] for role in ("edge", "cleaner"))
            self.assertEqual((in_memory(edge, "edge-secret"), in_memory(edge, self.cluster.password)), (True, False))
            self.assertTrue(in_memory(cleaner, self.cluster.password))
        asked = {"SELECT * FROM kiyome_items.items": False, "DELETE FROM kiyome_items.audit": False, "SELECT 1 FROM kiyome_gate.pending": False,
                 "SELECT octets FROM kiyome_originals.chunks": False, "DELETE FROM kiyome_originals.segments": False,
                 "SELECT id FROM kiyome_originals.arrivals": False, "UPDATE kiyome_originals.cleaner_key SET one=1": False,
                 "CREATE TABLE kiyome_edge.mine (a int)": False, "SELECT login FROM kiyome_edge_accounts.accounts": True,
                 "SELECT login FROM kiyome_console_accounts.accounts": False}
        for text, allowed in asked.items():
            done = subprocess.run([self.cluster.primary.bin / "psql", "-X", f"postgresql://{mine}", "-c", text], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode == 0, allowed, (text, done.stderr))
            self.assertTrue(allowed or "permission denied" in done.stderr, done.stderr)
        # A url in another spelling could not be taken out of what the edge is given.
        self.assertEqual(kiyome("check", "--config", service.config, check=False).returncode, 0)
        service.config.write_text(service.config.read_text().replace("postgresql://kiyome:", "postgresql\\u003a//kiyome:"))
        self.assertEqual(kiyome("check", "--config", service.config, check=False).returncode, 2)

    def test_a_second_host_gets_the_keys_and_joins(self):
        one = self.service(roles="edge,cleaner,gate")
        self.to_postgres(one)
        one.start()
        kiyome("store", "keys", "export", self.keys, "--config", one.config, stdin="short\n", check=False)
        self.assertFalse(self.keys.exists())
        kiyome("store", "keys", "export", self.keys, "--config", one.config, stdin=PASSWORD + "\n")
        self.assertEqual(stat.S_IMODE(self.keys.stat().st_mode), 0o600)
        self.assertNotIn((one.folder / "data/cleaner/cleaner.key").read_bytes(), self.keys.read_bytes())

        two = self.service(roles="edge,cleaner,gate")
        self.to_postgres(two)
        take = ("store", "keys", "import", self.keys, "--config", two.config)
        self.assertEqual(kiyome(*take, stdin="another password\n", check=False).returncode, 2)
        altered = bytearray(self.keys.read_bytes())
        altered[-1] ^= 1
        (self.keys.parent / "altered").write_bytes(altered)
        self.assertEqual(kiyome(*take[:3], self.keys.parent / "altered", *take[4:], stdin=PASSWORD + "\n", check=False).returncode, 2)
        self.assertFalse((two.folder / "data/cleaner/cleaner.key").exists())
        look = ("check", "--live", "--role", "edge,console", "--config")
        self.assertIn("import it before the first start", kiyome(*look, two.config, check=False).stdout)
        kiyome(*take, stdin=PASSWORD + "\n")
        self.assertRegex(kiyome(*look, two.config).stdout, r"ok +鍵 / key cleaner.key.*the other hosts'")
        kiyome(*take, stdin=PASSWORD + "\n")  # a second time is harmless
        for name in ("cleaner/cleaner.key", "cleaner/cleaner.pub", "cleaner/audit.key", "edge/audit.key", "gate/audit.key"):
            here, there = two.folder / "data" / name, one.folder / "data" / name
            self.assertEqual((here.read_bytes(), here.stat().st_uid, here.stat().st_mode), (there.read_bytes(), there.stat().st_uid, there.stat().st_mode))
        two.start()
        subjects = {f"{name}-{number}" for name in "ab" for number in range(5)}
        for subject in subjects:
            (one if subject[0] == "a" else two).send(mail(subject))
        self.sink.wait_subjects(subjects, 30, [one, two])
        one.wait_settled(10)
        self.assertEqual({row["id"] for row in one.queue()}, {row["id"] for row in two.queue()})
        self.assertEqual(two.run("audit", "verify", check=False).returncode, 0)

        for_edge = self.keys.parent / "for-edge"
        kiyome("store", "keys", "export", for_edge, "--for-edge", "--config", one.config, stdin=PASSWORD + "\n")
        edge = self.service(roles="edge")
        self.to_postgres(edge)
        kiyome("store", "keys", "import", for_edge, "--config", edge.config, stdin=PASSWORD + "\n")
        edge.start().send(mail("from an edge alone"))
        self.assertEqual([path.name for path in (edge.folder / "data/cleaner").iterdir() if path.suffix in (".key", ".pub")], ["cleaner.pub"])
        self.sink.wait_subjects({"from an edge alone"}, 30, [one, two, edge])

        other = self.service()
        other.start().stop()  # it made its own
        refused = kiyome("store", "keys", "import", self.keys, "--config", other.config, stdin=PASSWORD + "\n", check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("another key is there", refused.stderr)
        self.to_postgres(other)
        told = kiyome(*look, other.config, check=False)
        self.assertEqual(told.returncode, 1)
        self.assertRegex(told.stdout, r"失敗 +鍵 / key cleaner.key.*not the other hosts'")

    def test_check_tells_which_servers_there_are_and_what_a_commit_is_worth(self):
        self.cluster = postgres.Cluster(standbys=1)
        self.addCleanup(self.cluster.close)
        service = self.service()
        secret = self.cluster.url().replace(f":{self.cluster.primary.port}", f":{self.cluster.primary.port},127.0.0.1:1")
        self.cluster.primary.sql("CREATE ROLE edge_only LOGIN PASSWORD 'edge-secret'")
        self.to_postgres(service, f'edge_url = "postgresql://edge_only:edge-secret@127.0.0.1:{self.cluster.primary.port}/{postgres.DATABASE}"\n')
        self.assertIn("synchronous standbys: FIRST 1 (two)", kiyome("store", "prepare", "--config", service.config).stdout)
        look = ("check", "--live", "--role", "edge,console", "--config", service.config)
        told = kiyome(*look, check=False).stdout
        one, two = (f"127.0.0.1:{server.port}" for server in self.cluster.servers)
        self.assertRegex(told, f"ok +データベース / database {one}: 主系です")
        self.assertRegex(told, f"ok +データベース / database {two}: 待機系です")
        self.assertRegex(told, "ok +同期の待機系 / synchronous standby: FIRST 1")
        self.assertRegex(told, "失敗 +edge の利用者 / the edge's user: edge_only に権限がありません")
        kiyome("store", "prepare", "--config", service.config, "--grant-edge", "edge_only")
        self.assertRegex(kiyome(*look).stdout, "ok +edge の利用者 / the edge's user: edge_only")
        self.cluster.primary.sql("GRANT USAGE ON SCHEMA kiyome_items TO edge_only")
        self.assertRegex(kiyome(*look).stdout, "注意 +edge の利用者 / the edge's user: edge_only は kiyome_items")
        service.write_config(self.sink.port, f'[store]\nurl = "{secret}"\n')
        self.assertRegex(kiyome(*look).stdout, r"注意 +データベース / database 127.0.0.1:1: 応答がありません")
        self.assertNotIn(self.cluster.password, told)
        self.cluster.primary.stop()
        dead = kiyome(*look, check=False)
        self.assertEqual(dead.returncode, 1)
        self.assertRegex(dead.stdout, "失敗 +データベース / database: 使えません")


if __name__ == "__main__":
    unittest.main(verbosity=2)
