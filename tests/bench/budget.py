"""What a request costs the worker's thread in user space, counted: the difference of two runs under callgrind.

Only what happens inside the event loop counts, so that a second's accounts, which callgrind makes look fifty
times dearer than they are, do not blur it. The number depends on compiler and libc, not on the machine's load.
"""
import asyncio
import re
import subprocess
import threading

MOST = 4000  # instructions per keep-alive GET
FEW, MANY = 500, 3000

SCENARIO = """
reprise: 1
name: budget
target: http://127.0.0.1:1
vars: { token: 0123456789abcdef0123456789abcdef }
tasks:
  - name: token
    steps:
      - request: GET /t
        headers: { Accept: "*/*", Authorization: "Bearer ${token}" }
        extract: { token: { header: X-Token } }
"""

ANSWER = (b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 04:09:49 GMT\r\n"
          b"Content-Type: text/plain\r\nContent-Length: 21\r\nConnection: keep-alive\r\n"
          b"X-Token: 0123456789abcdef0123456789abcdef\r\n\r\nhello, a small answer")


class Answers:
    """The same answer to every request, on a port from the kernel, until the with block ends."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        self.loop.close()

    @staticmethod
    async def serve(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def counted(reprise, folder, port, requests):
    (folder / "budget.yaml").write_text(SCENARIO)
    text = subprocess.run(
        ["valgrind", "--tool=callgrind", "--toggle-collect=loop_run", f"--callgrind-out-file={folder}/callgrind.{requests}",
         str(reprise), "run", str(folder / "budget.yaml"), "-H", f"http://127.0.0.1:{port}", "-u", "16", "-i",
         str(requests), "--workers", "1", "--headless", "-q", "--no-archive", "--io", "epoll"],
        capture_output=True, text=True, check=True).stderr
    return int(re.search(r"Collected : (\d+)", text).group(1))


def per_request(reprise, folder):
    with Answers() as server:
        few, many = (counted(reprise, folder, server.port, n) for n in (FEW, MANY))
    return (many - few) / (MANY - FEW)
