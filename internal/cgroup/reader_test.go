package cgroup

import (
	"context"
	"io/fs"
	"testing"

	"github.com/memgate/memgate/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSampleV1(t *testing.T) {
	r, _ := group(t, "testdata/v1-docker")
	assert.Equal(t, profile.Memory{
		Usage: 65925120, WorkingSet: 65925120 - 56446976,
		Anon: 9236480, AnonHuge: 2097152, File: 56446976, Shmem: 1048576, Swap: 12288, Kernel: 241664,
		InactiveAnon: 9232384, ActiveAnon: 4096, InactiveFile: 56446976, ActiveFile: 36864, Unevictable: 8192,
		Limit: 64 << 20, MemorySwapLimit: 64 << 20, SoftLimit: 32 << 20,
		LimitEvents: 17, OOMKills: 1, RefaultsAnon: 5, RefaultsFile: 42435, MajorFaults: 3,
		HostStallSome: 81230, HostStallFull: 40115, Throttled: 4236378, Pids: 4,
		Missing: profile.Lacking("slab_reclaimable", "slab_unreclaimable", "kernel_stack", "page_tables", "percpu", "sock",
			"high", "low_events", "high_events", "oom_events", "lazyfree_pages", "stall_some_us", "stall_full_us"),
	}, sample(t, r))
}

func TestSampleAllocatesNothing(t *testing.T) {
	r, _ := group(t, "testdata/v1-docker")
	var m profile.Memory
	ctx := context.Background()
	assert.Zero(t, testing.AllocsPerRun(100, func() { require.NoError(t, r.Sample(ctx, &m)) }))
}

func TestClosedReaderFails(t *testing.T) {
	r, _ := group(t, "testdata/v1-docker")
	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "twice")
	var m profile.Memory
	assert.ErrorIs(t, r.Sample(context.Background(), &m), fs.ErrClosed)
}
