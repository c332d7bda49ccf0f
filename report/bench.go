package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/memgate/memgate/internal/text"
)

// Bench writes the record in Go's benchmark format, a line for one run, for benchstat:
// runs of one test that are put into one file after another are samples of it, and
// trials of all variants bear the test's name alone, to be compared. Sizes are in bytes. Commit and image are left out: benchstat compares only runs of which all
// that is configured is the same.
//
//	benchstat old.txt new.txt
func (r *Record) Bench(w io.Writer) error {
	v := r.Visible()
	b := bufio.NewWriter(w)
	for _, c := range [][2]string{{"goos", first(v.Env.OS, "/")}, {"goarch", second(v.Env.OS, "/")}, {"pkg", v.Test.Package}, {"cpu", v.Env.CPU}} {
		if c[1] != "" {
			fmt.Fprintf(b, "%s: %s\n", c[0], text.OneLine(c[1], text.Widest))
		}
	}
	figures := r.Figures()
	for _, f := range figures {
		fmt.Fprintf(b, "Unit %s better=%s\n", f.Metric, f.better())
	}
	if len(figures) > 0 { // a line without any would be no benchmark's
		fmt.Fprintf(b, "%s %d", benchName(v), max(r.Load.Requests, 1))
		for _, f := range figures {
			fmt.Fprintf(b, " %s %s", strconv.FormatFloat(f.Value, 'g', 12, 64), f.Metric)
		}
		b.WriteByte('\n')
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write benchmark of %q: %w", r.Name, err)
	}
	return nil
}

// benchName returns the test's name as a benchmark has it: BenchmarkOrders/warm.
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
	name = strings.Join(strings.Fields(text.OneLine(name, text.Widest)), "_")
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
