package memtest

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/docker/go-units"
)

// Size is a number of bytes as people write it: "128MiB", "1.5GiB", "64Mi", "512k",
// "67108864". Units are powers of 1024 whether or not the i is written, as Docker
// and Kubernetes people expect of memory. The empty Size means "not set".
type Size string

const (
	kib = 1 << 10
	mib = 1 << 20
)

// SizeOf returns n bytes as a Size, for sizes that are computed: SizeOf(3 << 20).
func SizeOf(n uint64) Size { return Size(strconv.FormatUint(n, 10)) }

// bytes returns the size in bytes; 0 if it is not set.
func (s Size) bytes() (int64, error) {
	text := strings.TrimSpace(string(s))
	if text == "" {
		return 0, nil
	}
	if strings.HasSuffix(text, "i") {
		text += "B" // Kubernetes' "128Mi"
	}
	n, err := units.RAMInBytes(text)
	if err != nil || n <= 0 || n == math.MaxInt64 {
		return 0, fmt.Errorf("size %q is not understood: write a positive number with one of B, KiB, MiB, GiB, TiB (or k, M, G, T, Ki, Mi, Gi, KB, MB, GB, all powers of 1024), such as \"128MiB\"", string(s))
	}
	return n, nil
}

// sizes reads several sizes, each with the name of its field for the error.
func sizes(fields ...sizeField) error {
	for _, f := range fields {
		n, err := f.from.bytes()
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		*f.to = n
	}
	return nil
}

type sizeField struct {
	name string
	from Size
	to   *int64
}
