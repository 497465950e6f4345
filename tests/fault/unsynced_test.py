#!/usr/bin/env python3
"""A power cut: only what was synced is left. Nothing that was answered 250 may be among the rest."""
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
import unittest

import kiyome_service
from kiyome_service import Service, Sink
import kill_test
from kill_test import Load

kiyome_service.KIYOME = kiyome_service.BUILD / "unsynced" / "kiyome"
ROUNDS = 25 if "KIYOME_LONG" in os.environ else 4


class PowerCut(unittest.TestCase):
    check_nothing_lost = kill_test.Kill.check_nothing_lost

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-power-"))
        self.folder.chmod(0o755)
        self.sink = Sink()
        (self.folder / "shadow").mkdir()
        (self.folder / "shadow").chmod(0o777)
        self.service = Service(self.sink.port, folder=self.folder, smtp="connections_per_address_max = 0")
        for role in ("edge", "cleaner", "gate"):   # the roles' own users write there
            (self.folder / "shadow" / role / "originals").mkdir(parents=True)
            for each in (self.folder / "shadow" / role, self.folder / "shadow" / role / "originals"):
                each.chmod(0o777)
        self.service.start()

    def tearDown(self):
        self.service.__exit__()
        self.sink.stop()
        shutil.rmtree(self.folder)

    def power_cut(self):
        self.service.kill_all()
        data, shadow = self.folder / "data", self.folder / "shadow"
        for path in shadow.rglob("*"):   # owners and modes are journalled with the names, not with the octets
            real = data / path.relative_to(shadow)
            if real.exists():
                status = real.stat()
                os.chown(path, status.st_uid, status.st_gid)
                path.chmod(status.st_mode & 0o7777)
        shutil.rmtree(data)
        subprocess.run(["cp", "-a", "--sparse=always", shadow, data], check=True)
        self.service.start()

    def test_nothing_answered_250_is_lost(self):
        dice = random.Random(1)
        load = Load(self.service, 400)
        load.pause = 0.01
        for _ in range(ROUNDS):
            time.sleep(dice.uniform(0.2, 0.8))
            self.power_cut()
        load.wait()
        self.check_nothing_lost(load)

    def test_the_shadow_really_forgets(self):
        """The test can fail: a file that nobody synced is not there after the cut."""
        self.service.send(b"Subject: x\r\n\r\nx\r\n")
        self.service.wait_settled(1)
        self.assertTrue((self.folder / "data" / "cleaner" / "attempts").exists())
        self.assertTrue((self.folder / "shadow" / "cleaner" / "items.db-wal").exists())
        self.assertFalse((self.folder / "shadow" / "cleaner" / "attempts").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
