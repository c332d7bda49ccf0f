package owner

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOwnerIsDead(t *testing.T) {
	here := Owner{Run: "A", PID: 10, Start: "100", Boot: "b", PIDNS: "pid:[1]"}
	other := Owner{Run: "B", PID: 20, Start: "200", Boot: "b", PIDNS: "pid:[1]"}
	is := func(p process) func(int) process {
		return func(pid int) process {
			require.Equal(t, 20, pid)
			return p
		}
	}
	with := func(change func(*Owner)) Owner {
		o := other
		change(&o)
		return o
	}
	for _, tt := range []struct {
		name  string
		owner Owner
		find  process
		want  bool
	}{
		{"no such process", other, process{state: gone}, true},
		{"it runs", other, process{state: running, start: "200"}, false},
		{"another has its PID", other, process{state: running, start: "201"}, true},
		{"hidden", other, process{}, false},
		{"another boot", with(func(o *Owner) { o.Boot = "c" }), process{state: gone}, false},
		{"another PID namespace", with(func(o *Owner) { o.PIDNS = "pid:[2]" }), process{state: gone}, false},
		{"no PID", with(func(o *Owner) { o.PID = 0 }), process{state: gone}, false},
		{"no start time", with(func(o *Owner) { o.Start = "" }), process{state: gone}, false},
		{"no boot", with(func(o *Owner) { o.Boot = "" }), process{state: gone}, false},
		{"no namespace", with(func(o *Owner) { o.PIDNS = "" }), process{state: gone}, false},
		{"not ours", Owner{}, process{state: gone}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.owner.dead(here, is(tt.find)))
		})
	}
	t.Run("nothing is known here", func(t *testing.T) {
		assert.False(t, Owner{PID: 1, Start: "1"}.dead(Owner{}, is(process{state: gone})))
	})
}

func TestOwnerSurvivesLabelsAndNames(t *testing.T) {
	want := Self()
	read, item := Parse(want.Words("it"))
	assert.Equal(t, want, read)
	assert.Equal(t, "it", item)
	dir, err := os.MkdirTemp(t.TempDir(), want.TempPattern())
	require.NoError(t, err)
	got, ok := OfTemp(filepath.Base(dir))
	require.True(t, ok)
	assert.Equal(t, want, got)
	for _, name := range []string{"", "memgate-build-", "memgate-build-a_b_c_x_e_f", "other-a_b_c_1_e_f", "memgate-build-a_b_1_e_f"} {
		_, ok := OfTemp(name)
		assert.False(t, ok, name)
	}
	for _, value := range []string{"", "pid=-4", "pid=x", "=", "pid", " = = "} {
		o, item := Parse(value)
		assert.Equal(t, Owner{}, o, value)
		assert.Empty(t, item, value)
	}
}

func TestFindProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	me := Self()
	assert.False(t, me.dead(me, findProcess))
	reused := me
	reused.Start += "1"
	assert.True(t, reused.dead(me, findProcess))

	child := exec.Command("sleep", "60")
	require.NoError(t, child.Start())
	start, err := startOf(strconv.Itoa(child.Process.Pid))
	require.NoError(t, err)
	o := Owner{PID: child.Process.Pid, Start: start, Boot: me.Boot, PIDNS: me.PIDNS}
	assert.False(t, o.dead(me, findProcess))
	require.NoError(t, child.Process.Kill())
	assert.Eventually(t, o.Dead, 10*time.Second, 10*time.Millisecond, "a zombie is dead")
	_ = child.Wait()
	assert.True(t, o.dead(me, findProcess))
}

func TestParseStart(t *testing.T) {
	const tail = " 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0"
	for _, tt := range []struct{ stat, want, fails string }{
		{"7 (cat) S" + tail, "4711", ""},
		{"7 (a) b) (c) R" + tail, "4711", ""},
		{"7 (cat) Z" + tail, "", "has ended"},
		{"7 (cat) S 1 2", "", "3 fields"},
		{"7 cat S" + tail, "", "no command name"},
		{"7 (cat) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 x 0", "", "is no number"},
		{"", "", "no command name"},
	} {
		got, err := parseStart([]byte(tt.stat))
		assert.Equal(t, tt.want, got, tt.stat)
		if tt.fails != "" {
			assert.ErrorContains(t, err, tt.fails)
		}
	}
}

func FuzzParseStart(f *testing.F) {
	f.Add([]byte("7 (cat) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0"))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if start, err := parseStart(stat); (err == nil) != (start != "") {
			t.Fatalf("start %q, error %v", start, err)
		}
	})
}

func TestRemoveTemp(t *testing.T) {
	in := t.TempDir()
	mine, err := os.MkdirTemp(in, Self().TempPattern())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(mine, "app"), []byte("x"), 0o600))
	file := filepath.Join(in, filepath.Base(mine)+"0")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	elsewhere := t.TempDir()
	link := filepath.Join(in, filepath.Base(mine)+"1")
	require.NoError(t, os.Symlink(elsewhere, link))

	assert.Zero(t, RemoveTemp(in, func(o Owner) bool { return o.dead(Self(), findProcess) }), "the owner lives")
	assert.Equal(t, 1, RemoveTemp(in, func(o Owner) bool { return o == Self() }))
	assert.NoDirExists(t, mine)
	assert.FileExists(t, file, "not a folder")
	assert.DirExists(t, elsewhere, "a link is not followed")
}
