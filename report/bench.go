package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Bench writes the record in Go's benchmark format, a line for one run, for benchstat:
// runs of one test that are put into one file after another are samples of it, and
// trials of all variants bear the test's name alone, to be compared. Sizes are in bytes. Commit and image are left out: benchstat compares only runs of which all
// that is configured is the same.
//
//	benchstat old.txt new.txt
func (r *Record) Bench(w io.Writer) error {
	v := r.visible()
	b := bufio.NewWriter(w)
	for _, c := range [][2]string{{"goos", first(v.Env.OS, "/")}, {"goarch", second(v.Env.OS, "/")}, {"pkg", v.Test.Package}, {"cpu", v.Env.CPU}} {
		if c[1] != "" {
			fmt.Fprintf(b, "%s: %s\n", c[0], oneLine(c[1], widest))
		}
	}
	figures := r.figures()
	for _, f := range figures {
		fmt.Fprintf(b, "Unit %s better=%s\n", f.Unit, f.better())
	}
	if len(figures) > 0 { // a line without any would be no benchmark's
		fmt.Fprintf(b, "%s %d", benchName(v), max(r.Load.Requests, 1))
		for _, f := range figures {
			fmt.Fprintf(b, " %s %s", strconv.FormatFloat(f.Value, 'g', 12, 64), f.Unit)
		}
		b.WriteByte('\n')
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write benchmark of %q: %w", r.Name, err)
	}
	return nil
}

// Figure is one number that a run is known by.
type Figure struct {
	Unit  string // with its name, as benchmarks write it: "peak-B"
	Value float64
	More  bool // more of it is better
}

func (f Figure) better() string {
	if f.More {
		return "higher"
	}
	return "lower"
}

// figures is what was measured, in the order of its importance. Growth is left out
// where it was not estimated, the live heap where it was not read.
func (r *Record) figures() []Figure {
	var all []Figure
	add := func(known bool, unit string, value float64) {
		if known && finite(value) {
			all = append(all, Figure{Unit: unit, Value: value})
		}
	}
	growth, known := r.growthPerRequest()
	add(known, GrowthUnit, growth)
	measured := r.During(Load)
	add(len(r.Samples) > 0, PeakUnit, float64(r.Samples.Peak().WorkingSet))
	add(len(measured) > 0, AverageUnit, measured.Average())
	if settled := r.During(Floor); len(settled) > 0 {
		add(true, SettledUnit, settled.Percentile(50))
	}
	if n := len(r.Floors); n > 0 {
		add(true, LiveUnit, float64(r.Floors[n-1].Live()))
	}
	add(r.Load.Requests > 0, LatencyUnit, r.Load.Latency.P99.Seconds())
	if r.Load.Requests > 0 && finite(r.Load.Rate) {
		all = append(all, Figure{Unit: RateUnit, Value: r.Load.Rate, More: true})
	}
	return all
}

// growthPerRequest is the trend's estimate, or of a trial, which is left alone while it
// is loaded, the growth of the live heap from the load's start to the end.
func (r *Record) growthPerRequest() (bytes float64, known bool) {
	load, loaded := r.Phase(Load)
	if n := len(r.Floors); !r.Trial.Alone() && loaded && n > 1 {
		last := r.Floors[n-1]
		for _, first := range slices.Backward(r.Floors[:n-1]) {
			if first.At <= load.From && last.At >= load.To && last.Requests > first.Requests {
				return (float64(last.Live()) - float64(first.Live())) / float64(last.Requests-first.Requests), true
			}
		}
	}
	return r.Trend.PerRequest.Value, r.Trend.PerRequest.Points > 0
}

// Metrics is the record's figures by unit, such as "growth-B/req" and PeakUnit, for
// testing.B's ReportMetric.
func (r *Record) Metrics() []Figure { return r.figures() }

// Units are the units of the figures that a run may have, in the order of their importance.
func Units() []string {
	var all []string
	for _, f := range comparedFigures {
		all = append(all, f.unit)
	}
	return all
}

// benchName is the test's name as a benchmark has it: BenchmarkOrders/warm.
func benchName(r *Record) string {
	name := r.Test.Name
	if name == "" {
		name = r.Name
	}
	for _, prefix := range []string{"Test", "Benchmark"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if r.Test.Name != "" && r.Name != r.Test.Name && r.Name != "" && r.Trial.Alone() {
		name += "/" + r.Name
	}
	name = strings.Join(strings.Fields(oneLine(name, widest)), "_")
	if name == "" {
		name = "Run"
	}
	if first := name[:1]; first >= "a" && first <= "z" {
		name = strings.ToUpper(first) + name[1:]
	}
	return "Benchmark" + name
}

func first(s, sep string) string { head, _, _ := strings.Cut(s, sep); return head }

func second(s, sep string) string { _, rest, _ := strings.Cut(s, sep); return rest }
