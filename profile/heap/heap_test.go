package heap

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"runtime"
	rpprof "runtime/pprof"
	"strings"
	"testing"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stack is one call stack of a profile that a test builds: frames "func file:line"
// from the allocation outwards, and what they hold.
type stack struct {
	bytes, objects int64
	frames         []string
	allocated      int64 // bytes in all; 0 if twice what they hold
}

// built is a heap profile as runtime/pprof writes it, sampled at every rate bytes.
func built(rate int64, stacks ...stack) *pprof.Profile {
	p := &pprof.Profile{
		SampleType: []*pprof.ValueType{
			{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"},
			{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"},
		},
		PeriodType: &pprof.ValueType{Type: "space", Unit: "bytes"},
		Period:     rate,
		Mapping:    []*pprof.Mapping{{ID: 1, Start: 0x400000, Limit: 0x800000, File: "/server", HasFunctions: true}},
	}
	locations := map[string]*pprof.Location{}
	for _, s := range stacks {
		sample := &pprof.Sample{
			Value:    []int64{s.objects * 2, cmp.Or(s.allocated, s.bytes*2), s.objects, s.bytes},
			NumLabel: map[string][]int64{"bytes": {s.bytes / max(1, s.objects)}},
		}
		for _, frame := range s.frames {
			if locations[frame] == nil {
				locations[frame] = addLocation(p, frame)
			}
			sample.Location = append(sample.Location, locations[frame])
		}
		p.Sample = append(p.Sample, sample)
	}
	return p
}

func addLocation(p *pprof.Profile, frame string) *pprof.Location {
	var fn, at string
	var line int64
	fn, at, _ = strings.Cut(frame, " ")
	if colon := strings.LastIndexByte(at, ':'); colon >= 0 {
		_, _ = fmt.Sscan(at[colon+1:], &line)
		at = at[:colon]
	}
	f := &pprof.Function{ID: uint64(len(p.Function) + 1), Name: fn, SystemName: fn, Filename: at}
	l := &pprof.Location{
		ID: uint64(len(p.Location) + 1), Mapping: p.Mapping[0], Address: 0x400000 + uint64(len(p.Location)),
		Line: []pprof.Line{{Function: f, Line: line}},
	}
	p.Function, p.Location = append(p.Function, f), append(p.Location, l)
	return l
}

func gzipped(t testing.TB, p *pprof.Profile) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	return b.Bytes()
}

func uncompressed(t testing.TB, p *pprof.Profile) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.WriteUncompressed(&b))
	return b.Bytes()
}

func compress(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

var small = built(524288,
	stack{bytes: 4096, objects: 4, frames: []string{"bytes.growSlice bytes/buffer.go:12", "main.(*store).put /src/store.go:61"}},
	stack{frames: []string{"main.freed /src/store.go:99"}},
)

func TestParseReadsWhatRuntimePprofWrites(t *testing.T) {
	runtime.GC()
	var b bytes.Buffer
	require.NoError(t, rpprof.Lookup("heap").WriteTo(&b, 0))
	p, err := parseHeap(b.Bytes())
	require.NoError(t, err)
	whole, err := pprof.ParseData(b.Bytes())
	require.NoError(t, err)
	assert.Equal(t, liveBytes(whole, 3), liveBytes(p.Profile, p.bytes))
	assert.Equal(t, liveBytes(whole, 2), liveBytes(p.Profile, p.objects))
	assert.Positive(t, p.Period)
}

func liveBytes(p *pprof.Profile, value int) (sum int64) {
	for _, s := range p.Sample {
		sum += s.Value[value]
	}
	return sum
}

func TestParseKeepsOnlyWhatIsLive(t *testing.T) {
	for name, raw := range map[string][]byte{"gzip": gzipped(t, small), "plain protobuf": uncompressed(t, small)} {
		before := bytes.Clone(raw)
		p, err := parseHeap(raw)
		require.NoError(t, err, name)
		require.Len(t, p.Sample, 1, name)
		assert.Equal(t, int64(4096), p.Sample[0].Value[p.bytes], name)
		assert.Equal(t, int64(4), p.Sample[0].Value[p.objects], name)
		assert.Empty(t, p.Sample[0].NumLabel, name)
		assert.Equal(t, "main.(*store).put", p.Sample[0].Location[1].Line[0].Function.Name, name)
		assert.Equal(t, before, raw, "%s: what was fetched is what will be saved", name)
	}
}

func TestParseRefuses(t *testing.T) {
	changed := func(change func(*pprof.Profile)) []byte {
		p := small.Copy()
		change(p)
		return gzipped(t, p)
	}
	huge := func(p *pprof.Profile) {
		p.Sample[0].Value[3] = 1<<63 - 1
		p.Sample[1].Value[3] = 1
	}
	tests := map[string]struct {
		raw  []byte
		want string
	}{
		"nothing":               {nil, "it is empty"},
		"empty gzip":            {compress(t, nil), "it is empty"},
		"HTML":                  {[]byte("<!DOCTYPE html><html>"), "not a pprof profile"},
		"text":                  {[]byte("heap profile: 1: 2 [3: 4] @ heap/1048576\n"), "profile"},
		"zeros":                 {make([]byte, 1000), "not a heap profile"},
		"only a gzip magic":     {[]byte{0x1f, 0x8b}, "cut off"},
		"bad checksum":          {flip(gzipped(t, small), -6), "damaged"},
		"two gzip members":      {append(compress(t, make([]byte, 100)), gzipped(t, small)...), "profile"},
		"too large":             {make([]byte, maxRaw+1), "larger than 16 MiB"},
		"negative live bytes":   {changed(func(p *pprof.Profile) { p.Sample[0].Value[3] = -1 }), "negative value (-1)"},
		"negative, not live":    {changed(func(p *pprof.Profile) { p.Sample[1].Value[0] = -7 }), "negative value (-7)"},
		"overflow":              {changed(huge), "more than 2^63"},
		"values missing":        {changed(func(p *pprof.Profile) { p.Sample[0].Value = p.Sample[0].Value[:3] }), "3 values"},
		"values too many":       {changed(func(p *pprof.Profile) { p.Sample[0].Value = make([]int64, 5) }), "more values"},
		"a goroutine profile":   {changed(func(p *pprof.Profile) { p.SampleType[3].Type, p.SampleType[2].Type = "goroutine", "x" }), `alloc_objects, alloc_space, x, goroutine`},
		"location missing":      {dropped(t, profileLocation), "damaged"},
		"function missing":      {dropped(t, profileFunction), "damaged"},
		"no strings":            {dropped(t, profileString), "not a heap profile"},
		"location id twice":     {changed(func(p *pprof.Profile) { p.Location[1].ID = 1 }), "damaged"},
		"location id 0":         {changed(func(p *pprof.Profile) { p.Location[0].ID = 0 }), "damaged"},
		"unknown wire type":     {append(uncompressed(t, small), 0x0f), "wire type 7"},
		"field longer than all": {append(uncompressed(t, small), 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), "cut off"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseHeap(tt.raw)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func flip(b []byte, at int) []byte {
	b[len(b)+at] ^= 0xff
	return b
}

// dropped is small without the fields of that number.
func dropped(t testing.TB, num uint64) []byte {
	var out []byte
	require.NoError(t, eachField(uncompressed(t, small), func(f field) error {
		if f.num != num {
			out = append(out, f.raw...)
		}
		return nil
	}))
	return out
}

// A profile that ends early is an error at every length, or else loses nothing that
// counts: plain protobuf has no end mark, so that it may end between two fields.
func TestParseTruncatedAtEveryByte(t *testing.T) {
	raw := gzipped(t, small)
	for n := range raw {
		_, err := parseHeap(raw[:n])
		require.Error(t, err, "%d of %d bytes", n, len(raw))
	}
	plain := uncompressed(t, small)
	for n := range plain {
		if p, err := parseHeap(plain[:n]); err == nil {
			require.Equal(t, int64(4096), liveBytes(p.Profile, p.bytes), "%d of %d bytes", n, len(plain))
		}
	}
}

func FuzzParseHeap(f *testing.F) {
	f.Add(uncompressed(f, small))
	f.Add(gzipped(f, small))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		p, err := parseHeap(raw)
		require.Equal(t, before, raw)
		if err != nil {
			return
		}
		require.NoError(t, p.CheckValid())
		for _, total := range p.totals() {
			require.False(t, total.bytes < 0 || total.objects < 0)
		}
		_, err = Growth([]Profile{{Raw: raw}, {Raw: raw, Requests: 10}})
		require.NoError(t, err)
	})
}
