package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed report.html.tmpl
var pageSource string

// pageTemplate escapes by context; the page has no other way to put text in.
var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"nameless": nameless, "clock": clock, "length": length, "tail": tail, "script": scriptElement, "scriptHash": scriptHash,
}).Parse(pageSource))

// HTML writes the record as one file that needs nothing else: no network, and no style
// sheet or script where a viewer forbids them. A script adds values under the pointer
// and zoom. The file holds the record itself, so that
// [Read] reads it back. A record that JSON cannot hold is shown without that part.
func (r *Record) HTML(w io.Writer) error {
	data, err := embed(r)
	p := newPage(r.visible())
	if err != nil {
		p.Broken = visibleText(err.Error())
	}
	p.Data = data
	buffered := bufio.NewWriterSize(w, 64<<10)
	if err := pageTemplate.Execute(buffered, p); err != nil {
		return fmt.Errorf("write report of %q: %w", r.Name, err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write report of %q: %w", r.Name, err)
	}
	return nil
}

// page is what the template shows, in the order of the page. All of it is text that is
// ready to be read.
type page struct {
	*Record
	Outcome  outcome
	Start    string
	Headline string
	Culprit  *siteRow // the call site that grew most; nil if none did
	Most     bool     // it has more than half of what grew
	Facts    []fact
	Charts   []*chart
	Leaking  bool
	Fatal    []Finding
	Alarms   []alarmRow
	Mappings []alarmRow // at the last alarm
	Unmapped string     // why there is none at some alarm
	Sites    []*siteRow
	Waiting  []heap.GoroutineGrowth
	More     int // sites that are not shown
	NoSites  string
	Flame    *flame
	Causes   []causeRow
	Still    string // causes that did not grow
	Margins  bool   // some rule has one
	Again    string
	LoadRows []fact
	Warnings []Finding
	Source   []fact
	Phases   []phaseRow
	Looked   bool     // some phase has figures of processes
	Gaps     []gapRow // times without samples
	MoreGaps int      // that are not shown
	Env      []fact
	Compare  string
	Broken   string    // why the record is not embedded
	Data     *embedded // the record itself
}

type fact struct{ Name, Value string }

func newPage(r *Record) *page {
	p := &page{
		Record: r, Outcome: r.outcome(), Start: r.started(), Headline: upperFirst(r.headline()), Culprit: r.culprit(), Most: r.mostOfIt(), Facts: r.keyFacts(),
		Leaking: r.Trend.Verdict == leak.Leaking, Margins: slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Margin != "" }), Again: r.AgainCommand(), Waiting: notable(r.Goroutines),
		LoadRows: r.loadFacts(), Source: r.sourceFacts(), Env: r.envFacts(), Compare: r.PprofCommand(),
	}
	p.Phases, p.Looked = r.phaseRows()
	p.Gaps, p.MoreGaps = r.gapRows()
	causes, still := r.causeRows()
	p.Causes, p.Still = causes, strings.Join(still, ", ")
	for _, narrow := range []bool{false, true} {
		if c := newChart(r, narrow); c != nil {
			p.Charts = append(p.Charts, c)
		}
	}
	for _, f := range r.Notes {
		f.Logs = lastLines(f.Logs)
		if f.Fatal || f.Kind == OOMKilled {
			p.Fatal = append(p.Fatal, f)
		} else {
			p.Warnings = append(p.Warnings, f)
		}
	}
	p.Alarms, p.Mappings, p.Unmapped = r.alarmRows()
	p.addSites(r)
	p.Flame = newFlame(r.Retained)
	return p
}

const (
	mostSites = 20       // rows of the table of call sites
	mostLogs  = 16 << 10 // bytes shown of a log,
	logsAhead = 6        // and its lines shown ahead of the picture
)

func (p *page) addSites(r *Record) {
	shown := r.Growth[:min(mostSites, len(r.Growth))]
	for _, s := range shown {
		p.Sites = append(p.Sites, newSiteRow(s))
	}
	p.More = len(r.Growth) - len(shown)
	switch {
	case len(r.Growth) > 0:
	case len(r.Heaps) < 2:
		p.NoSites = "Not known: no two heap profiles of the target were taken. A target that serves net/http/pprof has them."
	default:
		p.NoSites = "No call site holds more than before, as far as heap profiles show."
	}
}

// culprit is the call site that grew most, where memory grew.
func (r *Record) culprit() *siteRow {
	if len(r.Growth) == 0 || r.Growth[0].Bytes <= 0 || r.Trend.Verdict == leak.Steady {
		return nil
	}
	return newSiteRow(r.Growth[0])
}

// mostOfIt tells whether the call site that grew most has more than half of what grew.
func (r *Record) mostOfIt() bool {
	var all float64
	for _, s := range r.Growth {
		bytes, _ := whole(s)
		all += max(0, float64(bytes))
	}
	if len(r.Growth) == 0 {
		return false
	}
	first, _ := whole(r.Growth[0])
	return float64(first) > all/2
}

// keyFacts are the numbers a reader wants first.
func (r *Record) keyFacts() []fact {
	var facts []fact
	switch t := r.Trend; {
	case t.Verdict == leak.Steady:
		facts = append(facts, fact{"growth", "< " + Bytes(t.Bound) + "/request"})
	case t.PerRequest.Points > 0:
		name := "growth"
		if interval := intervalInWords(t.PerRequest); interval != "" {
			name += ", " + interval
		}
		facts = append(facts, fact{name, SignedBytes(t.PerRequest.Value) + "/request"})
	}
	if o := r.Trend.Onset; o.Found() {
		facts = append(facts, fact{"from " + clock(o.At) + " on", SignedBytes(o.PerRequest.Value) + "/request"})
	}
	if f := r.floorsDuring(Load); len(f) > 1 {
		size, unit := sizes(f[0].Live(), f[len(f)-1].Live())
		facts = append(facts, fact{"live heap after GC", strings.Join(size, " → ") + " " + unit})
	}
	if len(r.Samples) > 0 {
		peak := MiB(r.Samples.Peak().WorkingSet)
		if r.Env.Limit > 0 {
			peak += fmt.Sprintf(" of %s", MiB(r.Env.Limit))
		}
		facts = append(facts, fact{"peak working set", peak})
	}
	if r.Load.Requests > 0 {
		facts = append(facts, fact{"load", fmt.Sprintf("%s for %s", rateInWords(r.Load.Rate), length(r.Load.Duration))})
	}
	return facts
}

func (r *Record) loadFacts() []fact {
	l := r.Load
	if l.Requests == 0 {
		return nil
	}
	codes := make([]string, 0, len(l.Codes))
	for _, code := range slices.Sorted(maps.Keys(l.Codes)) {
		name := code
		if code == "0" {
			name = "no answer"
		}
		codes = append(codes, name+": "+Count(l.Codes[code]))
	}
	facts := []fact{
		{"requests", fmt.Sprintf("%s in %s", Count(l.Requests), length(l.Duration))},
		{"rate", rateInWords(l.Rate)},
		{"answered well", percent(l.Success)},
		{"latency", fmt.Sprintf("mean %s, p50 %s, p90 %s, p95 %s, p99 %s, max %s", latency(l.Latency.Mean), latency(l.Latency.P50),
			latency(l.Latency.P90), latency(l.Latency.P95), latency(l.Latency.P99), latency(l.Latency.Max))},
		{"status codes", strings.Join(codes, ", ")},
		{"bodies", fmt.Sprintf("%s received, %s sent", MiB(l.BytesIn), MiB(l.BytesOut))},
	}
	if l.Planned > 0 {
		facts[1].Value += fmt.Sprintf(" of %s planned (%.0f%%)", rateInWords(l.Planned), 100*l.Rate/l.Planned)
	}
	return facts
}

func (r *Record) envFacts() []fact {
	e := r.Env
	limit, cpus := "none", "no quota"
	if e.Limit > 0 {
		limit = MiB(e.Limit)
	}
	if e.CPUs > 0 {
		cpus = fmt.Sprintf("%g cores", e.CPUs)
	}
	return written(
		fact{"target", e.Target}, fact{"image", e.Image}, fact{"address", e.Address}, fact{"memory limit", limit}, fact{"CPU quota", cpus},
		fact{"environment variables", strings.Join(e.EnvNames, ", ")}, fact{"garbage collector", e.GC}, fact{"Go of the target", e.TargetGo},
		fact{"engine", e.Engine}, fact{"cgroup", e.Cgroup}, fact{"kernel", e.Kernel}, fact{"CPU", e.CPU}, fact{"transparent huge pages", e.THP},
		fact{"Go of the test", e.Go}, fact{"platform", e.OS}, fact{"git commit", e.GitCommit},
		fact{"started", r.started()},
	)
}

// written is the facts that are known.
func written(facts ...fact) []fact {
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// started is the record's start in UTC, so that the same record gives the same page
// everywhere.
func (r *Record) started() string {
	if r.Started.IsZero() {
		return ""
	}
	return r.Started.UTC().Format("2006-01-02 15:04:05 UTC")
}

// lastLines is the end of a log, from the start of a line.
func lastLines(log string) string {
	if len(log) > mostLogs {
		log = log[len(log)-mostLogs:]
		if _, whole, found := strings.Cut(log, "\n"); found {
			log = whole
		}
	}
	return strings.ToValidUTF8(strings.TrimRight(log, "\n"), "")
}

// tail is the last few lines of a log.
func tail(log string) string {
	lines := strings.Split(log, "\n")
	return strings.Join(lines[max(0, len(lines)-logsAhead):], "\n")
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Length is how long the phase took.
func (p Phase) Length() time.Duration { return p.To - p.From }
