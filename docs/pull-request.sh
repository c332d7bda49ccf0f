#!/bin/sh
# Runs a test that compares this checkout with the commit it branched off from.
#
#   docs/pull-request.sh BRANCH PACKAGE TEST
#   docs/pull-request.sh origin/main ./memory TestMemoryAgainstBase
#
# The merge base with BRANCH is checked out into a temporary worktree, whose path the
# test finds in MEMTEST_BASE. Reports go to MEMTEST_DIR (default: memtest-reports in the
# working folder); the comparison is the file *.comparison.md there. The exit code is that of go test.
set -eu

if [ $# -ne 3 ]; then
	echo "usage: pull-request.sh BRANCH PACKAGE TEST" >&2
	exit 2
fi
base=$(git merge-base "$1" HEAD) || {
	echo "pull-request.sh: $1 and HEAD have no commit in common: fetch the whole history (fetch-depth: 0)" >&2
	exit 2
}

tmp=$(mktemp -d)
cleanup() {
	git worktree remove --force "$tmp/base" 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

git worktree add --quiet --detach "$tmp/base" "$base"
export MEMTEST_BASE="$tmp/base"
export MEMTEST_DIR="${MEMTEST_DIR:-$PWD/memtest-reports}"
echo "comparing $(git rev-parse --short HEAD) with $(git rev-parse --short "$base")"
go test -count=1 -timeout "${MEMTEST_TIMEOUT:-30m}" -run "^$3\$" "$2"
