package profile_test

import (
	"fmt"
	"time"

	"github.com/memgate/memgate/profile"
)

func ExampleMemory_Value() {
	m := profile.Memory{WorkingSet: 48 << 20, Missing: profile.Fields(profile.OOMKills)}
	if set, ok := m.Value(profile.WorkingSet); ok {
		fmt.Println("working set:", set)
	}
	_, known := m.Value(profile.OOMKills)
	fmt.Println("the source tells OOM kills:", known)
	// Output:
	// working set: 50331648
	// the source tells OOM kills: false
}

func ExampleSeries() {
	var s profile.Series
	for i, mib := range []uint64{20, 24, 40, 26} {
		s = append(s, profile.Sample{At: time.Duration(i) * time.Second, Memory: profile.Memory{WorkingSet: mib << 20}})
	}
	fmt.Printf("peak %d MiB at %v\n", s.Peak().WorkingSet>>20, s.Peak().At)
	fmt.Printf("average %.1f MiB\n", s.Average()/(1<<20))
	fmt.Printf("%d samples in the last second\n", len(s.Between(2*time.Second, 3*time.Second)))
	// Output:
	// peak 40 MiB at 2s
	// average 29.0 MiB
	// 2 samples in the last second
}
