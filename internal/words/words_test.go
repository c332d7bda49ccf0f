package words

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSizes(t *testing.T) {
	for bytes, want := range map[uint64]string{
		0: "0 B", 43_306_189: "41.3 MiB", 1 << 30: "1,024.0 MiB", 52_428: "51.2 KiB", 104_857: "102.4 KiB", 104_858: "0.1 MiB", math.MaxUint64: "17,592,186,044,416.0 MiB",
	} {
		assert.Equal(t, want, MiB(bytes))
	}
	for bytes, want := range map[float64]string{
		0: "0 B", 0.44: "0.4 B", 8: "8 B", 8.06: "8.1 B", 64: "64 B", 1889.6: "1,890 B", 9999: "9,999 B", 10_035: "9.8 KiB",
		2.2 * Mib: "2.2 MiB", -300: "-300 B", -0.25: "-0.2 B", math.NaN(): "an unknown number of bytes", math.Inf(-1): "an unknown number of bytes",
	} {
		assert.Equal(t, want, Bytes(bytes))
	}
	assert.Equal(t, "+1,890 B", SignedBytes(1890))
	assert.Equal(t, "-1,890 B", SignedBytes(-1890))
	assert.Equal(t, "0 B", SignedBytes(0))
	assert.Equal(t, "+17.0 MiB", SignedMiB(17*Mib))
	assert.Equal(t, "-1.5 MiB", SignedMiB(-1.5*Mib))
	assert.Equal(t, "-300 B", SignedMiB(-300))
	for want, bytes := range map[string][]uint64{"0.0 → 1.5 MiB": {1, 1.5 * Mib}, "0.5 → 12.0 KiB": {512, 12 << 10}, "7 → 3,000 B": {7, 3000}} {
		words, unit := Sizes(bytes...)
		assert.Equal(t, want, strings.Join(words, " → ")+" "+unit)
	}
}

func TestCounts(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 24_000: "24,000", math.MaxUint64: "18,446,744,073,709,551,615"} {
		assert.Equal(t, want, Count(n))
	}
	for n, want := range map[int64]string{0: "0", 12: "+12", -1234: "-1,234", math.MinInt64: "-9,223,372,036,854,775,808"} {
		assert.Equal(t, want, SignedCount(n))
	}
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "00:00", 103 * time.Second: "01:43", 3605 * time.Second: "1:00:05"} {
		assert.Equal(t, want, Clock(d))
	}
	for d, want := range map[time.Duration]string{0: "0s", 999: "999ns", 9_384_567: "9.38ms", 48 * time.Millisecond: "48ms", 1_234_567_890: "1.23s"} {
		assert.Equal(t, want, Latency(d))
	}
	for d, want := range map[time.Duration]string{2*time.Minute + 123*time.Millisecond: "2m0s", 354_321 * time.Microsecond: "350ms", 0: "0s"} {
		assert.Equal(t, want, Length(d))
	}
}
