package baseline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/words"
)

// Bytes returns the file as it is written; the same file gives the same bytes.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	f.writeHead(&b)
	f.writeTrials(&b)
	f.writeNoise(&b)
	for _, c := range f.History {
		fmt.Fprintf(&b, "%s%s\n", changePrefix, c)
	}
	b.WriteString(checksumPrefix + checksum(b.Bytes()) + "\n")
	return b.Bytes()
}

// Beginnings of the lines that benchstat skips.
const (
	versionPrefix  = "# memtest-baseline: "
	recordedPrefix = "# recorded: "
	kernelPrefix   = "# kernel: "
	cgroupPrefix   = "# cgroup: "
	thpPrefix      = "# thp: "
	enginePrefix   = "# engine: "
	limitPrefix    = "# limit: "
	medianPrefix   = "# median: "
	noisePrefix    = "# noise: "
	changePrefix   = "# change: "
	checksumPrefix = "# checksum: sha256:"
)

func (f *File) writeHead(b *bytes.Buffer) {
	fmt.Fprintf(b, "%s%d\n", versionPrefix, Version)
	fmt.Fprintf(b, "%s%s %s\n", recordedPrefix, f.When.UTC().Format(time.RFC3339), orNone(f.Commit))
	limit := none
	if f.Class.Limit > 0 {
		limit = fmt.Sprintf("%d (%s)", f.Class.Limit, words.MiB(f.Class.Limit))
	}
	for _, part := range [][2]string{
		{kernelPrefix, f.Class.Kernel}, {cgroupPrefix, f.Class.Cgroup}, {thpPrefix, f.Class.THP},
		{enginePrefix, f.Class.Engine}, {limitPrefix, limit},
	} {
		fmt.Fprintf(b, "%s%s\n", part[0], orNone(part[1]))
	}
	goos, goarch, _ := strings.Cut(f.Class.OS, "/")
	for _, c := range [][2]string{{"goos", goos}, {"goarch", goarch}, {"pkg", f.Package}, {"cpu", f.Class.CPU}} {
		if c[1] != "" {
			fmt.Fprintf(b, "%s: %s\n", c[0], c[1])
		}
	}
}

func (f *File) writeTrials(b *bytes.Buffer) {
	for _, figure := range f.Figures {
		better := "lower"
		if figure.More {
			better = "higher"
		}
		fmt.Fprintf(b, "Unit %s better=%s\n", figure.Metric, better)
	}
	for i, requests := range f.Requests {
		fmt.Fprintf(b, "Benchmark%s %d", f.Name, requests)
		for _, figure := range f.Figures {
			if i < len(figure.Values) {
				// benchfmt.Writer would write 33554432 as 3.3554432e+07.
				fmt.Fprintf(b, " %s %s", strconv.FormatFloat(figure.Values[i], 'g', 12, 64), figure.Metric)
			}
		}
		b.WriteByte('\n')
	}
}

// writeNoise writes the medians for the reader of a review, and what is known of their noise.
func (f *File) writeNoise(b *bytes.Buffer) {
	for _, figure := range f.Figures {
		if len(figure.Values) > 0 {
			fmt.Fprintf(b, "%s%s %s of %d\n", medianPrefix, figure.Metric, quantity(figure.Metric, figure.Median()), len(figure.Values))
		}
	}
	for _, figure := range f.Figures {
		if rounded(figure.Metric, figure.Noise) > 0 {
			fmt.Fprintf(b, "%s%s %s\n", noisePrefix, figure.Metric, quantity(figure.Metric, figure.Noise))
		}
	}
}

// String returns the change as it stands in the file:
// "2026-11-22 220507cab123 peak-B 28.100 MiB -> 31.200 MiB +11.0% accepted".
func (c Change) String() string {
	from, to := rounded(c.Metric, c.From), rounded(c.Metric, c.To)
	return fmt.Sprintf("%s %s %s %s -> %s %s %s", c.When.UTC().Format(time.DateOnly), orNone(c.Commit), c.Metric,
		quantity(c.Metric, from), quantity(c.Metric, to), percent(c.Metric, from, to), c.Why)
}

func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
