package report

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/memgate/memgate/profile/heap"
)

// Known is growth that is known and tolerated for a while: a call site may grow by so
// much with each request until a day, for a reason. It is no way to forget a leak: one
// that has expired, and one that no growing site fits, are findings.
type Known struct {
	Func       string    // regular expression that some function of the site's stack must fit: `shop/audit\.`; required
	PerRequest float64   // bytes per request that it may grow by; required
	Reason     string    // why it is tolerated, and where it is tracked: required
	Until      time.Time // from this day on it is a leak as any other: required
}

// Validate says what is missing or wrong.
func (k Known) Validate() error {
	_, err := regexp.Compile(k.Func)
	switch {
	case k.Func == "":
		return errors.New("known growth has no Func: set a regular expression for the function that grows")
	case err != nil:
		return fmt.Errorf("known growth of %q: %w: write dots, brackets and stars of a function's name with a backslash", k.Func, err)
	case !(k.PerRequest > 0) || math.IsInf(k.PerRequest, 0):
		return fmt.Errorf("known growth of %q: PerRequest is %g: set the bytes that it may grow by with each request", k.Func, k.PerRequest)
	case strings.TrimSpace(k.Reason) == "":
		return fmt.Errorf("known growth of %q has no Reason: say why it is tolerated", k.Func)
	case k.Until.IsZero():
		return fmt.Errorf("known growth of %q has no Until: set the day on which it must be gone", k.Func)
	}
	return nil
}

// covers tells whether k is about that site.
func (k Known) covers(s heap.Site) bool {
	fits, err := regexp.Compile(k.Func)
	if err != nil || k.Func == "" {
		return false
	}
	if fits.MatchString(s.Func) {
		return true
	}
	for _, frame := range s.Stack {
		if fn, _, _ := strings.Cut(frame, " "); fits.MatchString(fn) {
			return true
		}
	}
	return false
}

// Expired tells whether k is no longer tolerated in a run that starts then.
func (k Known) Expired(start time.Time) bool { return !start.Before(k.Until) }

// KnownSites returns the growing sites that k is about. It is false if that cannot be known,
// because there are no two heap profiles of the load.
func (r *Record) KnownSites(k Known) (sites []heap.Site, checked bool) {
	profiles := 0
	for _, h := range r.HeapProfiles {
		if h.Phase != Final {
			profiles++
		}
	}
	for _, s := range r.Sites {
		if s.Bytes > 0 && k.covers(s) {
			sites = append(sites, s)
		}
	}
	return sites, profiles >= 2
}

// KnownGrowth returns the bytes per request that growing sites of the run are known to grow
// by: what is named for each entry of Known that has not expired and fits one.
func (r *Record) KnownGrowth() (perRequest float64) {
	for _, k := range r.Known {
		if sites, _ := r.KnownSites(k); k.Validate() == nil && !k.Expired(r.Started) && len(sites) > 0 {
			perRequest += k.PerRequest
		}
	}
	return perRequest
}
