//go:build linux

package graph_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/holders/gobin"
	"github.com/memgate/memgate/internal/holders/graph"
	"github.com/memgate/memgate/internal/holders/heap"
)

// folded is what the heap of testdata/folds is folded into.
func folded(t *testing.T, flags ...string) *graph.Paths {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "folds")
	build := exec.Command("go", append(append([]string{"build", "-o", exe}, flags...), "./testdata/folds")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)

	cmd := exec.Command(exe)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", said)

	p, err := gobin.Open(exe)
	require.NoError(t, err)
	defer p.Close()
	m, err := heap.Read(cmd.Process.Pid, p, heap.Limits{Bytes: 300e6, Objects: 4e6, Stop: 2 * time.Second})
	if err != nil {
		t.Skip(err) // it takes rights
	}
	defer m.Free()
	return graph.Build(m, p)
}

// path is a node as text: "main.pointers []*main.item", then a line for each step.
func path(p *graph.Paths, i int32) string {
	var up []string
	for ; i > 0; i = p.Nodes[i].Parent {
		n := p.Nodes[i]
		up = append([]string{strings.TrimSpace(n.Label + " " + n.Type)}, up...)
	}
	return strings.Join(up, " > ")
}

func TestFolding(t *testing.T) {
	p := folded(t)
	nodes := map[string]graph.Node{}
	for i := range p.Nodes {
		nodes[path(p, int32(i))] = p.Nodes[i]
	}
	for _, tt := range []struct {
		path            string
		count, elements int64
	}{
		{"main.smallMap map[string]*main.item > map[string]*main.item", 1, 5},
		{"main.smallMap map[string]*main.item > map[string]*main.item > [value] main.item", 5, 0},
		{"main.largeMap map[int]*main.item > map[int]*main.item", 1, 3000},
		{"main.largeMap map[int]*main.item > map[int]*main.item > [value] main.item", 3000, 0},
		{"main.plainMap map[int]int > map[int]int", 1, 3000},
		{"main.structMap map[string]main.value > map[string]main.value > [value].a main.item", 3000, 0},
		{"main.structMap map[string]main.value > map[string]main.value > [value].b main.item", 3000, 0},
		{"main.nestedMap map[int]map[int]*main.item > map[int]map[int]*main.item", 1, 40},
		{"main.nestedMap map[int]map[int]*main.item > map[int]map[int]*main.item > [value] map[int]*main.item", 40, 2000},
		{"main.nestedMap map[int]map[int]*main.item > map[int]map[int]*main.item > [value] map[int]*main.item > [value] main.item", 2000, 0},
		{"main.keyMap map[*main.item]bool > map[*main.item]bool > [key] main.item", 3000, 0},
		{"main.pointers []*main.item > []*main.item", 1, 1000},
		{"main.pointers []*main.item > []*main.item > [*] main.item", 1000, 0},
		{"main.values []main.value > []main.value > [*].a main.item", 1000, 0},
		{"main.numbers []int > []int", 1, 1000},
		{"main.strings []string > []string", 1, 1000},
		{"main.strings []string > []string > [*] string", 1000, 0},
		{"main.grid [][]*main.item > [][]*main.item > [*] []*main.item", 30, 60},
		{"main.grid [][]*main.item > [][]*main.item > [*] []*main.item > [*] main.item", 60, 0},
		{"main.array [7]*main.item > [*] main.item", 7, 0},
		{"main.boxed []main.shower > []main.shower", 1, 2000},
		{"main.boxed []main.shower > []main.shower > [*] main.item", 1000, 0},
		{"main.boxed []main.shower > []main.shower > [*] main.value", 1000, 0},
		{"main.anything []interface {} > []interface {} > [*] main.item", 1000, 0},
		{"main.chain *main.item > main.item > .next main.item", 199, 0},
		{"main.generic []*main.pair[main.item,string] > []*main.pair[main.item,string] > [*] main.pair[main.item,string] > .key main.item", 1000, 0},
		{"main.single main.owner > .items map[string]*main.item > [value] main.item", 200, 0},
		{"main.single main.owner > .inner.list []*main.item", 1, 1000},
		{"main.queue chan *main.item > chan *main.item > [queued] []*main.item > [*] main.item", 200, 0},
		{"main.closures []func() string > []func() string > [*] func main.others.func1", 200, 0},
		{"main.tree *main.node > main.node > .left main.node", 199, 0},
	} {
		n, ok := nodes[tt.path]
		if !assert.True(t, ok, "no path %s", tt.path) {
			root, _, _ := strings.Cut(tt.path, " ")
			show(t, nodes, root)
			continue
		}
		if !assert.Equal(t, [2]int64{tt.count, tt.elements}, [2]int64{n.Count, n.Elements}, tt.path) {
			show(t, nodes, tt.path)
		}
	}
	// Containers of the standard library are found by what they hold; a list is reached from
	// both its ends.
	for root, count := range map[string]int64{"main.syncMap": 3000, "main.elements": 99, "main.ctx": 150, "main.timers": 200} {
		if !assert.True(t, someNode(nodes, root, count), "%s holds %d of something", root, count) {
			show(t, nodes, root)
		}
	}
	assert.Equal(t, int64(60), nodes["main.park [chan receive], started by main.main"].Count)
}

func show(t *testing.T, nodes map[string]graph.Node, root string) {
	t.Helper()
	for have, n := range nodes {
		if strings.HasPrefix(have, root) {
			t.Log("there is", have, n.Count, n.Elements)
		}
	}
}

func someNode(nodes map[string]graph.Node, root string, count int64) bool {
	for path, n := range nodes {
		if strings.HasPrefix(path, root+" ") && n.Count == count {
			return true
		}
	}
	return false
}

// TestFoldingWithoutNames: a stripped program's numbers are the same.
func TestFoldingWithoutNames(t *testing.T) {
	p := folded(t, "-ldflags=-s -w")
	counts := map[int64]int{}
	for _, n := range p.Nodes {
		counts[n.Count]++
	}
	for _, count := range []int64{3000, 2000, 1000, 200, 60} {
		assert.Positive(t, counts[count], "a path with %d objects", count)
	}
	assert.InDelta(t, p.Marked, p.Bytes, 0.2*float64(p.Marked), fmt.Sprint(p.Bytes))
}
