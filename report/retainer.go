package report

// Retainer is what keeps memory alive that grew: clearing it would free that memory.
type Retainer struct {
	Name           string     // "global variable example.com/shop.carts", "goroutines main.worker [chan receive], started by main.serve"
	Type           string     // "map[string]*shop.cart"; empty if it is not known
	From           string     // where the path to it begins, if that is not itself: "global variable net/http.DefaultServeMux"
	Bytes          int64      // of the growth, that it holds
	Share          float64    // of the growth of all that is reachable, from 0 to 1
	PerRequest     float64    // bytes with each request
	Objects        float64    // objects with each request, all that hangs on its elements included
	Elements       float64    // of its own elements, with each request: 1 is one map entry, one goroutine more
	Before         int64      // its elements after the warm-up
	After          int64      // and at the end
	Counts         []uint64   // its elements at each of Record.Reachable
	Retains        []Retained // what it holds, the heaviest first
	AlsoRetainedBy []string   // what else holds the same: clearing one is not enough
}

// Retained is a path below a holder, with all elements as one.
type Retained struct {
	Path    string // "[value].items[*]"
	Type    string
	Bytes   int64   // growth of all that is on the path and below
	Objects float64 // on the path, with each request
}

// String returns the holder in one line: name, type, where it is reached from.
func (h Retainer) String() string {
	s := h.Name
	if h.Type != "" {
		s += " (" + h.Type + ")"
	}
	if h.From != "" {
		s += ", reached from " + h.From
	}
	return s
}
