#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""blocks.py PAGE.md...: runs what Markdown pages show, and compares it with what they say it prints.

Blocks run in the order of the page, in one folder per page that has the checkout's examples/ and models/ in it. The word
after the fence decides what happens to a block:

    sh                  is run by `sh -eu`; its exit status is 0. Other words may follow:
      exit=N            its exit status is N
      … # until Ctrl-C  (the block's last words) it never ends by itself: it is interrupted after a while. Blocks after it
                        that begin with the comment `# in another shell` run while it does
    text output         is what the sh block before prints on standard output; `text errors` on standard error
      about             numbers in it may differ by 10 % (encoders and processors differ)
      A line of … alone stands for any lines, … within a line for anything. Runs of spaces are alike.
    rust|c|python PATH  is an excerpt: its lines stand in that file of the checkout, one after the other. A line of
                        … alone stands for lines that are left out.

Any other block (console, text, toml, json …) is only shown. Port 9464 is replaced by a free one.
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = int(os.environ.get("ONNX_IQA_BLOCK_SECONDS", "300"))
FENCE = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```$", re.M | re.S)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
ENDLESS = "# until Ctrl-C"
ELSEWHERE = "# in another shell"


class Wrong(Exception):
    pass


def blocks(page):
    text = page.read_text()
    for match in FENCE.finditer(text):
        language, words, body = match.groups()
        yield text.count("\n", 0, match.start()) + 1, language, words.split(), body


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pattern(line, about):
    """A regular expression for a line of output, and the numbers in it that are compared apart."""
    numbers, parts, last = [], [], 0
    for match in NUMBER.finditer(line) if about else ():
        parts += [plain(line[last : match.start()]), r"([-+]?\d+(?:\.\d+)?)"]
        numbers.append(float(match.group()))
        last = match.end()
    parts.append(plain(line[last:]))
    return re.compile("".join(parts)), numbers


def plain(text):
    pieces = [r"\s+".join(map(re.escape, re.split(r"\s+", piece))) for piece in text.split("…")]
    return ".*".join(pieces)


def same(line, expected, about):
    expression, numbers = pattern(expected.strip(), about)
    match = expression.fullmatch(line.strip())
    if match is None:
        return False
    found = map(float, match.groups())
    return all(abs(a - b) <= max(0.1 * abs(b), 0.02) for a, b in zip(found, numbers, strict=True))


def fits(lines, expected, about):
    """Whether the lines are as expected; a line of … stands for any number of them."""
    if not expected:
        return not lines
    first, rest = expected[0], expected[1:]
    if first.strip() == "…":
        return any(fits(lines[skipped:], rest, about) for skipped in range(len(lines) + 1))
    return bool(lines) and same(lines[0], first, about) and fits(lines[1:], rest, about)


def excerpt(path, body):
    text = (ROOT / path).read_text()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    position = 0
    for part in re.split(r"^\s*(?://|#|/\*)?\s*…(?:\s*\*/)?\s*$", body, flags=re.M):
        wanted = [line.strip() for line in part.splitlines() if line.strip()]
        places = range(position, len(lines) - len(wanted) + 1)
        place = next((place for place in places if lines[place : place + len(wanted)] == wanted), None)
        if place is None:
            raise Wrong(f"this is not in {path} (from line {position + 1} of those that are not empty on):\n{part}")
        position = place + len(wanted)


class Page:
    def __init__(self, page, folder):
        self.page, self.folder = page, folder
        self.port = free_port()
        self.server = self.server_line = None
        self.out = self.err = ""
        self.count = 0
        self.failed = []
        folder.mkdir(parents=True)
        for shared in ("examples", "models"):
            (folder / shared).symlink_to(ROOT / shared)

    def run(self):
        for line, language, words, body in blocks(self.page):
            try:
                self.block(language, words, body.replace("9464", str(self.port)))
            except Wrong as wrong:
                self.fail(f", line {line}: {wrong}")
            except subprocess.TimeoutExpired:
                self.fail(f", line {line}: did not end within {LIMIT} s")
        try:
            self.end_server()
        except Wrong as wrong:
            self.fail(f": {wrong}")
        if self.count == 0 and b"```sh\n" in self.page.read_bytes():
            self.fail(": no block was run")
        print(f"{self.page}: {self.count} blocks, {len(self.failed)} failed", flush=True)
        return self.failed

    def fail(self, text):
        self.failed.append(f"FAILED: {self.page}{text}")
        print(self.failed[-1], flush=True)

    def block(self, language, words, body):
        if language == "text" and words[:1] in (["output"], ["errors"]):
            self.compare(self.out if words[0] == "output" else self.err, body, "about" in words)
        elif language in ("rust", "c", "python") and words:
            excerpt(words[0], body)
            self.count += 1
        elif language == "sh":
            self.shell(words, body)

    def compare(self, output, body, about):
        lines, expected = output.rstrip("\n").splitlines(), body.rstrip("\n").splitlines()
        if not fits(lines, expected, about):
            raise Wrong(f"the block before prints\n{output}\ninstead of\n{body}")

    def shell(self, words, body):
        self.count += 1
        # The environment is there already, and the folder has no Makefile.
        script = body.replace('eval "$(make -s env)"\n', "")
        elsewhere = script.startswith(ELSEWHERE)
        if not elsewhere:
            self.end_server()
        print(f"--- {self.page}, block {self.count}:\n{script}", end="", flush=True)
        began = time.monotonic()
        process = subprocess.Popen(
            ["sh", "-eu", "-c", script], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )
        if script.rstrip().endswith(ENDLESS):
            self.server = process
            if f":{self.port}" in script or "iqa watch" in script:
                self.wait_for_port(process)
            else:
                time.sleep(10)
            return
        try:
            self.out, self.err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        status = next((int(word[5:]) for word in words if word.startswith("exit=")), 0)
        print("".join(f"    {line}\n" for line in (self.out + self.err).splitlines()[-8:]), end="")
        print(f"    ({time.monotonic() - began:.1f} s)", flush=True)
        if process.returncode != status:
            raise Wrong(f"exit status {process.returncode}, not {status}:\n{self.out}{self.err}")
        if status == 0:
            self.check_quiet(self.out + self.err)
            self.check_files()

    def wait_for_port(self, process):
        for _ in range(10 * LIMIT):
            if process.poll() is not None:
                raise Wrong(f"it ended by itself:\n{''.join(process.communicate())}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    time.sleep(5)
                    return
            time.sleep(0.1)
        raise Wrong(f"nothing listens on port {self.port}")

    def end_server(self):
        if self.server is None:
            return
        process, self.server = self.server, None
        if process.poll() is not None:
            raise Wrong(f"the block that is to run until Ctrl-C ended by itself:\n{''.join(process.communicate())}")
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
        print("".join(f"    {line}\n" for line in (out + err).splitlines()[-5:]), end="")
        self.check_quiet(out + err)

    def kill(self):
        """Leaves nothing running, however the page ended."""
        if self.server is not None and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGKILL)

    def check_quiet(self, text):
        if re.search(r"ERROR|CRITICAL|erroneous", text):
            raise Wrong(f"it reports an error:\n{text}")

    def check_files(self):
        """Whatever a block logs has scores in it."""
        for suffix in ("jsonl", "csv"):
            for log in self.folder.glob(f"*.{suffix}"):
                if log.stat().st_size == 0:
                    raise Wrong(f"it left an empty {log.name}")


def main(pages):
    folder = pathlib.Path(os.environ["TEST_TMP"]) / "pages"
    failed = []
    for name in pages:
        page = Page(pathlib.Path(name), folder / pathlib.Path(name).stem)
        try:
            failed += page.run()
        finally:
            page.kill()
    # All pages are run, so that one look shows all that is wrong.
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    # As on Ctrl-C: `finally` is run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.chdir(ROOT)
    main(sys.argv[1:])
