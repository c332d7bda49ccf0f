// Package deps holds the rules of which package may know what, as tests.
package deps

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/memgate/memgate"

// TestWhoMayNotReachDocker: a record can be read, judged and rendered by a program
// that has no engine at hand and wants none of its 40 modules.
func TestWhoMayNotReachDocker(t *testing.T) {
	for _, pkg := range []string{"profile", "profile/leak", "profile/heap", "load", "report", "report/page", "report/compare", "internal/cgroup", "internal/stats", "internal/baseline", "internal/process", "internal/golang", "internal/retain", "memtest/target", "internal/engine"} {
		for _, dep := range goList(t, "-deps", module+"/"+pkg) {
			assert.NotContains(t, dep, "testcontainers", pkg)
			assert.NotContains(t, dep, "moby", pkg)
		}
	}
}

// TestArrowsPointDown: what was measured knows nothing of what is made of it. Whoever
// reads a package need not read those above it.
func TestArrowsPointDown(t *testing.T) {
	for pkg, above := range map[string][]string{
		"profile":            {"profile/leak", "profile/heap", "load", "report", "memtest", "internal/words", "internal/tell"},
		"profile/leak":       {"profile/heap", "load", "report", "memtest", "internal/words", "internal/tell"},
		"profile/heap":       {"profile/leak", "load", "report", "memtest", "internal/words", "internal/tell"},
		"load":               {"profile", "report", "memtest"},
		"internal/words":     {"profile", "report", "memtest"},
		"memtest/target":     {"profile/leak", "load", "report", "memtest", "internal/golang", "internal/holders", "internal/process", "internal/container"},
		"internal/retain":    {"internal/holders", "internal/golang", "report", "memtest", "memtest/target"},
		"internal/holders":   {"internal/golang", "internal/retain", "report", "memtest", "memtest/target"},
		"internal/golang":    {"internal/process", "internal/container", "report", "memtest"},
		"internal/process":   {"internal/container", "report", "memtest"},
		"internal/container": {"report", "memtest"},
		"internal/engine":    {"memtest", "internal/golang", "internal/container", "report/page", "report/compare", "internal/index"},
		"report":             {"report/page", "report/compare", "internal/tell", "internal/chart", "internal/index", "internal/store", "memtest"},
		"internal/tell":      {"report/page", "report/compare", "internal/chart", "memtest"},
		"report/page":        {"report/compare", "internal/index", "memtest"},
		"report/compare":     {"report/page", "memtest"},
	} {
		deps := goList(t, "-deps", module+"/"+pkg)
		for _, over := range above {
			assert.NotContains(t, deps, module+"/"+over, pkg)
		}
	}
}

// TestEachLibraryHasOneOwner: whoever replaces a library has one folder to look at.
func TestEachLibraryHasOneOwner(t *testing.T) {
	owners := map[string][]string{
		"github.com/google/pprof":                     {"profile/heap", "internal/faketarget"},
		"github.com/ianlancetaylor/demangle":          {"internal/symbols"},
		"github.com/montanaflynn/stats":               {"internal/stats", "profile", "profile/heap"},
		"github.com/tsenart/vegeta/v12":               {"load"},
		"github.com/aclements/go-moremath":            {"internal/stats"},
		"golang.org/x/perf":                           {"internal/stats", "internal/baseline"},
		"github.com/moby/moby":                        {"internal/container"},
		"github.com/prometheus/procfs":                {"internal/process"},
		"github.com/shirou/gopsutil":                  {"internal/process"},
		"github.com/testcontainers/testcontainers-go": {"internal/container", "memtest"}, // memtest: Image.Options and Container.Running
	}
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", module+"/...") {
		pkg, imports, _ := strings.Cut(line, " ")
		pkg = strings.TrimPrefix(pkg, module+"/")
		for imported := range strings.FieldsSeq(imports) {
			for library, who := range owners {
				if imported == library || strings.HasPrefix(imported, library+"/") {
					assert.Contains(t, who, pkg, "%s imports %s, which lives in %v alone", pkg, imported, who)
				}
			}
		}
	}
}

// TestNobodyKnowsGoButItsRuntime: the detector, the record and the report say of a runtime
// what its RuntimeInfo says, whatever the language.
func TestNobodyKnowsGoButItsRuntime(t *testing.T) {
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", module+"/...") {
		pkg, imports, _ := strings.Cut(line, " ")
		for imported := range strings.FieldsSeq(imports) {
			who := map[string][]string{
				module + "/internal/golang":  {"internal/container", "internal/process", "memtest/runtimes"},
				module + "/internal/holders": {"internal/golang", "internal/holders/reader"},
			}[imported]
			if who != nil {
				assert.Contains(t, who, strings.TrimPrefix(pkg, module+"/"), "%s imports %s", pkg, imported)
			}
		}
	}
}

// TestHowMuchAPackageExports: a reader takes in a page of names at once. A type counts with
// its methods, constants and constructors as one, as go doc -short lists them.
func TestHowMuchAPackageExports(t *testing.T) {
	for pkg, most := range map[string]int{"memtest": 24, "profile": 24, "report": 24, "load": 16} {
		cmd := exec.CommandContext(t.Context(), "go", "doc", "-short", module+"/"+pkg)
		out, err := cmd.Output()
		require.NoError(t, err)
		var names []string
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, " ") && strings.TrimSpace(line) != "" {
				names = append(names, line)
			}
		}
		assert.NotEmpty(t, names, pkg)
		assert.LessOrEqual(t, len(names), most, "%s exports %v", pkg, names)
	}
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
