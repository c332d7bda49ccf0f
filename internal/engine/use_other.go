//go:build !linux

package engine

import (
	"time"

	"github.com/memgate/memgate/internal/process"
)

// epoch is what threadTime counts from.
var epoch = time.Now()

// threadTime returns elapsed time: an upper bound of the processor time that a thread uses,
// which this system does not tell.
func threadTime() time.Duration { return time.Since(epoch) }

// processUse returns the processor time that this process has used, and its resident memory
// in bytes.
func processUse() (cpu time.Duration, memory uint64) { return process.Use() }
