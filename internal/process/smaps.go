package process

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/memgate/memgate/profile"
)

type (
	// Mappings are what the memory of a process is made of.
	Mappings = profile.Mappings
	// Mapping is one part of it.
	Mapping = profile.Mapping
)

// Bounds of what is read of a process, and kept.
const (
	mostSmaps     = 32 << 20 // bytes: some 50,000 mappings
	mostNames     = 10_000
	mostMappings  = 10
	largestKB     = 1 << 33 // 8 TiB
	smapsDeadline = 2 * time.Second
	unnamed       = "(unnamed)"
	otherNames    = "(other names)"
)

// parseSmaps reads the text of /proc/PID/smaps.
func parseSmaps(text io.Reader) (Mappings, error) {
	var sum Mappings
	var now Mapping
	named := map[string]*Mapping{}
	lines := bufio.NewScanner(&io.LimitedReader{R: text, N: mostSmaps})
	read := 0
	for lines.Scan() {
		line := lines.Text()
		read += len(line) + 1
		name, header := mappingName(line)
		if header {
			book(&sum, now, named)
			now = Mapping{Name: name, Count: 1}
			continue
		}
		if err := add(&now, line, &sum); err != nil {
			return Mappings{}, err
		}
	}
	switch err := lines.Err(); {
	case err != nil:
		return Mappings{}, fmt.Errorf("read mappings: %w", err)
	case read >= mostSmaps:
		return Mappings{}, fmt.Errorf("read mappings: there are more than %d MiB of them", mostSmaps>>20)
	case now.Count == 0:
		return Mappings{}, errors.New("read mappings: there are none: the process has ended, or is another user's")
	}
	book(&sum, now, named)
	sum.Largest = largestMappings(named)
	return sum, nil
}

// mappingName returns the name in a line that begins a mapping, such as
// "7f00-7f80 r-xp 00002000 fe:00 247278    /usr/bin/shop"; false if it is none.
func mappingName(line string) (string, bool) {
	span, rest, _ := strings.Cut(line, " ")
	from, to, ok := strings.Cut(span, "-")
	if !ok || !isHex(from) || !isHex(to) {
		return "", false
	}
	for range 4 { // mode, offset, device, inode
		_, rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	}
	return cmp.Or(strings.TrimSpace(rest), unnamed), true
}

func isHex(s string) bool {
	_, err := strconv.ParseUint(s, 16, 64)
	return err == nil
}

// add takes one figure of a mapping: "Rss:    8 kB".
func add(m *Mapping, line string, sum *Mappings) error {
	key, value, _ := strings.Cut(line, ":")
	var to *uint64
	switch key {
	case "Rss":
		to = &m.RSS
	case "Pss":
		to = &sum.PSS
	case "Anonymous":
		to = &m.Anon
	case "Private_Dirty":
		to = &m.PrivateDirty
	case "Swap":
		to = &m.Swap
	default:
		return nil // a figure that is not kept, of this kernel or a later one
	}
	kb, unit := strings.CutSuffix(strings.TrimSpace(value), " kB")
	n, err := strconv.ParseUint(kb, 10, 64)
	if err != nil || !unit || n > largestKB || m.Count == 0 {
		return fmt.Errorf("read mappings: %.60q is no figure of a mapping", line)
	}
	*to += n << 10
	return nil
}

// book adds a whole mapping to the sums.
func book(sum *Mappings, m Mapping, named map[string]*Mapping) {
	if m.Count == 0 {
		return
	}
	sum.RSS, sum.Anon, sum.Swap, sum.PrivateDirty = sum.RSS+m.RSS, sum.Anon+m.Anon, sum.Swap+m.Swap, sum.PrivateDirty+m.PrivateDirty
	switch rest := m.RSS - min(m.Anon, m.RSS); {
	case inMemory(m.Name):
		sum.Shmem += rest
	case strings.HasPrefix(m.Name, "/"):
		sum.File += rest
	}
	if named[m.Name] == nil && len(named) >= mostNames {
		m.Name = otherNames
	}
	if have := named[m.Name]; have != nil {
		have.Count++
		have.RSS, have.Anon, have.PrivateDirty, have.Swap = have.RSS+m.RSS, have.Anon+m.Anon, have.PrivateDirty+m.PrivateDirty, have.Swap+m.Swap
	} else {
		named[m.Name] = &m
	}
}

// inMemory tells by its name whether a mapping is of memory that is shared without a
// file on disk: memfd, System V, /dev/shm, and anonymous ones that are shared.
func inMemory(name string) bool {
	return slices.ContainsFunc([]string{"/memfd:", "/SYSV", "/dev/shm/", "/dev/zero", "[anon_shmem"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// largestMappings returns those that take most memory or swap.
func largestMappings(named map[string]*Mapping) []Mapping {
	all := slices.SortedFunc(maps.Values(named), func(a, b *Mapping) int {
		return cmp.Or(cmp.Compare(b.RSS+b.Swap, a.RSS+a.Swap), cmp.Compare(a.Name, b.Name))
	})
	var largest []Mapping
	for _, m := range all[:min(mostMappings, len(all))] {
		if m.RSS+m.Swap > 0 {
			largest = append(largest, *m)
		}
	}
	return largest
}

// whileLive is a reader that ends with its context.
type whileLive struct {
	ctx context.Context
	r   io.Reader
}

func (w whileLive) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(b)
}
