#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# third-party.sh [--check]: writes THIRD-PARTY.md, which `iqa --licenses` prints: every crate that is linked into the
# command and the plugin, with its licence, and the licences' texts as the crates carry them. --check: only says whether
# it is up to date with Cargo.lock.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

metadata=$(mktemp)
trap 'rm -f "$metadata"' EXIT
cargo metadata --format-version 1 --locked --all-features --filter-platform x86_64-unknown-linux-gnu >"$metadata"
python3 - "$metadata" "${1-}" <<'PY'
import json, pathlib, re, sys

metadata = json.load(open(sys.argv[1]))
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
ours = {package for package in metadata["workspace_members"]}
linked, queue = set(), [id for id in ours if packages[id]["name"] in ("iqa-cli", "gst-plugin-onnxiqa")]
while queue:
    id = queue.pop()
    if id in linked:
        continue
    linked.add(id)
    for dependency in nodes[id]["deps"]:
        # Not what only builds or tests it.
        if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            queue.append(dependency["pkg"])
crates = sorted((packages[id] for id in linked - ours), key=lambda package: (package["name"], package["version"]))
# What macros are made of is not in the program.
crates = [crate for crate in crates if not any("proc-macro" in target["kind"] for target in crate["targets"])]

out = ["# What is bundled with onnx-iqa\n"]
out.append("Made by `scripts/third-party.sh`. onnx-iqa itself is licensed under MPL-2.0.\n")
out.append("## Beside the crates\n")
out.append("* ONNX Runtime, loaded at run time: MIT; `LICENSE` and `ThirdPartyNotices.txt` are installed in `share/doc/onnx-iqa/onnxruntime`.")
out.append("* Netflix's VMAF models (`models/vmaf`) and the arithmetic of `src/metrics/vmaf`: BSD-2-Clause-Patent, below.")
out.append("* A part of the font Roboto Medium (`src/overlay/font`), © 2011 Google Inc.: Apache License 2.0, below.")
out.append("* The models in `models/`: their cards name the licences of weights and data; `iqa models NAME` shows them.\n")
out.append("## Crates\n")
out.append("| crate | version | licence | |\n|---|---|---|---|")
texts = {}
for crate in crates:
    name = f"{crate['name']} {crate['version']}"
    out.append(f"| {crate['name']} | {crate['version']} | {crate['license'] or 'see its text'} | {crate['repository'] or ''} |")
    folder = pathlib.Path(crate["manifest_path"]).parent
    for file in sorted(folder.iterdir()):
        if file.is_file() and re.match(r"(?i)(licen[cs]e|copying|notice|unlicense)", file.name):
            text = file.read_text(errors="replace").strip()
            texts.setdefault(re.sub(r"\s+", " ", text), [text, []])[1].append(name)
vmaf = pathlib.Path("models/vmaf/LICENSE").read_text().strip()
texts.setdefault(re.sub(r"\s+", " ", vmaf), [vmaf, []])[1].append("Netflix's VMAF models")
roboto = pathlib.Path("src/overlay/font/LICENSE").read_text().strip()
texts.setdefault(re.sub(r"\s+", " ", roboto), [roboto, []])[1].append("Roboto")
out.append("\n## Texts")
for text, users in sorted(texts.values(), key=lambda entry: (-len(entry[1]), entry[1])):
    users = ", ".join(dict.fromkeys(users))
    out.append(f"\n### {users}\n\n```text\n{text}\n```")
document = "\n".join(out) + "\n"

file = pathlib.Path("THIRD-PARTY.md")
if sys.argv[2] == "--check":
    if not file.is_file() or file.read_text() != document:
        sys.exit("THIRD-PARTY.md is out of date: run scripts/third-party.sh")
else:
    file.write_text(document)
PY
