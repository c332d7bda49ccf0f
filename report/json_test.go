package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/embedded"
	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/report"
)

func TestJSONRoundTrip(t *testing.T) {
	for _, r := range []*report.Record{fixture.Leaking(), fixture.Healthy(), fixture.Killed(), fixture.Empty(), fixture.Full(t)} {
		t.Run(r.Name, func(t *testing.T) {
			data := fixture.JSON(t, r)
			back, err := report.Read(bytes.NewReader(data))
			require.NoError(t, err)
			assert.Equal(t, fixture.Recorded(r), back)
			assert.Equal(t, string(data), string(fixture.JSON(t, back)), "same record, same bytes")
		})
	}
}

func TestJSONKeys(t *testing.T) {
	data := fixture.JSON(t, fixture.Full(t))
	good := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				if path != ".load.codes" {
					assert.Regexp(t, good, k, "in %s", path)
				}
				walk(path+"."+k, e)
			}
		case []any:
			for _, e := range v {
				walk(path, e)
			}
		}
	}
	var v any
	require.NoError(t, json.Unmarshal(data, &v))
	walk("", v)
	for _, key := range []string{`"schema":2`, `"verdict":"leaking"`, `"per_request"`, `"from_ns"`, `"p99_ns"`, `"heap_alloc"`, `"cpus"`, `"env_names"`, `"git_commit"`, `"allow_inconclusive":true`} {
		assert.Contains(t, string(data), key)
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"Name": "name", "PerRequest": "per_request", "OOMKills": "oom_kills", "P99": "p99", "CPUs": "cpus", "CPU": "cpu", "THP": "thp",
		"NumGC": "num_gc", "NextGC": "next_gc", "OK": "ok", "TargetName": "target_name", "BytesIn": "bytes_in", "WorkingSet": "working_set", "OS": "os",
	} {
		assert.Equal(t, want, report.Snake(name))
	}
}

func TestJSONNamesNumbersItCannotHold(t *testing.T) {
	r := fixture.Leaking()
	r.Trend.PerRequest.Lo = math.NaN()
	assert.ErrorContains(t, r.JSON(&bytes.Buffer{}), "Record.Trend.PerRequest.Lo is NaN")
	r = fixture.Leaking()
	r.Sites[1].PerRequest = math.Inf(1)
	assert.ErrorContains(t, r.JSON(&bytes.Buffer{}), "Record.Sites[1].PerRequest is +Inf")
}

func TestReadRefuses(t *testing.T) {
	whole := string(fixture.JSON(t, fixture.Killed()))
	swap := func(from, to string) string {
		require.Contains(t, whole, from)
		return strings.Replace(whole, from, to, 1)
	}
	for name, c := range map[string]struct{ data, want string }{
		"empty":          {"", "the file is empty"},
		"blank":          {" \n\t", "the file is empty"},
		"not JSON":       {"memory leak in orders", "not JSON"},
		"cut short":      {whole[:len(whole)/2], "not JSON, or cut short, at byte"},
		"more behind":    {whole + "{}", "not JSON"},
		"array":          {"[]", "which is not what it holds"},
		"null":           {"null", `no "schema"`},
		"another's":      {`{"hello":1}`, `no "schema"`},
		"later schema":   {swap(`"schema":2`, `"schema":3`), "schema 3 is not known, only those up to 2 are"},
		"no number":      {swap(`"schema":2`, `"schema":"x"`), `schema "x" is not known, only those up to 2 are`},
		"parts missing":  {`{"schema":1}`, "name, started, phases, load, samples, checks, notes missing"},
		"wrong type":     {swap(`"at_ns":53000000000`, `"at_ns":"soon"`), "processes.at_ns is a string"},
		"NaN":            {swap(`"rate":200`, `"rate":NaN`), "not JSON"},
		"out of range":   {swap(`"rate":200`, `"rate":1e999`), "load.rate"},
		"verdict":        {swap(`"verdict":"inconclusive"`, `"verdict":"fine"`), `"fine"`},
		"no time":        {swap(`"started":"2026`, `"started":"soon`), "parsing time"},
		"phase reversed": {swap(`"from_ns":10000000000`, `"from_ns":99000000000`), "phases[1] lasts from"},
		"deep":           {`{"schema":` + strings.Repeat("[", 1<<20), "not JSON"},
		"objects":        {"[" + strings.Repeat("{},", report.MostObjects+1), "objects are more than"},
		"values":         {`{"samples":{"at_ns":[` + strings.Repeat("0,", report.MostValues+1) + "0]}}", "values are more than"},
		"HTML":           {"<!DOCTYPE html><p>hello", "no record is embedded"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := report.Read(strings.NewReader(c.data))
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, "read record: ")
			assert.Less(t, len(err.Error()), 300, "an error is a line, not a file")
			assert.Nil(t, r)
		})
	}
}

func TestReadRefusesTimeThatGoesBack(t *testing.T) {
	r := fixture.Killed()
	r.Samples[7].At = 0
	_, err := report.Read(bytes.NewReader(fixture.JSON(t, r)))
	assert.ErrorContains(t, err, "samples[7] was taken at 0s, before the one at")
	r = fixture.Killed()
	r.LiveHeaps[3].At = time.Second
	_, err = report.Read(bytes.NewReader(fixture.JSON(t, r)))
	assert.ErrorContains(t, err, "live_heaps[3] was read at 1s, before the one at 12s")
}

func TestReadIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 512 MiB")
	}
	endless := iotest.DataErrReader(zeros{})
	_, err := report.Read(endless)
	assert.ErrorContains(t, err, "larger than 256 MiB")

	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err = io.CopyN(zip, zeros{}, report.LargestRecord+1)
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	bomb := fmt.Sprintf(`<!DOCTYPE html>%s{"encoding":%q,"record":%q}</script>`, embedded.Marker, embedded.Encoding, base64.RawURLEncoding.EncodeToString(packed.Bytes()))
	require.Less(t, len(bomb), 1<<20)
	_, err = report.Read(strings.NewReader(bomb))
	assert.ErrorContains(t, err, "larger than 256 MiB")
}

func TestReadOfWhatCannotBeRead(t *testing.T) {
	_, err := report.Read(iotest.ErrReader(assert.AnError))
	assert.ErrorIs(t, err, assert.AnError)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
