#!/bin/sh
# run_fuzzer.sh replay|search FUZZER CORPUS FOUND LONGEST: what the corpus holds, or 5 s (FOREBAY_LONG: an hour) of search
# from there. What a search finds stays in FOUND, so that the next one begins with it; an input that breaks something is
# put beside it, and its path is printed.
set -eu
how=$1 fuzzer=$2 corpus=$3 found=$4 longest=$5
mkdir -p "$found"
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
set -- -artifact_prefix="$found-" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
if [ "$how" = replay ]; then
  exec "$fuzzer" "$@" "$corpus"/*
fi
seconds=5
if [ -n "${FOREBAY_LONG:-}" ]; then seconds=3600; fi
exec "$fuzzer" "$@" -max_total_time="$seconds" -max_len="$longest" -use_value_profile=1 "$found" "$corpus"
