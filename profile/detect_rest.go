package profile

// gaveBack tells whether most of what the channel grew by was gone when the load had
// stopped: a queue that ran full, requests that piled up, caches of connections. What a
// leak holds, it holds at rest too.
func (l *look) gaveBack(channel string) bool {
	var of func(Floor) float64
	switch channel {
	case liveHeap:
		of = func(f Floor) float64 { return float64(f.Live()) }
	case heapObjects:
		of = func(f Floor) float64 { return float64(f.HeapObjects) }
	}
	if of == nil || l.Rest.HeapAlloc == 0 || len(l.Floors) < fewestFloor {
		return false
	}
	grown := of(l.Floors[len(l.Floors)-1]) - of(l.Floors[0])
	return grown > 0 && of(l.Floors[len(l.Floors)-1])-of(l.Rest) > grown/2
}
