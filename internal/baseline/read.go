package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/perf/benchfmt"

	"github.com/memgate/memgate/report"
)

// fault is what is wrong with a file, and in which line.
type fault struct {
	line int
	text string
}

func faultAt(line int, format string, args ...any) error {
	return &fault{line, fmt.Sprintf(format, args...)}
}

func (f *fault) Error() string { return fmt.Sprintf("line %d: %s", f.line, f.text) }

// Parse reads a baseline file. It takes what Bytes writes, with LF or CRLF at the ends of
// lines, and nothing else: what was cut short, merged or edited is an error that names
// the line and the remedy.
func Parse(name string, data []byte) (*File, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read baseline %s: %w: restore the file from git, or delete it and record anew with MEMTEST_UPDATE=1", name, err)
	}
	return f, nil
}

func parse(data []byte) (*File, error) {
	if len(data) > mostBytes {
		return nil, faultAt(1, "%d bytes, a baseline has %d at most", len(data), mostBytes)
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if err := intact(lines); err != nil {
		return nil, err
	}
	f := &File{}
	if err := f.readOwn(lines); err != nil {
		return nil, err
	}
	if err := f.readTrials(lines); err != nil {
		return nil, err
	}
	if err := f.complete(len(lines)); err != nil {
		return nil, err
	}
	return f, f.sameAs(lines)
}

// intact looks for what shows that lines came or went since the file was written.
func intact(lines []string) error {
	for i, s := range lines {
		for _, mark := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
			if strings.HasPrefix(s, mark) {
				return faultAt(i+1, "merge conflict (%s): take one side's file whole", mark)
			}
		}
		if len(s) > longestLine {
			return faultAt(i+1, "%d bytes, a line has %d at most", len(s), longestLine)
		}
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			return faultAt(i+1, "not text: it has control characters, or is not UTF-8")
		}
	}
	if err := version(lines[0]); err != nil {
		return err
	}
	for i, s := range lines {
		if strings.HasPrefix(s, checksumPrefix) && i < len(lines)-1 {
			return faultAt(i+2, "there is more after the checksum (line %d)", i+1)
		}
	}
	if n := len(lines); !strings.HasPrefix(lines[n-1], checksumPrefix) {
		return faultAt(n, "the file ends without its checksum: it was cut off")
	}
	return nil
}

func version(first string) error {
	text, ok := strings.CutPrefix(first, versionPrefix)
	switch v, err := strconv.Atoi(text); {
	case !ok || err != nil:
		return faultAt(1, "not a baseline: it begins with %q, not with %q", cut(first), fmt.Sprint(versionPrefix, Version))
	case v != Version:
		return faultAt(1, "version %d of the format, and this memgate knows version %d: update memgate", v, Version)
	}
	return nil
}

// cut returns the beginning of a line, for a message.
func cut(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// readOwn reads the lines that benchstat skips. That they are all there, once and in
// their order, is found by writing the file again.
func (f *File) readOwn(lines []string) error {
	for i, s := range lines {
		if err := f.readLine(s); err != nil {
			return faultAt(i+1, "%s", err)
		}
	}
	return nil
}

func (f *File) readLine(s string) error {
	for prefix, part := range map[string]*string{
		kernelPrefix: &f.Class.Kernel, cgroupPrefix: &f.Class.Cgroup, thpPrefix: &f.Class.THP, enginePrefix: &f.Class.Engine,
	} {
		if text, ok := strings.CutPrefix(s, prefix); ok && text != none {
			*part = text
		}
	}
	if text, ok := strings.CutPrefix(s, recordedPrefix); ok {
		return f.readRecorded(text)
	}
	if text, ok := strings.CutPrefix(s, limitPrefix); ok && text != none {
		number, _, _ := strings.Cut(text, " ")
		limit, err := strconv.ParseUint(number, 10, 64)
		if err != nil || limit == 0 {
			return fmt.Errorf("memory limit %q is not a number of bytes", cut(number))
		}
		f.Class.Limit = limit
	}
	if text, ok := strings.CutPrefix(s, changePrefix); ok {
		change, err := parseChange(text)
		if err != nil {
			return err
		}
		f.History = append(f.History, change)
	}
	return nil
}

func (f *File) readRecorded(text string) error {
	when, commit, _ := strings.Cut(text, " ")
	t, err := time.Parse(time.RFC3339, when)
	if err != nil {
		return fmt.Errorf("%q is no time such as 2026-11-22T20:00:00Z", cut(when))
	}
	f.When = t
	if commit != none {
		f.Commit = commit
	}
	return nil
}

func parseChange(text string) (Change, error) {
	p := strings.Split(text, " ")
	if len(p) != 10 || p[5] != "->" {
		return Change{}, fmt.Errorf("%q is no change such as 2026-11-22 none peak-B 28.100 MiB -> 31.200 MiB +11.0%% accepted", cut(text))
	}
	when, err := time.Parse(time.DateOnly, p[0])
	if err != nil {
		return Change{}, fmt.Errorf("%q is no day such as 2026-11-22", p[0])
	}
	c := Change{When: when, Metric: report.Metric(p[2]), Why: Why(p[9])}
	if p[1] != none {
		c.Commit = p[1]
	}
	if c.Why != Accepted && c.Why != Tightened {
		return Change{}, fmt.Errorf("a change is accepted or tightened, not %q", p[9])
	}
	if c.From, err = quantityOf(c.Metric, p[3], p[4]); err != nil {
		return Change{}, err
	}
	c.To, err = quantityOf(c.Metric, p[6], p[7])
	return c, err
}

// readTrials reads the lines in Go benchmark format, then what is known of their noise.
func (f *File) readTrials(lines []string) error {
	if err := f.addBenchmarks(benchfmt.NewReader(strings.NewReader(strings.Join(lines, "\n")), "baseline"), mostTrials); err != nil {
		return err
	}
	config := map[string]string{}
	for i, s := range lines {
		if key, value, ok := strings.Cut(s, ": "); ok && slices.Contains([]string{"goos", "goarch", "cpu"}, key) {
			config[key] = value
		}
		text, ok := strings.CutPrefix(s, noisePrefix)
		if !ok {
			continue
		}
		p := strings.Split(text, " ")
		figure := f.Figure(report.Metric(p[0]))
		if figure == nil || len(p) != 3 {
			return faultAt(i+1, "%q is no noise of a figure above, such as peak-B 0.250 MiB", cut(text))
		}
		noise, err := quantityOf(report.Metric(p[0]), p[1], p[2])
		if err != nil || noise <= 0 {
			return faultAt(i+1, "noise %q is not more than 0", cut(text))
		}
		figure.Noise = noise
	}
	f.Class.CPU = config["cpu"]
	if config["goos"] != "" {
		f.Class.OS = config["goos"] + "/" + config["goarch"]
	}
	return nil
}

func (f *File) complete(last int) error {
	if len(f.Requests) == 0 {
		return faultAt(last, "no trials")
	}
	for _, figure := range f.Figures {
		if len(figure.Values) == 0 {
			return faultAt(last, "no trial has the figure %s", figure.Metric)
		}
	}
	return nil
}

// sameAs compares the file, written again, with the lines that it was read from: what was
// not understood, is there twice or in another place shows there. Then the checksum.
func (f *File) sameAs(lines []string) error {
	again := strings.Split(strings.TrimSuffix(string(f.Bytes()), "\n"), "\n")
	above := len(lines) - 1
	for i := range above {
		if i >= len(again)-1 || lines[i] != again[i] {
			return faultAt(i+1, "%q does not belong there", cut(lines[i]))
		}
	}
	if len(again) != len(lines) {
		return faultAt(above, "a line is missing after this one")
	}
	if lines[above] != again[above] {
		return faultAt(above+1, "the checksum is not that of the lines above: they were changed by hand or by accident")
	}
	return nil
}
