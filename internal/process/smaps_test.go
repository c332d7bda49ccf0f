package process

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const someMaps = `00400000-00c4f000 r-xp 00000000 fe:00 247278                     /app with space
Size:               8508 kB
Rss:                1024 kB
Pss:                 512 kB
Pss_Dirty:             0 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
00c4f000-00c50000 rw-p 0084f000 fe:00 247278                     /app with space
Rss:                   4 kB
Pss:                   4 kB
Private_Dirty:         4 kB
Anonymous:             4 kB
c000000000-c004000000 rw-p 00000000 00:00 0                      [anon: Go: heap]
Rss:               50000 kB
Pss:               50000 kB
Private_Dirty:     50000 kB
Anonymous:         50000 kB
Swap:                100 kB
7f0000000000-7f0000100000 rw-p 00000000 00:00 0
Rss:                  40 kB
Pss:                  40 kB
Private_Dirty:        40 kB
Anonymous:            40 kB
7f0000200000-7f0000300000 rw-s 00000000 00:01 77                 /memfd:buffer (deleted)
Rss:                 200 kB
Pss:                 100 kB
Private_Dirty:       200 kB
Anonymous:             0 kB
7f0000400000-7f0000500000 r--p 00000000 00:01 78                 /usr/lib/never-touched.so
Rss:                   0 kB
`

func TestMappings(t *testing.T) {
	m, err := parseSmaps(strings.NewReader(someMaps))
	require.NoError(t, err)
	assert.Equal(t, Mappings{
		RSS: 51268 << 10, PSS: 50656 << 10, Anon: 50044 << 10, File: 1024 << 10, Shmem: 200 << 10, Swap: 100 << 10, PrivateDirty: 50244 << 10,
		Largest: []Mapping{
			{Name: "[anon: Go: heap]", Count: 1, RSS: 50000 << 10, Anon: 50000 << 10, PrivateDirty: 50000 << 10, Swap: 100 << 10},
			{Name: "/app with space", Count: 2, RSS: 1028 << 10, Anon: 4 << 10, PrivateDirty: 4 << 10},
			{Name: "/memfd:buffer (deleted)", Count: 1, RSS: 200 << 10, PrivateDirty: 200 << 10},
			{Name: "(unnamed)", Count: 1, RSS: 40 << 10, Anon: 40 << 10, PrivateDirty: 40 << 10},
		},
	}, m)
}

func TestMappingsThatAreNone(t *testing.T) {
	const header = "00400000-00c4f000 r-xp 00000000 fe:00 247278 /app\n"
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":             {"", "there are none"},
		"ahead of a mapping":  {"Rss: 8 kB\n", `"Rss: 8 kB" is no figure`},
		"no number":           {header + "Rss: lots kB\n", "is no figure of a mapping"},
		"negative":            {header + "Rss: -8 kB\n", "is no figure of a mapping"},
		"in other units":      {header + "Rss: 8 MB\n", "is no figure of a mapping"},
		"more than there is":  {header + "Rss: 99999999999999 kB\n", "is no figure of a mapping"},
		"a line without end":  {header + strings.Repeat("x", 1<<20), "token too long"},
		"more than is read":   {strings.Repeat(header, mostSmaps/len(header)+1), "there are more than 32 MiB of them"},
		"another file's text": {"MemTotal: 8 kB\n", "there are none"},
	} {
		_, err := parseSmaps(strings.NewReader(tc.text))
		require.ErrorContains(t, err, tc.want, name)
	}
}

func TestMappingsOfManyNames(t *testing.T) {
	var text strings.Builder
	for i := range mostNames + 5 {
		text.WriteString("00400000-00c4f000 r-xp 00000000 fe:00 1 /lib/" + strings.Repeat("a", i%7) + string(rune('a'+i%26)) + strings.Repeat("b", i/7%99) + strings.Repeat("c", i/693) + "\nRss: 4 kB\n")
	}
	m, err := parseSmaps(strings.NewReader(text.String()))
	require.NoError(t, err)
	assert.EqualValues(t, (mostNames+5)*4<<10, m.RSS)
	assert.Len(t, m.Largest, mostMappings)
}

func TestMapOfThisProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells of mappings")
	}
	m, err := Map(t.Context(), []int{os.Getpid(), 1 << 30})
	require.NoError(t, err)
	assert.NotEmpty(t, m.Command)
	assert.Greater(t, m.RSS, uint64(1<<20))
	assert.LessOrEqual(t, m.PSS, m.RSS)
	assert.Greater(t, m.Anon, uint64(1<<20))
	assert.NotEmpty(t, m.Largest)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Map(ctx, []int{os.Getpid()})
	require.ErrorIs(t, err, context.Canceled, "it ends with its context")
	_, err = Map(t.Context(), []int{1 << 30})
	require.ErrorContains(t, err, "none of the 1 processes is there any more")
}

func FuzzMappings(f *testing.F) {
	f.Add(someMaps)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseSmaps(strings.NewReader(text))
		if err != nil {
			return
		}
		assert.LessOrEqual(t, len(m.Largest), mostMappings)
		for _, l := range m.Largest {
			assert.LessOrEqual(t, l.RSS, m.RSS)
			assert.NotEmpty(t, l.Name)
		}
	})
}
