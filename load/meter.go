package load

// Meter counts a load's operations as they complete. It is safe for concurrent use.
type Meter struct{}
