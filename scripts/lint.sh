#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Formatting, licence headers, clippy, the documentation, licences and the shell scripts; every warning is an error. All
# are run, so that one look shows all that is wrong.
# TEST_PROFILE: cargo's profile (default: dev), so that the lints find what the tests have built.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

"$root/scripts/system-packages.sh" --lint
for component in rustfmt clippy; do
    cargo "${component#rust}" --version >/dev/null 2>&1 || rustup component add "$component"
done

profile=${TEST_PROFILE:-dev}
passed=0 failed=0
check() {
    what=$1
    shift
    say "$what"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: $what"
    fi
}

# Every source file has an SPDX header in its first three lines. Cargo.toml has a field for the licence; uPlot is not
# ours, and a contract in examples states the licence of its model.
spdx_headers() {
    find . \( -path ./target -o -path ./fuzz/target -o -path ./.cache -o -path ./.git -o -name node_modules -o -name .venv \) -prune -o -type f \
        \( -name '*.rs' -o -name '*.sh' -o -name '*.py' -o -name '*.js' -o -name '*.cjs' -o -name '*.css' -o -name '*.toml' \
        -o -name '*.yml' -o -name '*.service' -o -name Makefile -o -path ./.ci/run \) \
        ! -name Cargo.toml ! -name 'uPlot.*' ! -path './examples/lpips/*.toml' -print | (
        status=0
        while read -r file; do
            if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MPL-2.0'; then
                echo "$file: no 'SPDX-License-Identifier: MPL-2.0' in the first three lines: add it as a comment" >&2
                status=1
            fi
        done
        exit "$status"
    )
}

# Markdown and comments wrap at 120 columns, except tables, code, headings, and links or code too long to break.
columns() {
    git ls-files -z --cached --others --exclude-standard '*.md' '*.rs' '*.sh' '*.py' '*.toml' '*.yml' |
        grep -zvx 'THIRD-PARTY.md' | xargs -0 python3 -c '
import re, sys
wrong = 0
for name in sys.argv[1:]:
    fenced = False
    for number, line in enumerate(open(name, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        text = line
        if not name.endswith(".md"):
            comment = re.match(r"\s*(//[/!]?|#) (.*)", line)
            text = comment[2] if comment else ""
        if re.match(r"\s*(```|~~~)", text):
            fenced = not fenced
        elif len(line) > 120 and text and not fenced and not re.match(r"\s*\||#", text) and len(text.split()) > 2:
            print(f"{name}:{number}: {len(line)} columns, 120 is the limit", file=sys.stderr)
            wrong += 1
sys.exit(wrong > 0)'
}

shell_scripts() {
    find scripts tests findings .ci -type f \( -name '*.sh' -o -path .ci/run \) -exec shellcheck {} +
}

check formatting cargo fmt --all --check
check 'formatting of loom' cargo fmt --manifest-path loom/Cargo.toml --check
check 'SPDX headers' spdx_headers
check clippy cargo clippy --profile "$profile" --workspace --all-targets --features gst-plugin-onnxiqa/doc --locked -- -D warnings
check 'clippy without ONNX Runtime' cargo clippy --profile "$profile" -p onnx-iqa --no-default-features --all-targets \
    --locked -- -D warnings
check documentation env RUSTDOCFLAGS='-D warnings' cargo doc --profile "$profile" --workspace --no-deps --locked
check licences scripts/deny.sh check licenses bans sources
check 'third parties' scripts/third-party.sh --check
check columns columns
check 'shell scripts' shell_scripts

[ "$failed" = 0 ] || die "$failed of $((passed + failed)) lints failed"
say "all $passed lints passed"
