package page

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/chart"
	"github.com/memgate/memgate/internal/embedded"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/theme"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

//go:embed report.html.tmpl
var pageSource string

// pageTemplate escapes by context; the page has no other way to put text in.
var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"style": theme.CSS, "share": tell.Share, "retained": tell.RetainedPath, "clock": words.Clock, "length": words.Length, "tail": tail, "script": scriptElement, "scriptHash": scriptHash,
}).Parse(pageSource))

// HTML writes the record as one file that needs nothing else: no network, and no style
// sheet or script where a viewer forbids them. A script adds values under the pointer
// and zoom. The file holds the record itself, so that
// [report.Read] reads it back. A record that JSON cannot hold is shown without that part.
func HTML(w io.Writer, r *report.Record) error {
	data, err := embedded.Pack(r.JSON)
	p := newPage(r.Visible())
	if err != nil {
		p.Broken = text.Visible(err.Error())
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
	*report.Record
	Outcome  report.Outcome
	Start    string
	Headline string
	Culprit  *tell.SiteRow // the call site that grew most; nil if none did
	Most     bool          // it has more than half of what grew
	Facts    []fact
	Charts   []*chart.Chart
	Leaking  bool
	Fatal    []report.Finding
	Alarms   []alarmRow
	Mappings []alarmRow // at the last alarm
	Unmapped string     // why there is none at some alarm
	Sites    []*tell.SiteRow
	Waiting  []heap.GoroutineGrowth
	More     int // sites that are not shown
	NoSites  string
	Flame    *chart.Flame
	Causes   []causeRow
	Still    string // causes that did not grow
	Margins  bool   // some rule has one
	Again    string
	LoadRows []fact
	Warnings []report.Finding
	Source   []fact
	Phases   []phaseRow
	Looked   bool     // some phase has figures of processes
	Gaps     []gapRow // times without samples
	MoreGaps int      // that are not shown
	Env      []fact
	Compare  string
	Broken   string         // why the record is not embedded
	Data     *embedded.Data // the record itself
}

type fact struct{ Name, Value string }

func newPage(r *report.Record) *page {
	p := &page{
		Record: r, Outcome: r.Outcome(), Start: r.Start(), Headline: text.UpperFirst(tell.Headline(r)), Culprit: culprit(r), Most: mostOfIt(r), Facts: keyFacts(r),
		Leaking: r.Trend.Verdict == leak.Leaking, Margins: slices.ContainsFunc(r.Checks, func(c report.Check) bool { return c.Margin != "" }), Again: tell.AgainCommand(r), Waiting: tell.Notable(r.Goroutines),
		LoadRows: loadFacts(r), Source: sourceFacts(r), Env: envFacts(r), Compare: tell.PprofCommand(r),
	}
	p.Phases, p.Looked = phaseRows(r)
	p.Gaps, p.MoreGaps = gapRows(r)
	causes, still := causeRows(r)
	p.Causes, p.Still = causes, strings.Join(still, ", ")
	for _, narrow := range []bool{false, true} {
		if c := chart.New(r, narrow); c != nil {
			p.Charts = append(p.Charts, c)
		}
	}
	for _, f := range r.Notes {
		f.Logs = lastLines(f.Logs)
		if f.Fatal || f.Kind == report.OOMKilled {
			p.Fatal = append(p.Fatal, f)
		} else {
			p.Warnings = append(p.Warnings, f)
		}
	}
	p.Alarms, p.Mappings, p.Unmapped = alarmRows(r)
	p.addSites(r)
	p.Flame = chart.NewFlame(r.Retained)
	return p
}

const (
	mostSites = 20       // rows of the table of call sites
	mostLogs  = 16 << 10 // bytes shown of a log,
	logsAhead = 6        // and its lines shown ahead of the picture
)

func (p *page) addSites(r *report.Record) {
	shown := r.Sites[:min(mostSites, len(r.Sites))]
	for _, s := range shown {
		p.Sites = append(p.Sites, tell.NewSiteRow(s))
	}
	p.More = len(r.Sites) - len(shown)
	switch {
	case len(r.Sites) > 0:
	case len(r.HeapProfiles) < 2:
		p.NoSites = "Not known: no two heap profiles of the target were taken. " + r.Env.Runtime.OrGo().Profiles
	default:
		p.NoSites = "No call site holds more than before, as far as heap profiles show."
	}
}

// culprit returns the call site that grew most, where memory grew.
func culprit(r *report.Record) *tell.SiteRow {
	if len(r.Sites) == 0 || r.Sites[0].Bytes <= 0 || r.Trend.Verdict == leak.Steady {
		return nil
	}
	return tell.NewSiteRow(r.Sites[0])
}

// mostOfIt tells whether the call site that grew most has more than half of what grew.
func mostOfIt(r *report.Record) bool {
	var all float64
	for _, s := range r.Sites {
		bytes, _ := s.Whole()
		all += max(0, float64(bytes))
	}
	if len(r.Sites) == 0 {
		return false
	}
	first, _ := r.Sites[0].Whole()
	return float64(first) > all/2
}

// keyFacts returns the numbers a reader wants first.
func keyFacts(r *report.Record) []fact {
	var facts []fact
	switch t := r.Trend; {
	case t.Verdict == leak.Steady:
		facts = append(facts, fact{"growth", "< " + words.Bytes(t.Bound) + "/request"})
	case t.PerRequest.Points > 0:
		name := "growth"
		if interval := tell.Interval(t.PerRequest); interval != "" {
			name += ", " + interval
		}
		facts = append(facts, fact{name, words.SignedBytes(t.PerRequest.Value) + "/request"})
	}
	if o := r.Trend.Onset; o.Found() {
		facts = append(facts, fact{"from " + words.Clock(o.At) + " on", words.SignedBytes(o.PerRequest.Value) + "/request"})
	}
	if f := r.LiveHeapsDuring(report.Load); len(f) > 1 {
		size, unit := words.Sizes(f[0].Live(), f[len(f)-1].Live())
		facts = append(facts, fact{"live heap after GC", strings.Join(size, " → ") + " " + unit})
	}
	if len(r.Samples) > 0 {
		peak := words.MiB(r.Samples.Peak().WorkingSet)
		if r.Env.Limit > 0 {
			peak += fmt.Sprintf(" of %s", words.MiB(r.Env.Limit))
		}
		facts = append(facts, fact{"peak working set", peak})
	}
	if r.Load.Requests > 0 {
		facts = append(facts, fact{"load", fmt.Sprintf("%s for %s", words.Rate(r.Load.Rate), words.Length(r.Load.Duration))})
	}
	return facts
}

func loadFacts(r *report.Record) []fact {
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
		codes = append(codes, name+": "+words.Count(l.Codes[code]))
	}
	facts := []fact{
		{"requests", fmt.Sprintf("%s in %s", words.Count(l.Requests), words.Length(l.Duration))},
		{"rate", words.Rate(l.Rate)},
		{"successful responses", words.Percent(l.Success)},
		{"latency", fmt.Sprintf("mean %s, p50 %s, p90 %s, p95 %s, p99 %s, max %s", words.Latency(l.Latency.Mean), words.Latency(l.Latency.P50),
			words.Latency(l.Latency.P90), words.Latency(l.Latency.P95), words.Latency(l.Latency.P99), words.Latency(l.Latency.Max))},
		{"status codes", strings.Join(codes, ", ")},
		{"bodies", fmt.Sprintf("%s received, %s sent", words.MiB(l.BytesIn), words.MiB(l.BytesOut))},
	}
	if l.Planned > 0 {
		facts[1].Value += fmt.Sprintf(" of %s planned (%.0f%%)", words.Rate(l.Planned), 100*l.Rate/l.Planned)
	}
	return facts
}

func envFacts(r *report.Record) []fact {
	e, runtime := r.Env, r.Env.Runtime.OrGo()
	limit, cpus := "none", "no quota"
	if e.Limit > 0 {
		limit = words.MiB(e.Limit)
	}
	if e.CPUs > 0 {
		cpus = fmt.Sprintf("%g cores", e.CPUs)
	}
	return written(
		fact{"target", e.Target}, fact{"image", e.Image}, fact{"address", e.Address}, fact{"memory limit", limit}, fact{"CPU quota", cpus},
		fact{"environment variables", strings.Join(e.EnvNames, ", ")}, fact{"garbage collector", runtime.Settings}, fact{runtime.Name + " of the target", runtime.Version},
		fact{"engine", e.Engine}, fact{"cgroup", e.Cgroup}, fact{"kernel", e.Kernel}, fact{"CPU", e.CPU}, fact{"transparent huge pages", e.THP},
		fact{"Go of the test", e.Go}, fact{"platform", e.OS}, fact{"git commit", e.GitCommit},
		fact{"started", r.Start()},
	)
}

// written returns the facts that are known.
func written(facts ...fact) []fact {
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// lastLines returns the end of a log, from the start of a line.
func lastLines(log string) string {
	if len(log) > mostLogs {
		log = log[len(log)-mostLogs:]
		if _, whole, found := strings.Cut(log, "\n"); found {
			log = whole
		}
	}
	return strings.ToValidUTF8(strings.TrimRight(log, "\n"), "")
}

// tail returns the last few lines of a log.
func tail(log string) string {
	lines := strings.Split(log, "\n")
	return strings.Join(lines[max(0, len(lines)-logsAhead):], "\n")
}
