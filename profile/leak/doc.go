// Package leak says whether memory grows with the requests served.
//
// [Detect] is a pure function: it takes [Evidence], the measured window of a run, and
// returns a [Trend] with a three-valued [Verdict]. Too little evidence, or evidence that
// cannot be trusted, is [Inconclusive], with the reason and the remedy. [ReadTrace] reads
// evidence from a recording in CSV.
//
// The package measures nothing and knows neither containers nor reports. Call sites are
// the business of package heap.
package leak
