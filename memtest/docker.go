package memtest

import (
	"os"

	"github.com/memgate/memgate/internal/container"
	"github.com/memgate/memgate/memtest/target"
)

// SkipWithoutDocker skips the test if no container engine answers, and fails it
// instead if MEMTEST_REQUIRE_DOCKER=1, so that CI cannot pass by skipping. Without it,
// a missing engine makes [Run] fail: nothing is ever passed silently.
func SkipWithoutDocker(t interface {
	TB
	Skipf(format string, args ...any)
}) {
	t.Helper()
	if err := dockerAnswers(t); err != nil {
		t.Skipf("memtest: skipped: %v", err)
	}
}

// Or returns the image where a container engine answers, and the other target, in most
// cases a [Process], where none does: then it says so in one line. It fails the test
// instead if MEMTEST_REQUIRE_DOCKER=1.
func (i Image) Or(t TB, without target.Target) target.Target {
	t.Helper()
	if err := dockerAnswers(t); err != nil {
		t.Logf("memtest: no Docker, so the same scenario runs on a child process: %v", err)
		return without
	}
	return i
}

// dockerAnswers says why no engine answers. It ends the test where one must.
func dockerAnswers(t TB) error {
	t.Helper()
	err := container.Available(t.Context())
	if err != nil && os.Getenv("MEMTEST_REQUIRE_DOCKER") == "1" {
		fatalf(t, "MEMTEST_REQUIRE_DOCKER=1, but %v", err)
	}
	return err
}
