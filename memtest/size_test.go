package memtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSize(t *testing.T) {
	for size, want := range map[Size]int64{
		"":              0,
		"128MiB":        128 << 20,
		"128 MiB":       128 << 20,
		"128Mi":         128 << 20,
		"128m":          128 << 20,
		"128MB":         128 << 20,
		"1.5GiB":        3 << 29,
		"64k":           64 << 10,
		"4096":          4096,
		"4096B":         4096,
		SizeOf(3 * mib): 3 << 20,
	} {
		got, err := size.bytes()
		require.NoError(t, err, size)
		assert.Equal(t, want, got, size)
	}
}

func TestSizeThatIsNotUnderstood(t *testing.T) {
	for _, size := range []Size{"lots", "128 Mibs", "-1MiB", "0", "0MiB", "MiB", "1e400", "NaN", "999999999999PiB", "12,5MiB", "１２MiB"} {
		_, err := size.bytes()
		assert.ErrorContains(t, err, "is not understood: write a positive number with one of B, KiB, MiB", size)
	}
}

func FuzzSize(f *testing.F) {
	f.Add("128MiB")
	f.Add("-1")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := Size(s).bytes(); err == nil {
			assert.GreaterOrEqual(t, n, int64(0))
		}
	})
}
