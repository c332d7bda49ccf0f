package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/memgate/memgate/profile/leak"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func asJSON(t testing.TB, r *Record) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.JSON(&b))
	return b.Bytes()
}

// recordedOnly is r without what JSON leaves out.
func recordedOnly(r *Record) *Record {
	kept := *r
	kept.Report, kept.Trial.Report = "", ""
	return &kept
}

func TestJSONRoundTrip(t *testing.T) {
	for _, r := range []*Record{leakingRun(), healthyRun(), killedRun(), emptyRun(), everyField(t)} {
		t.Run(r.Name, func(t *testing.T) {
			data := asJSON(t, r)
			back, err := Read(bytes.NewReader(data))
			require.NoError(t, err)
			assert.Equal(t, recordedOnly(r), back)
			assert.Equal(t, string(data), string(asJSON(t, back)), "same record, same bytes")
		})
	}
}

// everyField is a record with no zero in any field that is recorded, so that one which
// is lost on the way to the file or back is seen.
func everyField(t testing.TB) *Record {
	var r Record
	n := 0
	fill(reflect.ValueOf(&r).Elem(), &n)
	r.Schema, r.Name, r.Report, r.Trial.Report = Schema, "every field", "", ""
	r.Started = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for i := range r.Stacks {
		r.Stacks[i].Raw = nil
	}
	for i := range r.Heaps {
		r.Heaps[i].Raw = nil
	}
	for i := range r.Samples {
		r.Samples[i].Missing = 0
	}
	require.NoError(t, r.check())
	return &r
}

func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		if v.Type() == reflect.TypeFor[leak.Verdict]() {
			v.SetInt(int64(leak.Leaking))
			return
		}
		v.SetInt(int64(*n))
	case reflect.Uint, reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(*n % 250))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(elem, n)
		v.SetMapIndex(key, elem)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	default:
		panic(fmt.Sprintf("teach fill %s", v.Type()))
	}
}

func TestJSONKeys(t *testing.T) {
	data := asJSON(t, everyField(t))
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
	for _, key := range []string{`"schema":1`, `"verdict":"leaking"`, `"per_request"`, `"from_ns"`, `"p99_ns"`, `"heap_alloc"`, `"cpus"`, `"env_names"`, `"git_commit"`, `"allow_inconclusive":true`} {
		assert.Contains(t, string(data), key)
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"Name": "name", "PerRequest": "per_request", "OOMKills": "oom_kills", "P99": "p99", "CPUs": "cpus", "CPU": "cpu", "THP": "thp",
		"NumGC": "num_gc", "NextGC": "next_gc", "OK": "ok", "TargetGo": "target_go", "BytesIn": "bytes_in", "WorkingSet": "working_set", "OS": "os",
	} {
		assert.Equal(t, want, snake(name))
	}
}

func TestJSONNamesNumbersItCannotHold(t *testing.T) {
	r := leakingRun()
	r.Trend.PerRequest.Lo = math.NaN()
	assert.ErrorContains(t, r.JSON(&bytes.Buffer{}), "Record.Trend.PerRequest.Lo is NaN")
	r = leakingRun()
	r.Growth[1].PerRequest = math.Inf(1)
	assert.ErrorContains(t, r.JSON(&bytes.Buffer{}), "Record.Growth[1].PerRequest is +Inf")
}

func TestReadRefuses(t *testing.T) {
	whole := string(asJSON(t, killedRun()))
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
		"later schema":   {swap(`"schema":1`, `"schema":2`), "schema 2 is not known, only 1 is"},
		"no number":      {swap(`"schema":1`, `"schema":"x"`), `schema "x" is not known, only 1 is`},
		"parts missing":  {`{"schema":1}`, "name, started, phases, load, samples, checks, notes missing"},
		"wrong type":     {swap(`"at_ns":53000000000`, `"at_ns":"soon"`), "processes.at_ns is a string"},
		"NaN":            {swap(`"rate":200`, `"rate":NaN`), "not JSON"},
		"out of range":   {swap(`"rate":200`, `"rate":1e999`), "load.rate"},
		"verdict":        {swap(`"verdict":"inconclusive"`, `"verdict":"fine"`), `"fine"`},
		"no time":        {swap(`"started":"2026`, `"started":"soon`), "parsing time"},
		"phase reversed": {swap(`"from_ns":10000000000`, `"from_ns":99000000000`), "phases[1] lasts from"},
		"deep":           {`{"schema":` + strings.Repeat("[", 1<<20), "not JSON"},
		"objects":        {"[" + strings.Repeat("{},", mostObjects+1), "objects are more than"},
		"values":         {`{"samples":{"at_ns":[` + strings.Repeat("0,", mostValues+1) + "0]}}", "values are more than"},
		"HTML":           {"<!DOCTYPE html><p>hello", "no record is embedded"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Read(strings.NewReader(c.data))
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, "read record: ")
			assert.Less(t, len(err.Error()), 300, "an error is a line, not a file")
			assert.Nil(t, r)
		})
	}
}

func TestReadRefusesTimeThatGoesBack(t *testing.T) {
	r := killedRun()
	r.Samples[7].At = 0
	_, err := Read(bytes.NewReader(asJSON(t, r)))
	assert.ErrorContains(t, err, "samples[7] was taken at 0s, before the one at")
	r = killedRun()
	r.Floors[3].At = time.Second
	_, err = Read(bytes.NewReader(asJSON(t, r)))
	assert.ErrorContains(t, err, "floors[3] was read at 1s, before the one at 12s")
}

func TestReadIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 512 MiB")
	}
	endless := iotest.DataErrReader(zeros{})
	_, err := Read(endless)
	assert.ErrorContains(t, err, "larger than 256 MiB")

	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err = io.CopyN(zip, zeros{}, largestRecord+1)
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	bomb := fmt.Sprintf(`<!DOCTYPE html>%s{"encoding":%q,"record":%q}</script>`, embeddedIn, gzipBase64, base64.RawURLEncoding.EncodeToString(packed.Bytes()))
	require.Less(t, len(bomb), 1<<20)
	_, err = Read(strings.NewReader(bomb))
	assert.ErrorContains(t, err, "larger than 256 MiB")
}

func TestReadOfWhatCannotBeRead(t *testing.T) {
	_, err := Read(iotest.ErrReader(assert.AnError))
	assert.ErrorIs(t, err, assert.AnError)
}

func TestReadRefusesDamagedHTML(t *testing.T) {
	page := string(asHTML(t, killedRun()))
	before, data, found := strings.Cut(page, `"record":"`)
	require.True(t, found)
	for name, c := range map[string]struct{ page, want string }{
		"cut in the head":   {page[:200], "no record is embedded"},
		"cut in the record": {page[:len(before)+500], "no record is embedded"},
		"no JSON":           {before + data, "is damaged"},
		"no base64":         {before + `"record":"%%` + data, "is damaged"},
		"no gzip":           {before + `"record":"AAAA` + data, "is damaged"},
		"bit flipped":       {before + `"record":"` + data[:400] + flip(data[400]) + data[401:], "damaged"},
		"other encoding":    {strings.Replace(page, gzipBase64, "zstd", 1), "is not encoded as gzip+base64url"},
		"null":              {"<p>" + embeddedIn + "null</script>", "is not encoded as"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.page))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// flip is another letter of base64.
func flip(letter byte) string {
	if letter == 'A' {
		return "B"
	}
	return "A"
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func FuzzRead(f *testing.F) {
	small := killedRun()
	small.Samples, small.Load.PerSecond = small.Samples[:3], small.Load.PerSecond[:3]
	f.Add(asJSON(f, small))
	f.Add(asJSON(f, emptyRun()))
	f.Add(asHTML(f, small))
	f.Add([]byte(`{"schema":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read(bytes.NewReader(data))
		if err != nil {
			require.Nil(t, r)
			return
		}
		once := asJSON(t, r)
		back, err := Read(bytes.NewReader(once))
		require.NoError(t, err)
		require.Equal(t, string(once), string(asJSON(t, back)))
		require.NoError(t, r.Text(&bytes.Buffer{}))
		asHTML(t, r)
		r.Evidence()
	})
}
