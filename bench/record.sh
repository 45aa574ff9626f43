#!/bin/sh
# Measures what bench/results/ shows and writes it there: bench/record.sh [NAME...], the names being
# those of the files, all if none is given.  Takes less than six minutes; run it from the root of the
# repository, after make, on a machine that does nothing else.  VISE names another program,
# VISE_PEERS_PYTHON the Python that has the peers.
set -eu

# A scheduling group of its own, first in line, as far as the system allows it.
if [ "${1-}" != --in-front ]; then
    exec setsid --wait "$0" --in-front "$@"
fi
shift
{ echo -20 >/proc/$$/autogroup && renice -n -20 $$; } >/dev/null 2>&1 || true

vise=${VISE:-build/release/vise}
results=bench/results

# The value of the first such line of /proc/cpuinfo.
cpu() {
    sed -n "s/^$1[[:space:]]*: //p" /proc/cpuinfo | head -1
}

# header TITLE: what the tables were measured on, and how to read them.
header() {
    printf '# %s\n\n' "$1"
    printf '%s, family %s model %s, %s CPUs; ' "$(cpu 'model name')" "$(cpu 'cpu family')" "$(cpu model)" "$(nproc)"
    (. /etc/os-release && printf '%s; ' "$PRETTY_NAME")
    printf '%s; %s.\n\n' "$(cc --version | head -1)" "$(date -u +%F)"
    cat <<TEXT
Every side takes turns with the others and with loops that only reach the machine's limits; the best
turn counts. Numbers were checked before they were timed. \`of peak\` and \`of read\` are shares of the
limits of the same run, \`scaling\` the rate over that of the first number of threads. How to read the
columns: \`docs/benchmarks.md\`. Written by \`bench/record.sh\`.
TEXT
}

# table [VARIABLE=VALUE...] WORDS: the command and what it prints.
table() {
    printf '\n`%s`\n\n' "$(echo "$*" | sed 's/vise_bench/vise bench/')"
    words=$(echo "$*" | sed "s#vise_bench#$vise bench#")
    env $words --markdown
}

record_kernels() {
    header "Kernels and layers"
    table vise_bench machine
    table vise_bench products -m 1 -m 8 -m 512 -g 32 -g 64 -g 128
    table VISE_BACKEND=avx2 vise_bench products -m 1 -m 512 -t 1 --cold 0 --repeats 5
    table VISE_BLAS=0 vise_bench products -m 512 -t 1 --kernel gemm
}

record_quantizers() {
    header "Quantizers"
    table vise_bench quantizers
}

record_operators() {
    header "Operators"
    table vise_bench operators -m 512
}

record_models() {
    header "Whole models"
    table vise_bench models -m 512 --repeats 3
}

record_peers() {
    header "Other libraries"
    table vise_bench peers -m 1 -m 8 -m 512
}

[ $# -gt 0 ] || set -- kernels quantizers operators models peers
for name; do
    start=$(date +%s)
    "record_$name" >"$results/$name.md.new"
    mv "$results/$name.md.new" "$results/$name.md"
    echo "$results/$name.md: $(($(date +%s) - start)) s" >&2
done
