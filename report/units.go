package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const mib = 1 << 20

// MiB is bytes as "1,023.4 MiB", the form for all memory that is not per request; less
// than 0.1 MiB is in a smaller unit: "51.2 KiB", "0 B".
func MiB(bytes uint64) string {
	if bytes < leastMiB {
		return Bytes(float64(bytes))
	}
	return mebibytes(float64(bytes)) + " MiB"
}

// leastMiB is the size in bytes from which on MiB with one digit after the point say something.
const leastMiB = mib/10 + 1

// signedMiB is MiB with its sign: "+17.0 MiB".
func signedMiB(bytes int64) string {
	size := uint64(bytes)
	if bytes < 0 {
		size = -size
	}
	return sign(float64(bytes)) + MiB(size)
}

// sizes is MiB of several, to be joined with an arrow or the like and followed by their
// unit, which is that of the largest.
func sizes(bytes ...uint64) (words []string, unit string) {
	_, unit, _ = strings.Cut(MiB(slices.Max(bytes)), " ")
	per := map[string]float64{"B": 1, "KiB": 1 << 10, "MiB": mib}[unit]
	digits := 1
	if unit == "B" {
		digits = 0
	}
	for _, b := range bytes {
		words = append(words, grouped(strconv.FormatFloat(float64(b)/per, 'f', digits, 64)))
	}
	return words, unit
}

// mebibytes is bytes as "1,023.4".
func mebibytes(bytes float64) string { return grouped(strconv.FormatFloat(bytes/mib, 'f', 1, 64)) }

// Bytes is a small size such as growth per request: "0.4 B", "1,890 B", "9.8 KiB", "2.1 MiB".
func Bytes(b float64) string {
	abs := math.Abs(b)
	switch {
	case math.IsNaN(b) || math.IsInf(b, 0):
		return "an unknown number of bytes"
	case abs < 10 && abs != math.Trunc(abs):
		return strconv.FormatFloat(b, 'f', 1, 64) + " B"
	case abs < 10_000:
		return grouped(strconv.FormatFloat(b, 'f', 0, 64)) + " B"
	case abs < mib:
		return strconv.FormatFloat(b/1024, 'f', 1, 64) + " KiB"
	default:
		return mebibytes(b) + " MiB"
	}
}

// SignedBytes is Bytes with its sign: "+1,890 B".
func SignedBytes(b float64) string {
	if b > 0 {
		return "+" + Bytes(b)
	}
	return Bytes(b)
}

// Count is a number with separators: "24,000".
func Count(n uint64) string { return grouped(strconv.FormatUint(n, 10)) }

// signedCount is Count with its sign: "+24,000".
func signedCount(n int64) string {
	if n < 0 {
		return "-" + Count(-uint64(n))
	}
	return sign(float64(n)) + Count(uint64(n))
}

func sign(n float64) string {
	switch {
	case n > 0:
		return "+"
	case n < 0:
		return "-"
	}
	return ""
}

// grouped puts a comma between thousands of a decimal number.
func grouped(number string) string {
	minus := ""
	if strings.HasPrefix(number, "-") {
		minus, number = "-", number[1:]
	}
	whole, fraction, found := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if found {
		whole += "." + fraction
	}
	return minus + whole
}

// clock is a moment of the run: "01:43", "1:00:05".
func clock(d time.Duration) string {
	s := int64(d.Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// latency is a time that a request took, to three digits: "9.38ms".
func latency(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// length is how long something took: "2m0s", "350ms".
func length(d time.Duration) string {
	if d >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// percent is a share as "0.3%".
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// Roughly is a length of time with two figures at most: "40 s", "8 min", "3.5 h".
func Roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 10*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	default:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
}
