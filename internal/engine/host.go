package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// hostEnv returns what is known of the target and of this machine.
func hostEnv(of target.Env, url string) report.Env {
	e := report.Env{
		Target: of.Target, Image: of.Image, Address: url, Limit: of.Limit, CPUs: of.CPUs, EnvNames: of.EnvNames,
		Engine: of.Engine, Kernel: of.Kernel, Cgroup: of.Cgroup,
	}
	if e.Kernel == "" {
		e.Kernel = firstLine("/proc/sys/kernel/osrelease")
	}
	e.CPU = fmt.Sprintf("%d × %s", runtime.NumCPU(), cpuModel())
	e.THP = bracketed(firstLine("/sys/kernel/mm/transparent_hugepage/enabled"))
	e.Go = runtime.Version()
	e.OS = runtime.GOOS + "/" + runtime.GOARCH
	e.GitCommit = gitCommit()
	return e
}

func firstLine(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(line)
}

// bracketed returns the chosen word of a kernel file such as "always [madvise] never".
func bracketed(s string) string {
	_, s, _ = strings.Cut(s, "[")
	s, _, _ = strings.Cut(s, "]")
	return s
}

func cpuModel() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// gitCommit is the commit that the working directory is at, with "+" if it was changed
// since; "" where there is no git or no repository.
var gitCommit = sync.OnceValue(func() string {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
})
