#!/usr/bin/env bash
# Runs the readers' tests, and whole runs of memtest on containers and on processes, on
# the cgroup v2 kernel and the engine of a guest. Options are run.sh's, such as
# --init systemd.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
export CGO_ENABLED=0 GOOS=linux
mkdir -p "$work/causes"
for package in internal/cgroup internal/process memtest; do
  go test -c -trimpath -ldflags='-s -w' -o "$work/$(basename $package).test" "./$package"
done
go build -trimpath -ldflags='-s -w' -o "$work/causes/app" ./memtest/testdata/causes
printf 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n' >"$work/causes/Dockerfile"
cp -r internal/cgroup/testdata "$work/testdata"

"$here/run.sh" --dir "$work" "$@" --shell '
set -e
./cgroup.test -test.v -test.timeout 5m
./process.test -test.v -test.timeout 5m -test.run "GroupName|FindProcess"
export MEMGATE_TEST_CAUSES=$PWD/causes MEMTEST_REQUIRE_DOCKER=1
./memtest.test -test.v -test.timeout 9m -test.parallel 1 -test.run "TestSpike|TestFourCauses"
'
