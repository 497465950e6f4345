// A line between browser and service that is as slow as wanted and breaks when told, as lines of far offices do.
import { connect, createServer } from "node:net";

export async function line(address, megabytesPerSecond) {
  const { hostname, port } = new URL(address);
  const open = new Set();
  let rate = megabytesPerSecond * 1e6;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => undefined); // the other end is told by its close
      socket.on("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    far.pipe(near);
    near.on("data", (octets) => {
      near.pause();
      far.write(octets, () => setTimeout(() => near.resume(), (octets.length / rate) * 1000));
    });
    near.on("end", () => far.end());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    cut: () => { for (const socket of open) socket.resetAndDestroy?.() ?? socket.destroy(); },
    setRate: (megabytes) => { rate = megabytes * 1e6; },
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
