#!/bin/sh
# SPDX-License-Identifier: MIT
# aksu-sim and aksu-table as a user meets them. Arguments: the two programs.
sim=$1
table=$2
passed=0
failed=0
skipped=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Counts a check: what it is, then the command that must succeed.
check()
{
    what=$1
    shift
    if "$@" >"$dir/out" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what: $*"
        cat "$dir/out"
    fi
}

# Succeeds if the command ends with that status and says that text.
says()
{
    status=$1
    text=$2
    shift 2
    "$@" >"$dir/said" 2>&1
    [ $? -eq "$status" ] && grep -qF -- "$text" "$dir/said"
}

differ()
{
    ! cmp -s "$1" "$2"
}

narrow()
{
    awk 'length > 150 { exit 1 }' "$1"
}

# No packet is malformed, has a bad checksum, or carries a comment that is no comment.
clean()
{
    bad=$(tshark -r "$1" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
        -Y '_ws.malformed || tcp.checksum.status==0 || ip.checksum.status==0' 2>/dev/null) &&
        [ -z "$bad" ] && [ "$(tshark -r "$1" 2>/dev/null | wc -l)" -gt 3 ]
}

scenarios=$("$sim" --help | sed -n '/^scenarios:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
check "scenarios are listed" [ "$(echo "$scenarios" | wc -l)" -ge 11 ]
for name in $scenarios; do
    check "$name ends well" says 0 "; ok" "$sim" "$name" --quiet --pcap "$dir/$name.pcapng" \
        --chart "$dir/$name.svg"
    check "$name prints its table" says 0 "client" "$sim" "$name"
    check "$name: at most 150 columns" narrow "$dir/said"
    check "$name: its chart is XML" python3 -c \
        'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$dir/$name.svg"
    check "$name: its capture is read again" says 0 "client" "$table" "$dir/$name.pcapng"
    if command -v tshark >/dev/null; then
        check "$name: tshark finds nothing wrong" clean "$dir/$name.pcapng"
    else
        skipped=$((skipped + 1))
    fi
done
check "the default is the handshake" says 0 "LAST-ACK -> CLOSED" "$sim"
check "a lost segment is shown" says 0 "[lost]" "$sim"
check "its retransmission too" says 0 "[resent]" "$sim"
check "states ride in the capture" says 0 "FIN-WAIT-1 -> FIN-WAIT-2" "$table" \
    "$dir/handshake.pcapng"
"$sim" --isn 4294967295 --quiet --pcap "$dir/one.pcapng" >/dev/null
"$sim" --isn 4294967295 --quiet --pcap "$dir/two.pcapng" >/dev/null
if command -v tshark >/dev/null; then
    check "numbers lie where they were asked for" says 0 4294967295 tshark -r "$dir/one.pcapng" \
        -Y 'tcp.flags.syn == 1' -T fields -e tcp.seq_raw
else
    skipped=$((skipped + 1))
fi
check "the same seed makes the same file" cmp "$dir/one.pcapng" "$dir/two.pcapng"
"$sim" both-ways --loss 5 --seed 2 --quiet --pcap "$dir/three.pcapng" >/dev/null
"$sim" both-ways --loss 5 --seed 5 --quiet --pcap "$dir/four.pcapng" >/dev/null
check "another seed makes another" differ "$dir/three.pcapng" "$dir/four.pcapng"
check "an unknown scenario" says 2 "no scenario nosuch" "$sim" nosuch
check "an unknown option" says 2 "no option --nosuch" "$sim" --nosuch 1
check "a missing value" says 2 "--loss: its value is missing" "$sim" --loss
check "a value out of range" says 2 "--loss 101: must be a number from 0 to 100" "$sim" --loss 101
check "a value that is no number" says 2 "--seed x" "$sim" --seed x
check "a link that loses all" says 1 "FAILED" "$sim" --loss 100 --quiet
check "a file that cannot be made" says 1 "No such file" "$sim" --quiet --pcap /nonexistent/x
check "a full disk" says 1 "No space left" "$sim" --quiet --pcap /dev/full
check "a chart on a full disk" says 1 "No space left" "$sim" --quiet --chart /dev/full
check "a table of no pcapng" says 1 "not a pcapng file" "$table" "$sim"
check "a table of nothing" says 2 "no file is named" "$table"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
