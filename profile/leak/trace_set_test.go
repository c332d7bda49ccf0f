package leak

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// labelled is a recording of known outcome.
type labelled struct {
	set, file, label, kind string
	perRequest             float64 // the true leak, in bytes; NaN where it is not known
	evidence               Evidence
}

func (r labelled) String() string { return r.set + "/" + r.file }

func (r labelled) probed() bool { return len(r.evidence.LiveHeaps) >= fewestLive }

// leaked is how much leaked in the window, in bytes.
func (r labelled) leaked() float64 {
	requests, _ := r.evidence.completed()
	return r.perRequest * requests
}

// recordings is every labelled recording, read once.
var recordings = sync.OnceValues(func() (all []labelled, err error) {
	for _, set := range []string{"objects", "real", "synthetic"} {
		runs, err := readArchive(set)
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	return all, nil
})

func readArchive(set string) ([]labelled, error) {
	f, err := os.Open(filepath.Join("testdata", "traces", set+".tar.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(unzipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		files[path.Base(h.Name)] = content
	}
	return label(set, files)
}

func label(set string, files map[string][]byte) ([]labelled, error) {
	rows, err := csv.NewReader(bytes.NewReader(files["labels.csv"])).ReadAll()
	if err != nil {
		return nil, err
	}
	columns := map[string]int{}
	for i, name := range rows[0] {
		columns[name] = i
	}
	var all []labelled
	for _, row := range rows[1:] {
		cell := func(name string) string { return row[columns[name]] }
		truth := cell("nominal_leak_bytes_per_req")
		if set == "synthetic" {
			truth = cell("leak_bytes_per_req")
		}
		run := labelled{set: set, file: cell("file"), label: cell("label"), kind: cell("kind")}
		if run.perRequest, err = strconv.ParseFloat(truth, 64); err != nil {
			return nil, err
		}
		if run.evidence, err = ReadTrace(bytes.NewReader(files[run.file])); err != nil {
			return nil, err
		}
		all = append(all, run)
	}
	return all, nil
}

// said is what the reference says of a recording.
type said struct {
	File      string
	Verdict   Verdict
	Slope     *float64 `json:"bytes_per_request"`
	Lo, Hi    *float64
	Bound     *float64
	PerObject *float64 `json:"objects_per_request"`
}

func reference(t *testing.T) map[string]said {
	f, err := os.Open(filepath.Join("testdata", "traces", "reference.jsonl.gz"))
	require.NoError(t, err)
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	require.NoError(t, err)
	all := map[string]said{}
	for d := json.NewDecoder(unzipped); ; {
		var s said
		err := d.Decode(&s)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all[s.File] = s
	}
}
