#!/usr/bin/env python3
"""The Debian packages: made by cpack from this build, with the right files, owners, modes and scripts; the units are sound and confined;
what is unpacked runs from there. Without the tools of a package the pieces that need them are skipped, visibly."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import kiyome_service
from kiyome_service import BUILD, ROOT, Service, Sink, item_id

TOOLS = [tool for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file") if shutil.which(tool) is None]
EXPOSURE_MAX = 4.5  # of systemd-analyze security: "OK"


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True, **more).stdout


@unittest.skipIf(TOOLS, f"missing: {TOOLS}")
@unittest.skipUnless((BUILD / "CPackConfig.cmake").exists(), "this build makes no package")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-test-"))
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip")
        cls.debs = {path.name.split("_")[0]: path for path in cls.folder.glob("*.deb")}
        cls.root = cls.folder / "root"
        for deb in cls.debs.values():
            run("dpkg-deb", "-x", deb, cls.root)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def listing(self, name):
        """{path: (mode, owner)}"""
        rows = [line.split(None, 5) for line in run("dpkg-deb", "-c", self.debs[name]).splitlines()]
        return {row[5].removeprefix("."): (row[0], row[1]) for row in rows}

    def field(self, name, field):
        return run("dpkg-deb", "-f", self.debs[name], field).strip()

    def test_two_packages_with_what_each_side_needs(self):
        self.assertEqual(set(self.debs), {"kiyome", "kiyome-gate"})
        gate, internet = self.listing("kiyome-gate"), self.listing("kiyome")
        for path in ("/usr/bin/kiyome", "/usr/lib/kiyome/kiyome-gate", "/etc/kiyome/kiyome.toml", "/etc/default/kiyome",
                     "/lib/systemd/system/kiyome.service", "/usr/lib/sysusers.d/kiyome.conf", "/usr/lib/tmpfiles.d/kiyome.conf",
                     "/usr/share/doc/kiyome-gate/OPERATE.md", "/usr/share/doc/kiyome-gate/sbom.cdx.json"):
            self.assertIn(path, gate)
        for kind in ("mail", "pdf", "image", "archive", "office", "selftest", "selftest-office"):
            self.assertIn(f"/usr/lib/kiyome/sanitizers/{kind}", internet)
            self.assertNotIn(f"/usr/lib/kiyome/sanitizers/{kind}", gate)
        if (BUILD / "web").is_dir():
            self.assertIn("/usr/share/kiyome/web/pick-up/index.html", gate)
            self.assertIn("/usr/share/kiyome/web/drop-box/index.html", internet)
            self.assertIn("/usr/share/kiyome/web/console/index.html", internet)
        files = [{path for path, (mode, _) in each.items() if mode[0] == "-"} for each in (gate, internet)]
        self.assertEqual(files[0] & files[1], set(), "no file is in both")

    def test_everything_is_roots_and_nobody_else_may_write(self):
        for name in self.debs:
            for path, (mode, owner) in self.listing(name).items():
                self.assertEqual(owner, "root/root", path)
                self.assertRegex(mode, r"^[-dl][-rwx]{4}-[-rx]{2}-[-x]$|^l", path)  # no set-user-id, no writing but for root
        self.assertEqual(self.listing("kiyome-gate")["/etc/kiyome/kiyome.toml"][0], "-rw-r-----")

    def test_the_closed_side_needs_no_reader_of_foreign_formats(self):
        gate, internet = self.field("kiyome-gate", "Depends"), self.field("kiyome", "Depends")
        self.assertNotRegex(gate, r"libreoffice|libtiff|libwebp|fonts-")
        self.assertRegex(gate, r"libc6 .*")
        for package in ("libreoffice-core-nogui", "libreoffice-writer-nogui", "fonts-ipafont-gothic", "fonts-noto-cjk", "kiyome-gate (= "):
            self.assertIn(package, internet)
        # What building and running take by hand is what the package brings.
        listed = re.search(r"^runtime=\((.*?)^\)", (ROOT / "deploy/install-dependencies").read_text(), re.M | re.S)[1].split()
        named = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", gate + ", " + internet))
        for package in listed:
            if package.startswith(("libreoffice-", "fonts-")):
                self.assertIn(package, named)

    def test_scripts_and_conffiles(self):
        control = self.folder / "control"
        run("dpkg-deb", "-e", self.debs["kiyome-gate"], control)
        self.assertEqual((control / "conffiles").read_text().split(), ["/etc/default/kiyome", "/etc/kiyome/kiyome.toml"])
        for script in ("postinst", "prerm", "postrm"):
            self.assertTrue(os.access(control / script, os.X_OK), script)
            run("sh", "-n", control / script)
        done, told = (control / "postinst").read_text().split("cat <<")
        self.assertNotRegex(done, r"systemctl (enable|start|restart)\b")  # the first start is a person's
        self.assertIn("kiyome backup key", told)
        self.assertNotIn("rm ", (control / "prerm").read_text())

    def test_units_are_sound_and_confined(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze")
        units = self.root / "lib/systemd/system"
        for unit in units.iterdir():  # as if installed
            (self.folder / unit.name).write_text(unit.read_text().replace("/usr/bin/kiyome", str(self.root / "usr/bin/kiyome")))
        for unit in ("kiyome.service", "kiyome-backup.service", "kiyome-backup.timer"):
            here = self.folder / unit
            told = subprocess.run(["systemd-analyze", "verify", "--man=no", here], capture_output=True, text=True, check=False)
            ours = [line for line in told.stderr.splitlines() if unit in line]
            self.assertEqual(ours, [])
            if unit.endswith(".timer"):
                continue
            exposure = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", here], capture_output=True, text=True,
                                      check=False).stdout
            number = float(re.search(r"exposure level for \S+: ([\d.]+)", exposure)[1])
            self.assertLessEqual(number, EXPOSURE_MAX, exposure)

    def test_users_of_the_roles(self):
        users = re.findall(r"^u (\S+)", (self.root / "usr/lib/sysusers.d/kiyome.conf").read_text(), re.M)
        source = (ROOT / "service/supervisor/layout.cpp").read_text()
        roles = set(re.findall(r'role == "([a-z]+)"', source)) | {"gate", "console"}
        self.assertLessEqual({f"kiyome-{role}" for role in roles}, set(users))

    def test_the_bill_of_materials(self):
        bill = json.loads((self.root / "usr/share/doc/kiyome-gate/sbom.cdx.json").read_text())
        self.assertEqual((bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
        names = {each["name"]: each for each in bill["components"]}
        for name in ("libssl3", "libsqlite3-0", "libsodium23", "libreoffice-core-nogui", "libcli11-dev", "preact", "libc6"):
            self.assertIn(name, names)
            self.assertRegex(names[name]["purl"], r"^pkg:(deb/debian|npm)/[^@]+@.+")
        self.assertNotIn("esbuild", names)  # a tool of the build
        # Every library that the packages need by dpkg's own reckoning is in it.
        for deb in self.debs:
            for name in re.findall(r"(?<![\w-])(lib[a-z0-9.+-]+)", self.field(deb, "Depends")):
                if not name.startswith("libreoffice-"):
                    self.assertIn(name, names)

    def test_what_is_unpacked_runs_from_there(self):
        program = self.root / "usr/bin/kiyome"
        self.assertIn("forbidden acts stopped", run(program, "selftest"))
        before, kiyome_service.KIYOME = kiyome_service.KIYOME, program
        sink = Sink()
        try:
            with Service(sink.port) as service:
                told = subprocess.run([program, "check", "--live", "--config", service.config], capture_output=True, text=True, check=False)
                self.assertNotRegex(told.stdout, r"失敗  (カーネル|プログラム|サンドボックス|ポート|配送先)")
                item_id(service.send(b"From: a@x.example\r\nTo: b@y.example\r\nSubject: package\r\n\r\nhello\r\n"))
                self.assertEqual(len(sink.wait(1)), 1)
        finally:
            kiyome_service.KIYOME = before
            sink.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
