package tell

import (
	"fmt"
	"strings"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Alarm returns "shop 62.1 MiB resident (anon 58.0, file 4.1, shmem 0.0, swap 0.0 MiB), most in
// [anon: Go: heap] 55.9 MiB"; empty where nothing could be read.
func Alarm(a report.Alarm) string {
	if a.WhyNot != "" || a.RSS+a.Swap == 0 {
		return ""
	}
	s := fmt.Sprintf("%s %s resident (anon %s, file %s, shmem %s, swap %s MiB)", a.Command, words.MiB(a.RSS),
		words.Mebibytes(float64(a.Anon)), words.Mebibytes(float64(a.File)), words.Mebibytes(float64(a.Shmem)), words.Mebibytes(float64(a.Swap)))
	if len(a.Largest) > 0 {
		s += fmt.Sprintf(", most in %s %s", a.Largest[0].Name, words.MiB(a.Largest[0].RSS+a.Largest[0].Swap))
	}
	return strings.TrimSpace(s)
}
