package memtest

import (
	"os"

	"github.com/memgate/memgate/internal/container"
)

// SkipWithoutDocker skips the test if no container engine answers, and fails it
// instead if MEMTEST_REQUIRE_DOCKER=1, so that CI cannot pass by skipping. Without it,
// a missing engine makes [Run] fail: nothing is ever passed silently.
func SkipWithoutDocker(t interface {
	TB
	Skipf(format string, args ...any)
}) {
	t.Helper()
	err := container.Available(t.Context())
	switch {
	case err == nil:
	case os.Getenv("MEMTEST_REQUIRE_DOCKER") == "1":
		fatalf(t, "MEMTEST_REQUIRE_DOCKER=1, but %v", err)
	default:
		t.Skipf("memtest: skipped: %v", err)
	}
}
