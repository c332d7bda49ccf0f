//go:build unix

package process

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/gobuild"
	"github.com/memgate/memgate/internal/owner"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

const serverPackage = "./testdata/server"

// serverPath names the compiled test server to a child of the tests.
const serverPath = "MEMGATE_TEST_SERVER"

// server is the path of the compiled test server: linking it takes longer than what most
// tests do with it. Those that are of compiling name serverPackage.
var server = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(serverPath); path != "" {
		return path, nil
	}
	path := filepath.Join(binaries, "server")
	_, err := gobuild.Compile(context.Background(), "", serverPackage, path)
	return path, err
})

// ownerTest is set for a child that runs TestOwner.
const ownerTest = "MEMGATE_TEST_OWNER"

// binaries is a folder that goes with the tests.
var binaries string

func TestMain(m *testing.M) {
	if os.Getenv(ownerTest) != "" { // a child, which nobody cleans up after
		os.Exit(m.Run())
	}
	var err error
	if binaries, err = os.MkdirTemp("", "process-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(binaries)
	os.Exit(code)
}

// started is a running test server, which is stopped with the test.
func started(t *testing.T, s Spec) *Process {
	t.Helper()
	if s.GoPackage == "" && s.Command == nil {
		path, err := server()
		require.NoError(t, err)
		s.Command = []string{path}
	}
	p, err := Start(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Stop(t.Context())) })
	return p
}

func get(t *testing.T, p *Process, path string) string {
	t.Helper()
	res, err := http.Get(p.URL() + path)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, string(body))
	return string(body)
}

func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
}

// grouped is a server in a control group of its own; the test is skipped where none
// can be made.
func grouped(t *testing.T, s Spec) *Process {
	t.Helper()
	g, err := newGroup("probe")
	if err != nil {
		t.Skip(err)
	}
	require.NoError(t, g.remove())
	s.Source = Files
	return started(t, s)
}

func lives(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestSpecCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec Spec
		want string
	}{
		{"nothing", Spec{}, "no program is named"},
		{"both", Spec{GoPackage: "./a", Command: []string{"b"}}, `Go package "./a" and command "b" are named`},
		{"negative limit", Spec{GoPackage: "./a", Memory: -1}, "negative"},
		{"swap without limit", Spec{GoPackage: "./a", Swap: 1}, "memory limit that is not set"},
		{"ready path", Spec{GoPackage: "./a", ReadyPath: "x"}, "begin it with /"},
		{"ready wait", Spec{GoPackage: "./a", ReadyWait: -1}, "ready wait"},
		{"source", Spec{GoPackage: "./a", Source: "guess"}, `memory source "guess"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Start(t.Context(), tt.spec)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestProcessIsToldItsPort(t *testing.T) {
	p := started(t, Spec{GoPackage: serverPackage, Args: []string{"-addr", ":{port}"}, Env: map[string]string{"NAME": "shop"}, ReadyPath: "/"})
	assert.Equal(t, "[-addr :"+strconv.Itoa(p.port)+"] shop\n", get(t, p, "/"))
	assert.Contains(t, p.Info().GoVersion, "go1.")
}

func TestEverySourceSeesTheMemory(t *testing.T) {
	needLinux(t)
	const mib = 64
	for source, start := range map[string]func(*testing.T, Spec) *Process{Files: grouped, Proc: started} {
		t.Run(source, func(t *testing.T) {
			p := start(t, Spec{Source: source})
			s, err := p.Sampler()
			require.NoError(t, err)
			defer s.Close()
			var before, after profile.Memory
			require.NoError(t, s.Sample(t.Context(), &before))
			get(t, p, "/mib?n="+strconv.Itoa(mib))
			for _, figure := range []profile.Field{profile.WorkingSet, profile.Anon} {
				assert.Eventually(t, func() bool { // the kernel adds up memory.stat every 2 s
					require.NoError(t, s.Sample(t.Context(), &after))
					b, ok1 := before.Value(figure)
					a, ok2 := after.Value(figure)
					return ok1 && ok2 && a-b > (mib-1)<<20 && a-b < (mib+16)<<20
				}, 5*time.Second, 50*time.Millisecond, figure)
			}
			require.NoError(t, p.Stop(t.Context()))
			assert.ErrorIs(t, s.Sample(t.Context(), &after), profile.ErrGone)
		})
	}
}

func TestLookSeesWhatMemoryDoesNotTell(t *testing.T) {
	needLinux(t)
	p := started(t, Spec{})
	look := func() profile.Processes {
		pids, err := p.Processes()
		require.NoError(t, err)
		l, err := Look(pids, true)
		require.NoError(t, err)
		return l
	}
	before := look()
	get(t, p, "/open?n=50")
	get(t, p, "/children")
	get(t, p, "/mib?n=32")
	after := look()
	assert.Equal(t, uint64(1), before.Count)
	assert.Equal(t, uint64(3), after.Count)
	assert.GreaterOrEqual(t, after.FDs, before.FDs+50)
	assert.Greater(t, after.Threads, before.Threads)
	assert.InDelta(t, 32<<20, after.USS-before.USS, 8<<20)
	assert.LessOrEqual(t, after.USS, after.PSS)
	assert.LessOrEqual(t, after.PSS, after.RSS)
	assert.Less(t, after.RSS, after.VSS)
	gone, err := Look([]int{1 << 30}, true)
	require.NoError(t, err)
	assert.Zero(t, gone.Count)
}

func TestChildrenDieWithTheirProcess(t *testing.T) {
	needLinux(t)
	for _, source := range []string{"", Proc} {
		for name, end := range map[string]func(*Process){
			"stopped":   func(p *Process) { require.NoError(t, p.Stop(t.Context())) },
			"killed":    func(p *Process) { require.NoError(t, syscall.Kill(p.info.PID, syscall.SIGKILL)); <-p.done },
			"signalled": func(*Process) { cleaner.Clean(t.Context()) },
		} {
			t.Run(source+name, func(t *testing.T) {
				s := Spec{Source: source}
				if name == "stopped" { // with the folder that it was compiled in
					s.GoPackage = serverPackage
				}
				p := started(t, s)
				require.Equal(t, name == "stopped", p.temp != "")
				pids := []int{p.info.PID}
				for line := range strings.Lines(get(t, p, "/children")) {
					pid, err := strconv.Atoi(strings.TrimSpace(line))
					require.NoError(t, err)
					require.True(t, lives(pid))
					pids = append(pids, pid)
				}
				end(p)
				for _, pid := range pids {
					assert.Eventually(t, func() bool { return !lives(pid) }, 5*time.Second, 5*time.Millisecond)
				}
				require.NoError(t, p.Stop(t.Context()))
				assert.NoDirExists(t, p.temp)
				if p.group != nil {
					assert.NoDirExists(t, p.group.dir)
				}
			})
		}
	}
}

// end asks for what ends p: it may die before it answers.
func end(p *Process, path string) {
	if res, err := http.Get(p.URL() + path); err == nil {
		_ = res.Body.Close()
	}
}

func TestExitIsSeen(t *testing.T) {
	p := started(t, Spec{})
	end(p, "/exit?n=3")
	select {
	case exit := <-p.Exited():
		assert.Equal(t, target.Exit{Code: 3, Logs: "listening\ntold to end"}, exit)
	case <-time.After(5 * time.Second):
		t.Fatal("not seen")
	}
}

func TestStopIsNoExit(t *testing.T) {
	p := started(t, Spec{})
	require.NoError(t, p.Stop(t.Context()))
	assert.Empty(t, p.Exited())
}

func TestLimitHoldsAndOOMHasAWitness(t *testing.T) {
	p := grouped(t, Spec{Memory: 64 << 20})
	s, err := p.Sampler()
	require.NoError(t, err)
	defer s.Close()
	var m profile.Memory
	require.NoError(t, s.Sample(t.Context(), &m))
	assert.Equal(t, uint64(64<<20), m.Limit)
	assert.Equal(t, uint64(64<<20), m.MemorySwapLimit, "a leak hides in swap")
	end(p, "/mib?n=128")
	exit := <-p.Exited()
	assert.True(t, exit.OOMKilled, exit)
	assert.Equal(t, 137, exit.Code)
	assert.Equal(t, "oom_kill 0 → 1", exit.Witness)
}

func TestLimitWithoutGroupIsRefused(t *testing.T) {
	_, err := Start(t.Context(), Spec{Command: []string{os.Args[0]}, Memory: 64 << 20, Source: Proc})
	require.ErrorContains(t, err, "cannot be enforced without a control group")
	assert.ErrorContains(t, err, "Delegate=yes", "the remedy")
}

func TestStartLeavesNothingBehindWhenItFails(t *testing.T) {
	for name, tt := range map[string]struct {
		spec Spec
		want string
	}{
		"does not compile": {Spec{GoPackage: "./testdata/none"}, "make this command work first"},
		"is not there":     {Spec{Command: []string{"/does/not/exist"}}, "check that the program can be run"},
		"ends at once":     {Spec{Command: []string{os.Args[0], "-test.run=^TestNone$"}}, "before it was ready, it exited with code 0; its last log lines:\ntesting: warning: no tests to run"},
		"never listens":    {Spec{GoPackage: serverPackage, Args: []string{"sleep"}, ReadyWait: time.Second / 4}, "not ready at 127.0.0.1:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(t.Context(), tt.spec)
			assert.ErrorContains(t, err, tt.want)
			left, err := filepath.Glob(filepath.Join(os.TempDir(), owner.TempPrefix+owner.Self().Run+"*"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}
