package process

import (
	"sync"

	"github.com/memgate/memgate/internal/text"
)

const (
	logBytes = 16 << 10 // what is kept of what a process says
	logLines = 20       // and what is shown of it
)

// log keeps the end of what a process says.
type log struct {
	mu   sync.Mutex
	tail text.Tail
}

// Write never fails: nobody dies of a log that is not read.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tail.Write(p)
}

func (l *log) lines() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return text.LastLines(l.tail.String(), logLines)
}
