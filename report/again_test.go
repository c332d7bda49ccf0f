package report

import (
	"testing"

	"github.com/memgate/memgate/profile/leak"
	"github.com/stretchr/testify/assert"
)

func TestAgainCommand(t *testing.T) {
	for _, c := range []struct {
		test Test
		want string
	}{
		{Test{}, ""},
		{Test{Name: "TestOrders", Package: "example.org/shop"}, "go test -count=1 -run '^TestOrders$' example.org/shop"},
		{Test{Name: "TestOrders/rate=200/a.b", Package: "example.org/shop"}, `go test -count=1 -run '^TestOrders$/^rate=200$/^a\.b$' example.org/shop`},
		{Test{Name: "BenchmarkOrders", Package: "example.org/shop"}, "go test -count=1 -run '^$' -bench '^BenchmarkOrders$' example.org/shop"},
		{Test{Name: "TestX", Package: "command-line-arguments"}, "go test -count=1 -run '^TestX$'"},
		{Test{Name: "TestX'; rm -rf x", Package: "$(rm -rf y)"}, `go test -count=1 -run '^TestX'\''; rm -rf x$' '$(rm -rf y)'`},
		{Test{Name: "TestX", Package: "-exec=rm"}, "go test -count=1 -run '^TestX$' '-exec=rm'"},
	} {
		assert.Equal(t, c.want, (&Record{Test: c.test}).AgainCommand())
	}
}

func TestTrendIsDrawnThroughWhatDecided(t *testing.T) {
	r := leakingRun()
	c := newChart(r, false)
	assert.NotEmpty(t, c.Trend)
	assert.NotEmpty(t, c.TrendBand)
	assert.Contains(t, c.TrendBand, "Z")
	y, _ := c.memoryScale(r)
	first, last := r.moments()[0], r.moments()[len(r.moments())-1]
	rise := y.at(first.bytes) - y.at(first.bytes+r.Trend.PerRequest.Value*(last.requests-first.requests))
	assert.InDelta(t, rise, heightOf(c.Trend), 1, "the line rises by the slope")

	r.Trend.PerRequest.Points = 0
	assert.Empty(t, newChart(r, false).Trend, "no estimate, no line")
}

// heightOf is how far a path's end lies above its start.
func heightOf(path string) float64 {
	points := pointsOf(path)
	return points[0].Y - points[len(points)-1].Y
}

func TestCausesShareOneScale(t *testing.T) {
	r := &Record{Trend: leak.Trend{Split: []leak.Cause{{Name: "live heap", Bytes: 30 * mib}, {Name: "off-heap", Bytes: -10 * mib}, {Name: "swap", Bytes: 10}}}}
	rows, still := r.causeRows()
	assert.Equal(t, []causeRow{
		{Name: "live heap", Size: "+30.0 MiB", Start: "25.0", BarLength: "75.0"},
		{Name: "off-heap", Size: "-10.0 MiB", Start: "0.0", BarLength: "25.0", Shrank: true},
	}, rows)
	assert.Equal(t, []string{"swap"}, still)
}
