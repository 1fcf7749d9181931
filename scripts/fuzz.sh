#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# fuzz.sh [TARGET…] [--seconds N | --runs N]: fuzzes the targets of fuzz/ with libFuzzer and AddressSanitizer, by
# default each for 20 s. Needs a nightly compiler and cargo-fuzz. What was found stays in .cache/fuzz/TARGET and is
# where the next run begins. --runs counts over all calls: once a target has had so many, it is done.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

seconds=20 runs='' targets=''
while [ $# -gt 0 ]; do
    case $1 in
        --seconds | --runs)
            case ${2-} in '' | *[!0-9]*) die "$1 needs a number" ;; esac
            if [ "$1" = --seconds ]; then seconds=$2 runs=''; else runs=$2 seconds=''; fi
            shift
            ;;
        -*) die "unknown option $1: fuzz.sh [TARGET…] [--seconds N | --runs N]" ;;
        *)
            [ -f "fuzz/fuzz_targets/$1.rs" ] || die "there is no target $1: see fuzz/fuzz_targets"
            targets="$targets $1"
            ;;
    esac
    shift
done
if [ -z "$targets" ]; then
    for file in fuzz/fuzz_targets/*.rs; do
        targets="$targets $(basename -- "$file" .rs)"
    done
fi

cargo +nightly --version >/dev/null 2>&1 || die 'no nightly compiler: rustup toolchain install nightly'
cargo fuzz --version >/dev/null 2>&1 || die 'no cargo-fuzz: cargo install cargo-fuzz --locked'
say 'building the targets'
cargo +nightly fuzz build --fuzz-dir fuzz
binaries=fuzz/target/x86_64-unknown-linux-gnu/release
[ -d "$binaries" ] || binaries=fuzz/target/$(rustc +nightly -vV | sed -n 's/^host: //p')/release

# As in every Rust program; libFuzzer's main does not do it.
trap '' PIPE
# Leaks are not looked for: GStreamer and ONNX Runtime keep what they have until the process ends.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"
[ -n "${ORT_DYLIB_PATH-}" ] || ORT_DYLIB_PATH=$(scripts/onnxruntime.sh)
export ORT_DYLIB_PATH
table=$(mktemp)
trap 'rm -f "$table"' EXIT
status=0
for target in $targets; do
    corpus=$cache/fuzz/$target
    mkdir -p "$corpus" "$cache/fuzz/findings" "$cache/fuzz/logs"
    count=$cache/fuzz/$target.runs
    before=$(cat "$count" 2>/dev/null || echo 0)
    log=$cache/fuzz/logs/$target
    limit=
    if [ -n "$runs" ]; then
        if [ "$before" -ge "$runs" ]; then
            echo "$target 0 0 $before - done" >>"$table"
            continue
        fi
        limit="-runs=$((runs - before))"
    else
        limit="-max_total_time=$seconds"
    fi
    dictionary=
    [ ! -f "fuzz/dictionaries/$target.dict" ] || dictionary="-dict=fuzz/dictionaries/$target.dict"
    say "fuzzing $target"
    result=0
    # shellcheck disable=SC2086 # each empty or one word
    "$binaries/$target" $limit $dictionary -max_len=4096 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$cache/fuzz/findings/$target-" "$corpus" "fuzz/seeds/$target" >"$log" 2>&1 || result=$?
    # The last state that libFuzzer printed, for it prints no statistics after a crash.
    made=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    last=$(grep -E '^#[0-9]+' "$log" | tail -n 1)
    [ -n "$made" ] || made=$(printf '%s\n' "$last" | sed -n 's/^#\([0-9]*\).*/\1/p')
    reached=$(printf '%s\n' "$last" | sed -n 's/.* cov: \([0-9]*\).*/\1/p')
    time=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$log" | tail -n 1)
    echo $((before + ${made:-0})) >"$count"
    word=ok
    if [ "$result" != 0 ]; then
        word=FOUND status=1
        grep -E '^(SUMMARY|Test unit written|artifact_prefix|thread .* panicked|==[0-9]+==)' "$log" >&2 || tail -n 20 "$log" >&2
    fi
    echo "$target ${made:-0} ${time:--} $((before + ${made:-0})) ${reached:--} $word" >>"$table"
done

printf '%-14s %12s %8s %12s %8s  %s\n' target executions seconds 'in all' edges result
while read -r target made time all reached word; do
    printf '%-14s %12s %8s %12s %8s  %s\n' "$target" "$made" "$time" "$all" "$reached" "$word"
done <"$table"
[ "$status" = 0 ] || die "inputs that were found are in .cache/fuzz/findings, what was said of them in .cache/fuzz/logs"
