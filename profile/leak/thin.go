package leak

import "github.com/memgate/memgate/profile"

// mostSamples is how many samples a verdict is made of: seven minutes at 10 Hz. Of
// more, evenly spaced ones are taken: 1, 10 and 100 Hz give the same verdicts.
const mostSamples = 1 << 12

// thinned is every so many of a series' samples, and the last.
type thinned struct {
	series profile.Series
	stride int
}

func thin(s profile.Series) thinned { return thinned{s, max(1, (len(s)+mostSamples-1)/mostSamples)} }

func (t thinned) len() int {
	if len(t.series) == 0 {
		return 0
	}
	return (len(t.series)-1+t.stride-1)/t.stride + 1
}

func (t thinned) at(i int) *profile.Sample { return &t.series[min(i*t.stride, len(t.series)-1)] }
