package words

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mib is a mebibyte, in bytes.
const Mib = 1 << 20

// MiB returns bytes as "1,023.4 MiB", the form for all memory that is not per request; less
// than 0.1 MiB is in a smaller unit: "51.2 KiB", "0 B".
func MiB(bytes uint64) string {
	if bytes < LeastMiB {
		return Bytes(float64(bytes))
	}
	return Mebibytes(float64(bytes)) + " MiB"
}

// LeastMiB is the size in bytes from which on MiB with one digit after the point say something.
const LeastMiB = Mib/10 + 1

// SignedMiB returns MiB with its sign: "+17.0 MiB".
func SignedMiB(bytes int64) string {
	size := uint64(bytes)
	if bytes < 0 {
		size = -size
	}
	return Sign(float64(bytes)) + MiB(size)
}

// Sizes returns MiB of several, to be joined with an arrow or the like and followed by their
// unit, which is that of the largest.
func Sizes(bytes ...uint64) (words []string, unit string) {
	_, unit, _ = strings.Cut(MiB(slices.Max(bytes)), " ")
	per := map[string]float64{"B": 1, "KiB": 1 << 10, "MiB": Mib}[unit]
	digits := 1
	if unit == "B" {
		digits = 0
	}
	for _, b := range bytes {
		words = append(words, Grouped(strconv.FormatFloat(float64(b)/per, 'f', digits, 64)))
	}
	return words, unit
}

// Mebibytes returns bytes as "1,023.4".
func Mebibytes(bytes float64) string { return Grouped(strconv.FormatFloat(bytes/Mib, 'f', 1, 64)) }

// Bytes returns a small size such as growth per request: "0.4 B", "1,890 B", "9.8 KiB", "2.1 MiB".
func Bytes(b float64) string {
	abs := math.Abs(b)
	switch {
	case math.IsNaN(b) || math.IsInf(b, 0):
		return "an unknown number of bytes"
	case abs < 10 && abs != math.Trunc(abs):
		return strconv.FormatFloat(b, 'f', 1, 64) + " B"
	case abs < 10_000:
		return Grouped(strconv.FormatFloat(b, 'f', 0, 64)) + " B"
	case abs < Mib:
		return strconv.FormatFloat(b/1024, 'f', 1, 64) + " KiB"
	default:
		return Mebibytes(b) + " MiB"
	}
}

// SignedBytes returns Bytes with its sign: "+1,890 B".
func SignedBytes(b float64) string {
	if b > 0 {
		return "+" + Bytes(b)
	}
	return Bytes(b)
}

// Count returns a number with separators: "24,000".
func Count(n uint64) string { return Grouped(strconv.FormatUint(n, 10)) }

// SignedCount is Count with its sign: "+24,000".
func SignedCount(n int64) string {
	if n < 0 {
		return "-" + Count(-uint64(n))
	}
	return Sign(float64(n)) + Count(uint64(n))
}

// Sign returns the sign that n is written with.
func Sign(n float64) string {
	switch {
	case n > 0:
		return "+"
	case n < 0:
		return "-"
	}
	return ""
}

// Grouped puts a comma between thousands of a decimal number.
func Grouped(number string) string {
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

// Clock returns a moment of the run: "01:43", "1:00:05".
func Clock(d time.Duration) string {
	s := int64(d.Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// Latency returns a time that a request took, to three digits: "9.38ms".
func Latency(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// Length returns how long something took: "2m0s", "350ms".
func Length(d time.Duration) string {
	if d >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// Percent returns a share as "0.3%".
func Percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// Roughly returns a length of time with two figures at most: "40 s", "8 min", "3.5 h".
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

// Rate returns a rate of requests.
func Rate(perSecond float64) string {
	if perSecond < 10 {
		return fmt.Sprintf("%.1f req/s", perSecond)
	}
	return Grouped(fmt.Sprintf("%.0f", perSecond)) + " req/s"
}

// OrDash returns a size; 0 was not read.
func OrDash(bytes uint64) string {
	if bytes == 0 {
		return "–"
	}
	return MiB(bytes)
}
