# What a fresh machine needs is Go and a running Docker.

# The project's own tests reach their containers on loopback, and clean up after
# themselves without testcontainers' Ryuk, whose image cannot be pulled everywhere.
export TESTCONTAINERS_HOST_OVERRIDE ?= 127.0.0.1
export TESTCONTAINERS_RYUK_DISABLED ?= true

.PHONY: demo test race lint vet-platforms verdicts verdicts-held bench-verdict bench-report bench-growth bench-sampling bench-holders real-programs test-cgroup2 compare compare-identical baseline

# demo finds the leak of examples/leaky, names the guilty line and writes a report, and
# says why a failure is a success here. The test is compiled with the flags of its
# target, so that they share the compiler's cache.
demo:
	@MEMTEST_DIR=$(or $(MEMTEST_DIR),$(CURDIR)/.memtest) CGO_ENABLED=0 GOFLAGS=-trimpath \
		go test -vet=off -count=1 -v -run 'TestLeakIsFound' ./examples/leaky
	@echo; echo 'demo: FAILED is what memtest says of the leaking server, PASS is the demo, which wants that leak to be found.'; \
		echo 'demo: open the .html file named above; in a test of your own, memtest.NoLeak(t, run) fails the test.'

# test runs every test; those on containers are skipped, and counted in the last line,
# where no engine answers. One package at a time: they share the machine whose memory
# they watch.
test: SHELL := bash -o pipefail
test:
	@go build ./... && go test -json -count=1 -p 1 ./... | go run ./internal/testsum

# bench-sampling measures what a sample costs, against other ways to take one. Its
# libraries are in a module of their own.
bench-sampling:
	@cd internal/benchsampling && go run .

# test-cgroup2 runs the readers' tests and whole runs on a cgroup v2 kernel, in a virtual
# machine: x86-64 with apt, and root for the first run. See internal/cgroup2vm.
test-cgroup2:
	@internal/cgroup2vm/test.sh

# race runs the hermetic tests under the race detector, which needs a C compiler.
race:
	@if command -v $$(go env CC) >/dev/null; then CGO_ENABLED=1 go test -short -race -shuffle=on ./...; \
	else echo 'race: no C compiler here, so without the race detector'; go test -short -shuffle=on ./...; fi

# lint wants nothing found. The linters are of a module of their own, built once into
# .cache; where they cannot be had, it says so and goes on, but fails in CI.
lint: vet-platforms
	@test -z "$$(gofmt -l .)" || { echo 'gofmt would change:'; gofmt -l .; exit 1; }
	@go vet ./...
	@go mod tidy -diff
	@cd internal/benchsampling && go vet ./... && go mod tidy -diff
	@cd internal/realleaks/programs && go vet ./... && go mod tidy -diff
	@if go build -C internal/lint -o $(CURDIR)/.cache/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint; \
	then .cache/golangci-lint run; \
	else echo 'lint: golangci-lint could not be built, so it was not run'; test -z "$$CI"; fi

# vet-platforms vets the code and its tests for where else they are to compile: 32 bits,
# another processor, other systems. Nothing runs there. Each takes a minute where nothing
# is cached, else seconds.
VET_PLATFORMS ?= linux/386 linux/arm64 darwin/arm64 windows/amd64
vet-platforms:
	@for p in $(VET_PLATFORMS); do CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go vet ./... || { echo "vet: that was for $$p"; exit 1; }; done

# bench-growth finds growth between two profiles of 10 MB, beside what go tool pprof takes
# for the same two files, and over twenty of 1 MB.
bench-growth:
	@go test ./profile/heap -run '^$$' -bench 'GrowthOf' -benchtime 3x -benchmem

# bench-report writes the report of ten minutes at 100 Hz with 20 profiles: time (under
# 300 ms) and size (page-B, under 1.5 MB; a test holds it to that).
bench-report:
	@go test -run '^$$' -bench '^BenchmarkHTML$$' -benchtime 5x -count 8 ./report/page

# bench-verdict: 10,000 samples in under 1 ms, 1,000,000 in under 25 ms.
bench-verdict:
	@go test ./profile/leak -run '^$$' -bench Detect -benchmem

# verdicts asks eight living services three times each, for a minute of load: half an hour.
verdicts:
	@VERDICTS=$(or $(VERDICTS),3x60) go test -count=1 -timeout 2h -v ./examples/verdicts

# verdicts-held asks 23 services that are mean, small or both, judged with and without
# what is reachable in their heaps: three quarters of an hour.
verdicts-held:
	@HELD=1 go test -count=1 -timeout 2h -parallel 4 -run HoldersDecide -v ./examples/verdicts

# bench-holders measures what reading a target's heap costs it (how long it stands
# still) and the test (time, memory), for heaps of 10, 100 and 500 MB.
bench-holders:
	@go test -run '^$$' -bench Snapshot -benchtime 1x ./internal/holders

# compare tells a change that costs 15 % and one that saves 15 % from noise, ranks values
# of GOGC and runs the recipe for pull requests both ways: about eight minutes.
compare:
	@COMPARE=1 go test -count=1 -timeout 30m -v ./examples/compare

# compare-identical compares ten times five trials of a server with five of the same: none
# may be called worse. It takes a quarter of an hour.
compare-identical:
	@COMPARE_IDENTICAL=$(or $(COMPARE_IDENTICAL),10) go test -count=1 -timeout 2h -v -run TestIdenticalPairs ./examples/compare

# real-programs asks about servers on real open-source libraries, 14 with publicly known
# leaks and 4 healthy ones: the verdict, the guilty function's rank, who holds it. Eight
# minutes, with REAL_PROGRAMS seconds of load for each. Reports go to MEMTEST_DIR.
real-programs:
	@REAL_PROGRAMS=$(or $(REAL_PROGRAMS),15) MEMTEST_DIR=$(or $(MEMTEST_DIR),$(CURDIR)/.memtest) \
		go test -count=1 -timeout 1h -v ./internal/realleaks

# baseline records a baseline of examples/baseline for this host, in a file that git
# ignores, then holds new trials to it and tests its gates: five to eight minutes. The run that
# records fails: a test that wrote its own answer must.
baseline:
	@BASELINE=1 MEMTEST_UPDATE=1 go test -count=1 -run Drift ./examples/baseline; test $$? -eq 1
	@BASELINE=1 go test -count=1 -v ./examples/baseline
