"""The wall clock and the disk of one service's processes, as the test sets them: see machine_shim.cpp. Import it before what starts the
programs."""
import os
import pathlib
import struct

import kiyome_service

kiyome_service.KIYOME = kiyome_service.BUILD / "machine" / "kiyome"
HOUR, DAY = 3600.0, 86400.0


class Machine:
    """Of the service whose folder this is; made before its first start."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        folder.chmod(0o755)  # the roles have users of their own
        self.file = folder / "machine"
        self.clock = self.fsync = 0.0
        self.file.write_bytes(bytes(16))
        self.file.chmod(0o644)

    def write(self):
        file = os.open(self.file, os.O_WRONLY)  # in its place: it is mapped
        try:
            os.pwrite(file, struct.pack("=qq", int(self.clock * 1e9), int(self.fsync * 1e9)), 0)
        finally:
            os.close(file)

    def set_clock(self, seconds):
        """So far from the real one from now on."""
        self.clock = seconds
        self.write()

    def jump(self, seconds):
        self.set_clock(self.clock + seconds)

    def slow_disk(self, seconds):
        """Every fsync takes so much longer from now on."""
        self.fsync = seconds
        self.write()
