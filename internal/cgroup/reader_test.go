package cgroup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

func TestSampleV1(t *testing.T) {
	r, _ := group(t, "testdata/v1-docker")
	assert.Equal(t, profile.Memory{
		Usage: 65925120, PeakUsage: 67112960, WorkingSet: 65925120 - 56446976,
		Anon: 9236480, AnonHuge: 2097152, File: 56446976, Shmem: 1048576, Swap: 12288, Kernel: 241664,
		InactiveAnon: 9232384, ActiveAnon: 4096, InactiveFile: 56446976, ActiveFile: 36864, Unevictable: 8192,
		Limit: 64 << 20, MemorySwapLimit: 64 << 20, SoftLimit: 32 << 20,
		LimitEvents: 17, OOMKills: 1, RefaultsAnon: 5, RefaultsFile: 42435, MajorFaults: 3,
		HostStallSome: 81230, HostStallFull: 40115, Throttled: 4236378, Pids: 4,
		Missing: profile.Fields(profile.SlabReclaimable, profile.SlabUnreclaimable, profile.KernelStack, profile.PageTables, profile.PerCPU, profile.Sock,
			profile.High, profile.LowEvents, profile.HighEvents, profile.OOMEvents, profile.LazyFreePages, profile.StallSome, profile.StallFull),
	}, sample(t, r))
}

func TestSampleV2(t *testing.T) {
	for name, c := range map[string]struct {
		id   string
		want profile.Memory
	}{
		"v2-6.1": {"", profile.Memory{
			Usage: 1011712, PeakUsage: 1368064, WorkingSet: 1011712 - 65536, Anon: 442368, AnonHuge: 61447, File: 147456, Shmem: 40967, Kernel: 229376, Swap: 8192,
			InactiveAnon: 401408, ActiveAnon: 4096, InactiveFile: 65536, ActiveFile: 81920, Unevictable: 90119,
			SlabReclaimable: 30480, SlabUnreclaimable: 50384, KernelStack: 16384, PageTables: 81920, PerCPU: 28679, Sock: 32775,
			LowEvents: 8, HighEvents: 9, LimitEvents: 10, OOMEvents: 11, OOMKills: 12,
			RefaultsAnon: 33, RefaultsFile: 34, MajorFaults: 2, LazyFreePages: 51,
			StallSome: 1234, StallFull: 567, HostStallSome: 98765, HostStallFull: 43210, Throttled: 13, Pids: 2,
		}},
		"v2-6.12-docker": {container, profile.Memory{
			Usage: 11550720, PeakUsage: 14475264, WorkingSet: 11550720 - 229376, Anon: 10874880, AnonHuge: 10485760, File: 229376, Shmem: 40967, Kernel: 446464, Swap: 8192,
			InactiveAnon: 73735, ActiveAnon: 10874880, InactiveFile: 229376, ActiveFile: 86023, Unevictable: 90119,
			SlabReclaimable: 69120, SlabUnreclaimable: 163896, KernelStack: 81920, PageTables: 106496, PerCPU: 1424, Sock: 32775,
			Limit: 64 << 20, MemorySwapLimit: 64 << 20, SoftLimit: 32 << 20,
			LowEvents: 8, HighEvents: 9, LimitEvents: 10, OOMEvents: 11, OOMKills: 12,
			RefaultsAnon: 33, RefaultsFile: 34, MajorFaults: 53, LazyFreePages: 57,
			StallSome: 1234, StallFull: 567, HostStallSome: 98765, HostStallFull: 43210, Throttled: 14, Pids: 5,
		}},
		"v2-7.2": {"", profile.Memory{
			Usage: 1155072, PeakUsage: 1478656, WorkingSet: 1155072 - 151552, Anon: 450560, AnonHuge: 73735, File: 151552, Shmem: 40967, Kernel: 286720, Swap: 8192,
			InactiveAnon: 86023, ActiveAnon: 421888, InactiveFile: 151552, ActiveFile: 98311, Unevictable: 102407,
			SlabReclaimable: 29688, SlabUnreclaimable: 60096, KernelStack: 16384, PageTables: 172032, PerCPU: 192, Sock: 32775,
			LowEvents: 8, HighEvents: 9, LimitEvents: 10, OOMEvents: 11, OOMKills: 12,
			RefaultsAnon: 36, RefaultsFile: 37, MajorFaults: 2, LazyFreePages: 65,
			StallSome: 1234, StallFull: 567, HostStallSome: 98765, HostStallFull: 43210, Throttled: 14, Pids: 2,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := find("testdata/"+name, pid, c.id)
			require.NoError(t, err)
			assert.Equal(t, c.want, sample(t, reopen(t, dir)))
		})
	}
}

// TestSamplePodman: the process is in a group below the container's, which has its
// own sum of everything.
func TestSamplePodman(t *testing.T) {
	r, dir := group(t, "testdata/v2-6.12-podman")
	assert.Equal(t, "libpod-"+container+".scope", filepath.Base(dir.Memory))
	m := sample(t, r)
	assert.Equal(t, uint64(13135872), m.Usage)
	assert.Equal(t, uint64(12804096), m.Anon)
	assert.Equal(t, uint64(64<<20), m.Limit)
	assert.Zero(t, m.Missing)
}

func TestSampleAllocatesNothing(t *testing.T) {
	for _, name := range []string{v1Host, v2Host} {
		r, _ := group(t, "testdata/"+name)
		var m profile.Memory
		ctx := context.Background()
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			if err := r.Sample(ctx, &m); err != nil {
				t.Fatal(err)
			}
		}), name)
	}
}

func TestResetPeak(t *testing.T) {
	for name, file := range map[string]string{v1Host: "memory.max_usage_in_bytes", v2Host: "memory.peak"} {
		r, dir := group(t, host(t, name))
		require.NoError(t, r.ResetPeak())
		assert.Zero(t, sample(t, r).PeakUsage, name)

		require.NoError(t, os.Remove(filepath.Join(dir.Memory, file)))
		require.ErrorIs(t, reopen(t, dir).ResetPeak(), errors.ErrUnsupported)
	}
}

func TestClosedReaderFails(t *testing.T) {
	r, _ := group(t, "testdata/v1-docker")
	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "twice")
	var m profile.Memory
	assert.ErrorIs(t, r.Sample(context.Background(), &m), fs.ErrClosed)
}
