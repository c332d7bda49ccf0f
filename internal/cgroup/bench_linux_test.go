package cgroup

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// ownGroup is the reader of this process's own group.
func ownGroup(b *testing.B) *Reader {
	b.Helper()
	dir, err := Find(os.Getpid(), "")
	if err != nil {
		b.Skip(err)
	}
	r, err := Open(dir)
	require.NoError(b, err)
	b.Cleanup(func() { _ = r.Close() })
	return r
}

// BenchmarkSample compares a sample of three files (usage, memory.stat, OOM kills)
// and of all with the bare system calls, and with reading each file whole into a
// map, as one would at first.
func BenchmarkSample(b *testing.B) {
	for name, most := range map[string]int{"three": 3, "all": 1 << 10} {
		r := ownGroup(b)
		for i := len(r.files) - 1; i >= most; i-- {
			require.NoError(b, r.files[i].handle.close())
			r.files = r.files[:i]
		}
		b.Run(name+"/reader", func(b *testing.B) { benchmarkReader(b, r) })
		b.Run(name+"/syscalls", func(b *testing.B) { benchmarkSyscalls(b, r) })
		b.Run(name+"/readfile-map", func(b *testing.B) { benchmarkReadFile(b, r) })
	}
}

func benchmarkReader(b *testing.B, r *Reader) {
	b.ReportAllocs()
	var m profile.Memory
	for b.Loop() {
		if err := r.Sample(context.Background(), &m); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkSyscalls(b *testing.B, r *Reader) {
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range r.files {
			if _, err := f.handle.readAt(r.buf); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func benchmarkReadFile(b *testing.B, r *Reader) {
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range r.files {
			data, err := os.ReadFile(f.path)
			if err != nil {
				b.Fatal(err)
			}
			figures := map[string]uint64{}
			for _, line := range strings.Split(string(data), "\n") {
				key, number, _ := strings.Cut(line, " ")
				figures[key], _ = strconv.ParseUint(number, 10, 64)
			}
		}
	}
}
