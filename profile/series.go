package profile

// Series is a run's samples in the order of time.
type Series []Sample
