package profile

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded is a series in which every figure has a value of its own, in which some
// are missing all the time and some at times.
func recorded() Series {
	s := make(Series, 3)
	for i := range s {
		s[i].At, s[i].Requests = time.Duration(i)*100_000_007, uint64(20*i)
		for f := range Field(fields) {
			*s[i].Figure(f) = uint64(1000*int(f) + 7 - i)
		}
	}
	missing(&s[0], Sock, Swap)
	missing(&s[1], Sock, Anon)
	missing(&s[2], Sock)
	*s[2].Figure(Limit) = math.MaxUint64
	return s
}

func missing(s *Sample, fields ...Field) {
	s.Missing = Fields(fields...)
	for _, f := range fields {
		*s.Figure(f) = 0
	}
}

func TestSeriesJSONRoundTrip(t *testing.T) {
	for name, want := range map[string]Series{
		"none":               nil,
		"one sample":         recorded()[:1],
		"three":              recorded(),
		"nothing but times":  {{At: 5, Memory: Memory{Missing: AllFieldsExcept()}}, {At: 5, Memory: Memory{Missing: AllFieldsExcept()}}},
		"back in time":       {at(2, 1), at(1, 1)},
		"the largest values": {{At: math.MaxInt64, Requests: math.MaxUint64, Memory: Memory{Usage: math.MaxUint64}}},
	} {
		data, err := json.Marshal(want)
		require.NoError(t, err, name)
		var got Series
		require.NoError(t, json.Unmarshal(data, &got), name)
		assert.Equal(t, want, got, "%s: %s", name, data)
	}
}

func TestSeriesJSONIsColumns(t *testing.T) {
	s := Series{
		{At: 100, Memory: Memory{Usage: 4096, WorkingSet: 9, Missing: AllFieldsExcept(Usage, WorkingSet)}},
		{At: 200, Requests: 3, Memory: Memory{Usage: 1000, Missing: AllFieldsExcept(Usage)}},
		{At: 300, Requests: 3, Memory: Memory{Usage: 1000, WorkingSet: 10, Missing: AllFieldsExcept(Usage, WorkingSet)}},
	}
	data, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Equal(t, `{"at_ns":[100,100,100],"requests":[0,3,0],"usage":[4096,-3096,0],"working_set":[9,null,1]}`, string(data))
}

func TestSeriesJSONRefusesNegativeTimes(t *testing.T) {
	_, err := json.Marshal(Series{at(3, 0), at(-1, 0)})
	assert.ErrorContains(t, err, "sample 1 is at -1ms")
}

func TestSeriesJSONIgnoresUnknownFigures(t *testing.T) {
	var s Series
	require.NoError(t, json.Unmarshal([]byte(` { "at_ns" : [ 1 , 2 ], "requests":[0, 5],
		"sock_throttled":[1,2,3,"x"], "Missing":0, "anon":[ null, 7 ] } `), &s))
	assert.Equal(t, Series{
		{At: 1, Memory: Memory{Missing: AllFieldsExcept()}},
		{At: 3, Requests: 5, Memory: Memory{Anon: 7, Missing: AllFieldsExcept(Anon)}},
	}, s)
}

func TestSeriesJSONRefusesWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		`[]`:                                                                "cannot unmarshal",
		`{}`:                                                                "at_ns: it is not an array",
		`{"at_ns":7,"requests":[]}`:                                         "at_ns: it is not an array",
		`{"at_ns":null,"requests":[]}`:                                      "at_ns: it is not an array",
		`{"at_ns":[1]}`:                                                     "requests: it is not an array",
		`{"at_ns":[1],"requests":[]}`:                                       "requests: it has 0 values for 1 samples",
		`{"at_ns":[1],"requests":[1,2]}`:                                    "requests: it has 2 values for 1 samples",
		`{"at_ns":[],"requests":[],"usage":[1]}`:                            "usage: it has 1 values for 0 samples",
		`{"at_ns":[-1],"requests":[0]}`:                                     `value 0: "-1" makes it negative`,
		`{"at_ns":[5,-6],"requests":[0,0]}`:                                 `value 1: "-6" makes it negative`,
		`{"at_ns":[null],"requests":[0]}`:                                   "the time of sample 0 is missing",
		`{"at_ns":[9223372036854775808],"requests":[0]}`:                    "too large",
		`{"at_ns":[1],"requests":[null]}`:                                   "requests: there is none for sample 0",
		`{"at_ns":[1],"requests":[0],"usage":[1.5]}`:                        `"1.5" is not a whole number`,
		`{"at_ns":[1],"requests":[0],"usage":[1e3]}`:                        `"1e3" is not a whole number`,
		`{"at_ns":[1],"requests":[0],"usage":["12"]}`:                       "is not a whole number",
		`{"at_ns":[1],"requests":[0],"usage":[[1]]}`:                        "is not a whole number",
		`{"at_ns":[1],"requests":[0],"usage":[{}]}`:                         "is not a whole number",
		`{"at_ns":[1],"requests":[0],"usage":[true]}`:                       "is not a whole number",
		`{"at_ns":[1],"requests":[0],"usage":"1"}`:                          "usage: it is not an array",
		`{"at_ns":[1],"requests":[0],"usage":null}`:                         "usage: it is not an array",
		`{"at_ns":[1],"requests":[0],"usage":[-4096]}`:                      "makes it negative",
		`{"at_ns":[1],"requests":[0],"usage":[99999999999999999999]}`:       "not a whole number of 64 bits",
		`{"at_ns":[1,1],"requests":[0,0],"usage":[18446744073709551615,1]}`: "larger than 64 bits",
	} {
		s := Series{at(7, 7)}
		assert.ErrorContains(t, json.Unmarshal([]byte(in), &s), want, in)
		assert.Equal(t, Series{at(7, 7)}, s, "what was there stays: %s", in)
	}
}

func TestSeriesJSONIsCompact(t *testing.T) {
	s := make(Series, 6000) // ten minutes at 10 Hz
	for i := range s {
		s[i] = Sample{At: time.Duration(i)*100*time.Millisecond + time.Duration(i*7919%1000)*time.Microsecond, Requests: uint64(20 * i)}
		s[i].Usage, s[i].Limit = uint64(50<<20+4096*(i*31%100)), 64<<20
		s[i].WorkingSet, s[i].Anon = s[i].Usage-1<<20, s[i].Usage/2
	}
	data, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Less(t, len(data)/len(s), 120, "bytes per sample")
}

// TestSeriesJSONBoundsMemory reads a megabyte that says nothing but "there are many
// samples": what it costs stays in proportion.
func TestSeriesJSONBoundsMemory(t *testing.T) {
	n := 500_000
	zeros := "0" + strings.Repeat(",0", n-1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var s Series
	require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"at_ns":[%s],"requests":[%s]}`, zeros, zeros), &s))
	runtime.ReadMemStats(&after)
	perSample := uint64(reflect.TypeFor[Sample]().Size() + 2*reflect.TypeFor[cell]().Size())
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(n)*(perSample+64))
	assert.Len(t, s, n)
}

func FuzzSeriesJSON(f *testing.F) {
	data, err := json.Marshal(recorded())
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"at_ns":[1,2],"requests":[0,0],"usage":[null,5],"new":[1]}`))
	f.Add([]byte(`{"at_ns":[1],"requests":[0],"usage":[[1,2]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second Series
		if json.Unmarshal(data, &first) != nil {
			return
		}
		again, err := json.Marshal(first)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(again, &second))
		require.Equal(t, first, second)
	})
}
