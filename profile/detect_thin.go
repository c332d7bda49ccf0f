package profile

// mostSamples is how many samples a verdict is made of: half an hour at 10 Hz. Of
// more, evenly spaced ones are taken: 1, 10 and 100 Hz give the same verdicts.
const mostSamples = 1 << 14

// thinned is every so many of a series' samples, and the last.
type thinned struct {
	series Series
	stride int
}

func thin(s Series) thinned { return thinned{s, stride(len(s), mostSamples)} }

func stride(n, most int) int { return max(1, (n+most-1)/most) }

func (t thinned) len() int {
	if len(t.series) == 0 {
		return 0
	}
	return (len(t.series)-1+t.stride-1)/t.stride + 1
}

func (t thinned) at(i int) *Sample { return &t.series[min(i*t.stride, len(t.series)-1)] }
