package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/profile"
)

// OpenMetrics writes what a scrape at the end of the measured load would have shown,
// under the names that cAdvisor gives to a container's figures, and the run's own
// figures as memgate_*. Sizes are in bytes. The text is also valid in Prometheus' older
// format, so no sample carries a time: the two write it in different units.
func (r *Record) OpenMetrics(w io.Writer) error {
	b := bufio.NewWriter(w)
	v := r.Visible()
	labels := fmt.Sprintf(`{name="%s",image="%s"}`, labelValue(v.Name), labelValue(v.Env.Image))
	gauge := func(name, help string, value float64) {
		if stats.Finite(value) {
			fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s gauge\n%s%s %s\n", name, help, name, name, labels, strconv.FormatFloat(value, 'g', -1, 64))
		}
	}
	if s, ok := r.scraped(); ok {
		for _, f := range cadvisor {
			if value, ok := s.Value(f.figure); ok {
				gauge(f.name, f.help, float64(value))
			}
		}
	}
	if r.Env.Limit > 0 {
		gauge("container_spec_memory_limit_bytes", "Memory limit for the container.", float64(r.Env.Limit))
	}
	r.ownMetrics(gauge)
	b.WriteString("# EOF\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write metrics of %q: %w", r.Name, err)
	}
	return nil
}

// cadvisor is the names of cAdvisor's gauges of memory.
var cadvisor = []struct {
	figure     profile.Field
	name, help string
}{
	{profile.Usage, "container_memory_usage_bytes", "Current memory usage in bytes, including all memory regardless of when it was accessed."},
	{profile.WorkingSet, "container_memory_working_set_bytes", "Current working set in bytes."},
	{profile.Anon, "container_memory_rss", "Size of RSS in bytes."},
	{profile.File, "container_memory_cache", "Number of bytes of page cache memory."},
	{profile.ActiveFile, "container_memory_total_active_file_bytes", "Current total active file in bytes."},
	{profile.InactiveFile, "container_memory_total_inactive_file_bytes", "Current total inactive file in bytes."},
	{profile.Kernel, "container_memory_kernel_usage", "Size of kernel memory allocated in bytes."},
	{profile.Swap, "container_memory_swap", "Container swap usage in bytes."},
	{profile.PeakUsage, "container_memory_max_usage_bytes", "Maximum memory usage recorded in bytes."},
}

// scraped returns the last sample of the measured load, or of the run.
func (r *Record) scraped() (profile.Sample, bool) {
	s := r.During(Load)
	if len(s) == 0 {
		s = r.Samples
	}
	if len(s) == 0 {
		return profile.Sample{}, false
	}
	return s[len(s)-1], true
}

func (r *Record) ownMetrics(gauge func(name, help string, value float64)) {
	passes := 0.0
	if r.Outcome() == Passed {
		passes = 1
	}
	gauge("memgate_passed", "1 if all rules were kept.", passes)
	if len(r.Samples) > 0 {
		gauge("memgate_working_set_peak_bytes", "Highest working set of the run.", float64(r.Samples.Peak().WorkingSet))
	}
	if t := r.Trend.PerRequest; t.Points > 0 {
		gauge("memgate_growth_bytes_per_request", "Growth of memory with each request.", t.Value)
		if t.Interval() {
			gauge("memgate_growth_low_bytes_per_request", "Lower end of the 95% interval of growth.", t.Lo)
			gauge("memgate_growth_high_bytes_per_request", "Upper end of the 95% interval of growth.", t.Hi)
		}
	}
	if n := len(r.LiveHeaps); n > 0 {
		gauge("memgate_live_heap_bytes", "Live heap and stacks after the last forced collection.", float64(r.LiveHeaps[n-1].Live()))
	}
	if r.Load.Requests > 0 {
		gauge("memgate_requests", "Requests completed in the measured load.", float64(r.Load.Requests))
		gauge("memgate_requests_per_second", "Requests sent in the measured load.", r.Load.Rate)
		gauge("memgate_latency_p99_seconds", "99th percentile of latency in the measured load.", r.Load.Latency.P99.Seconds())
	}
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func labelValue(s string) string { return labelEscapes.Replace(s) }
