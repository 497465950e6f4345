"""Two hosts for tests: papers of both sides by `kiyome certificate`, and their [transfer] sections."""
import json
import pathlib
import subprocess

from kiyome_service import KIYOME

SIDES = ("internet", "closed")


class Papers:
    """A CA and a certificate of each side, in `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.certificate("init", "--out", self.folder, "--name", "試験 CA")
        for side in SIDES:
            self.certificate("issue", side, "--ca", self.folder)

    @staticmethod
    def certificate(*words, check=True):
        return subprocess.run([KIYOME, "certificate", *words], capture_output=True, text=True, check=check)

    def path(self, name):
        return self.folder / name

    def pin(self, side):
        told = self.certificate("show", self.path(side + ".crt")).stdout
        return told.rsplit(" ", 1)[1].strip()

    def section(self, side, mode, listen="", connect="", more=""):
        """[transfer] of a host of this side. `connect` may be a list of hosts."""
        other = SIDES[1 - SIDES.index(side)]
        where = f"connect = {json.dumps(connect)}" if (mode == "push") == (side == "internet") else f'listen = "{listen}"'
        return f"""
[transfer]
mode = "{mode}"
{where}
certificate = "{self.path(side + '.crt')}"
key = "{self.path(side + '.key')}"
ca = "{self.path('ca.crt')}"
peers = ["{self.pin(other)}"]
silence_seconds = 2
{more}
"""
