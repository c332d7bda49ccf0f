package compare

import "github.com/memgate/memgate/report"

// FiguresOf returns the runs' figures by metric: what [compare.Deltas] compares.
func FiguresOf(runs []*report.Record) map[report.Metric][]float64 {
	all := map[report.Metric][]float64{}
	for _, r := range runs {
		for _, f := range r.Figures() {
			all[f.Metric] = append(all[f.Metric], f.Value)
		}
	}
	return all
}
