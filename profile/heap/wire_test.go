package heap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// message appends fields to a protobuf message.
type message []byte

func (m message) number(num, v uint64) message {
	return binary.AppendUvarint(binary.AppendUvarint(m, num<<3), v)
}

func (m message) bytes(num uint64, data []byte) message {
	m = binary.AppendUvarint(binary.AppendUvarint(m, num<<3|2), uint64(len(data)))
	return append(m, data...)
}

func (m message) times(n int, add func(m message, i int) message) message {
	for i := range n {
		m = add(m, i)
	}
	return m
}

// heapTypes is a profile's beginning: its two sample types, and the strings they take.
func heapTypes() message {
	var m message
	m = m.bytes(profileSampleType, message{}.number(1, 1))
	m = m.bytes(profileSampleType, message{}.number(1, 2))
	m = m.bytes(profileString, nil)
	m = m.bytes(profileString, []byte("inuse_space"))
	m = m.bytes(profileString, []byte("inuse_objects"))
	return m.bytes(profileLocation, message{}.number(1, 1))
}

func ones(n int) []byte { return bytes.Repeat([]byte{1}, n) }

// The shapes that cost the parser most for every byte on the wire, n of each.
var costly = map[string]func(m message, n int) message{
	"samples": func(m message, n int) message {
		return m.times(n, func(m message, _ int) message {
			return m.bytes(profileSample, message{}.bytes(sampleValue, ones(2)))
		})
	},
	"samples unpacked": func(m message, n int) message {
		return m.times(n, func(m message, _ int) message {
			return m.bytes(profileSample, message{}.number(sampleValue, 1).number(sampleValue, 1).number(sampleLocation, 1))
		})
	},
	"locations in a sample": func(m message, n int) message {
		return m.bytes(profileSample, message{}.bytes(sampleValue, ones(2)).bytes(sampleLocation, ones(n)))
	},
	"locations unpacked": func(m message, n int) message {
		return m.bytes(profileSample, message{}.bytes(sampleValue, ones(2)).times(n, func(m message, _ int) message {
			return m.number(sampleLocation, 1)
		}))
	},
	"locations in many lists": func(m message, n int) message {
		return m.bytes(profileSample, message{}.bytes(sampleValue, ones(2)).times(n, func(m message, _ int) message {
			return m.bytes(sampleLocation, ones(1))
		}))
	},
	"values in many lists": func(m message, n int) message {
		return m.times(n, func(m message, _ int) message {
			return m.bytes(profileSample, message{}.bytes(sampleValue, ones(1)).bytes(sampleValue, nil).bytes(sampleValue, ones(1)))
		})
	},
	"locations": func(m message, n int) message {
		return m.times(n, func(m message, i int) message {
			return m.bytes(profileLocation, message{}.number(1, uint64(i+2)))
		})
	},
	"locations with large ids": func(m message, n int) message {
		return m.times(n, func(m message, i int) message {
			return m.bytes(profileLocation, message{}.number(1, uint64(i)<<33+1<<32))
		})
	},
	"lines of one location": func(m message, n int) message {
		m = m.bytes(profileFunction, message{}.number(1, 1))
		return m.bytes(profileLocation, message{}.number(1, 2).times(n, func(m message, _ int) message {
			return m.bytes(locationLine, message{}.number(1, 1))
		}))
	},
	"lines": func(m message, n int) message {
		m = m.bytes(profileFunction, message{}.number(1, 1))
		return m.times(n, func(m message, i int) message {
			return m.bytes(profileLocation, message{}.number(1, uint64(i+2)).bytes(locationLine, message{}.number(1, 1)))
		})
	},
	"functions": func(m message, n int) message {
		return m.times(n, func(m message, i int) message {
			return m.bytes(profileFunction, message{}.number(1, uint64(i)<<33+1<<32))
		})
	},
	"mappings": func(m message, n int) message {
		return m.times(n, func(m message, i int) message {
			return m.bytes(profileMapping, message{}.number(1, uint64(i)<<33+1<<32))
		})
	},
	"empty strings": func(m message, n int) message {
		return m.times(n, func(m message, _ int) message { return m.bytes(profileString, nil) })
	},
	"short strings": func(m message, n int) message {
		return m.times(n, func(m message, i int) message { return m.bytes(profileString, ones(1+i%40)) })
	},
	"long strings": func(m message, n int) message {
		return m.times(n/1000, func(m message, i int) message { return m.bytes(profileString, ones(i*37)) })
	},
	"sample types": func(m message, _ int) message { return m },
	"period types": func(m message, n int) message {
		return m.times(n, func(m message, _ int) message { return m.bytes(profilePeriodType, nil) })
	},
	"comments and labels": func(m message, n int) message {
		m = m.bytes(13, ones(n))
		return m.bytes(profileSample, message{}.bytes(sampleValue, ones(2)).times(n, func(m message, _ int) message {
			return m.bytes(3, nil)
		}))
	},
}

// The cost that trim charges is more than the parser allocates, whatever the shape,
// and not so much more that sound profiles are refused.
func TestTrimKnowsWhatParsingCosts(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes slices.Grow allocate twice")
	}
	for name, add := range costly {
		for _, n := range []int{1, 10, 1000, 115_000} {
			wire := add(heapTypes(), n)
			var trim trimmer
			out, err := trim.run(wire)
			require.NoError(t, err, name)
			var p *pprof.Profile
			took := allocated(func() { p, err = pprof.ParseUncompressed(out) })
			require.NoError(t, err, name)
			took += allocated(func() { err = p.CheckValid() })
			require.NoError(t, err, name)
			const fixed = 4096
			assert.LessOrEqual(t, took, trim.cost+fixed, "%d %s", n, name)
			assert.LessOrEqual(t, trim.cost, took*5, "%d %s", n, name)
			if n == 115_000 {
				t.Logf("%-26s charged %6.1f, allocated %6.1f bytes each", name, float64(trim.cost)/float64(n), float64(took)/float64(n))
			}
		}
	}
}

// The worst that is let through takes less than 512 MiB, the profile itself included,
// to parse and to add up: these are the two ways to make the most of maxParsed.
func TestGrowthStaysInMemory(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("it takes half a gigabyte and some seconds")
	}
	for name, add := range map[string]func(message, int) message{"samples": costly["samples"], "sites": manySites} {
		n := most(t, add)
		raw := compress(t, add(heapTypes(), n))
		took := allocated(func() {
			p, err := parseHeap(raw)
			require.NoError(t, err, name)
			p.totals()
		})
		t.Logf("%d %s, %.1f MB compressed: %d MiB allocated", n, name, float64(len(raw))/1e6, took>>20)
		assert.Less(t, took, 512<<20-len(raw), name)
	}
}

// manySites adds n samples, each of a site of its own.
func manySites(m message, n int) message {
	return m.times(n, func(m message, i int) message {
		id := uint64(i + 2)
		m = m.bytes(profileString, fmt.Appendf(nil, "main.f%d", i))
		m = m.bytes(profileFunction, message{}.number(1, id).number(2, id+1))
		m = m.bytes(profileLocation, message{}.number(1, id).bytes(locationLine, message{}.number(1, id)))
		return m.bytes(profileSample, message{}.bytes(sampleValue, ones(2)).bytes(sampleLocation, binary.AppendUvarint(nil, id)))
	})
}

// most is how many of what add adds are just let through.
func most(t *testing.T, add func(message, int) message) int {
	const sample = 10_000
	var trim trimmer
	_, err := trim.run(add(heapTypes(), sample))
	require.NoError(t, err)
	return maxParsed / (trim.cost / sample) * 99 / 100
}

// allocated is how many bytes do allocates, all told.
func allocated(do func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}
